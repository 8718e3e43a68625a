#include "library/sinks/gauge_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace millrace::library {

namespace {

void append_number(std::string& out, double v) {
  if (std::isnan(v)) {
    out += "NaN";
  } else if (std::isinf(v)) {
    out += v > 0 ? "+Inf" : "-Inf";
  } else {
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, v).ptr);
  }
}

std::string escaped(const std::string& text, bool is_label) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || (is_label && c == '"')) out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace

void append_label(std::string& out, const std::string& name, const std::string& text) {
  if (!out.empty()) out += ',';
  out += name + "=\"" + escaped(text, true) + '"';
}

bool is_metric_name(const std::string& name, bool is_label) noexcept {
  const auto is_letter = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && !is_label);
  };
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

void gauge_table::set(const std::string& labels, double value) {
  const std::lock_guard lock{mutex_};
  if (const auto at = values_.find(labels); at != values_.end()) {
    at->second = value;
  } else if (values_.size() < series_max_) {
    values_.emplace(labels, value);
  } else {
    ++left_out_;
  }
}

std::string gauge_table::text() const {
  std::string out;
  if (!help_.empty()) out += "# HELP " + name_ + " " + escaped(help_, false) + "\n";
  out += "# TYPE " + name_ + " gauge\n";
  const std::lock_guard lock{mutex_};
  for (const auto& [labels, value] : values_) {
    out += name_;
    if (!labels.empty()) out += '{' + labels + '}';
    out += ' ';
    append_number(out, value);
    out += '\n';
  }
  out += "# TYPE millrace_left_out_total counter\nmillrace_left_out_total{metric=\"" + name_ + "\"} " +
         std::to_string(left_out_) + "\n";
  return out;
}

}  // namespace millrace::library
