#include "chaos/tolerance.hpp"

#include <re2/re2.h>
#include <algorithm>
#include <charconv>
#include <optional>

namespace millrace::chaos {

namespace {

using nlohmann::json;

struct step {
  std::optional<std::string> name{};
  std::optional<std::size_t> index{};  // neither: all
  bool is_filter = false;              // those that have a member of the name
};

error bad_path(const std::string& path, std::size_t at, const char* what) {
  return user_error(errc::invalid_argument, "'" + path + "', at character " + std::to_string(at + 1) + ": " + what);
}

/// What stands in brackets.
result<step> bracketed(const std::string& path, std::size_t& at) {
  const auto end = path.find(']', at);
  if (end == std::string::npos) return bad_path(path, at, "']' is missing");
  const auto inner = path.substr(at + 1, end - at - 1);
  const auto from = std::exchange(at, end + 1);
  if (inner == "*") return step{};
  if (inner.starts_with("?(@.") && inner.ends_with(")")) return step{inner.substr(4, inner.size() - 5), {}, true};
  if (inner.size() >= 2 && (inner.front() == '\'' || inner.front() == '"') && inner.back() == inner.front()) {
    return step{inner.substr(1, inner.size() - 2), {}};
  }
  std::size_t index = 0;
  const auto* const last = inner.data() + inner.size();
  if (inner.empty() || std::from_chars(inner.data(), last, index).ptr != last) {
    return bad_path(path, from, "a number, a name in quotes, * or ?(@.name) is wanted");
  }
  return step{{}, index};
}

result<std::vector<step>> steps_of(const std::string& path) {
  if (path.empty() || path.front() != '$') return bad_path(path, 0, "a path begins with $");
  std::vector<step> out;
  for (std::size_t at = 1; at < path.size();) {
    if (path[at] == '[') {
      auto s = bracketed(path, at);
      if (!s) return std::move(s).error();
      out.push_back(*std::move(s));
      continue;
    }
    if (path[at] != '.') return bad_path(path, at, "'.' or '[' is wanted");
    const auto end = std::min(path.find_first_of(".[", at + 1), path.size());
    const auto name = path.substr(at + 1, end - at - 1);
    if (name.empty()) return bad_path(path, at, "a name is wanted");
    out.push_back(name == "*" ? step{} : step{name, {}});
    at = end;
  }
  return out;
}

void follow(const step& s, const json& from, std::vector<json>& out) {
  const auto passes = [&s](const json& v) { return v.is_object() && v.contains(*s.name); };
  if (s.is_filter && from.is_array()) {
    std::ranges::copy_if(from, std::back_inserter(out), passes);
  } else if (s.is_filter) {
    if (passes(from)) out.push_back(from);
  } else if (s.name) {
    if (from.is_object() && from.contains(*s.name)) out.push_back(from.at(*s.name));
  } else if (s.index) {
    if (from.is_array() && *s.index < from.size()) out.push_back(from.at(*s.index));
  } else if (from.is_structured()) {
    for (const auto& item : from) out.push_back(item);
  }
}

bool is_scalar(const json& v) {
  return v.is_string() || v.is_number() || v.is_boolean() || v.is_null();
}

std::string problem_of_pair(const json& pair) {
  const bool are_numbers = pair.is_array() && pair.size() == 2 && pair[0].is_number() && pair[1].is_number();
  if (!are_numbers) return "a range is the least and the most: two numbers";
  return pair[0] <= pair[1] ? "" : "the least of a range is not above the most";
}

/// Standard output for people to write tolerances about; anything else as it is.
const json& main_part(const json& value) {
  return value.is_object() && value.contains("stdout") && value.contains("status") ? value.at("stdout") : value;
}

json part_of(const json& tolerance, const json& value) {
  const auto target = tolerance.value("target", "");
  const auto& part =
      target.empty() || !value.is_object() || !value.contains(target) ? main_part(value) : value.at(target);
  return part;
}

/// Texts that are JSON, such as what commands print.
json looked_into(const json& v) {
  if (!v.is_string()) return v;
  auto parsed = json::parse(v.get<std::string>(), nullptr, false);
  return parsed.is_discarded() ? v : parsed;
}

bool is_within(const json& pair, const json& v) {
  const auto n = looked_into(v);
  return n.is_number() && n >= pair[0] && n <= pair[1];
}

bool is_met_by_path(const json& tolerance, const json& part) {
  const auto found = values_at(tolerance.at("path").get<std::string>(), looked_into(part));
  if (!found) return false;
  if (tolerance.contains("count") && found->size() != tolerance.at("count").get<std::size_t>()) return false;
  if (!tolerance.contains("expect")) return !found->empty();
  const auto& expected = tolerance.at("expect");
  if (expected.is_array()) return json(*found) == expected;
  const bool is_tolerance = problem_of_tolerance(expected).empty();  // any other object is a value
  return !found->empty() &&
         std::ranges::all_of(*found, [&](const json& v) { return is_tolerance ? is_met(expected, v) : v == expected; });
}

std::string problem_of_object(const json& t) {
  const auto type = t.contains("type") && t["type"].is_string() ? t["type"].get<std::string>() : "";
  if (type == "range") return t.contains("range") ? problem_of_pair(t["range"]) : "'range' is missing";
  if (type == "regex") {
    if (!t.contains("pattern") || !t["pattern"].is_string()) return "'pattern' is missing";
    const RE2 pattern{t["pattern"].get<std::string>(), RE2::Quiet};
    return pattern.ok() ? "" : "the pattern is no regular expression: " + pattern.error();
  }
  if (type == "jsonpath") {
    if (!t.contains("path") || !t["path"].is_string()) return "'path' is missing";
    if (t.contains("count") && !t["count"].is_number_unsigned()) return "'count' is a number";
    const auto path = steps_of(t["path"].get<std::string>());
    return path ? "" : path.error().message;
  }
  return "a tolerance is a scalar, two numbers, or an object of type range, regex or jsonpath";
}

}  // namespace

result<std::vector<json>> values_at(const std::string& path, const json& in) {
  const auto steps = steps_of(path);
  if (!steps) return steps.error();
  std::vector<json> now{in};
  for (const auto& s : *steps) {
    std::vector<json> next;
    for (const auto& v : now) follow(s, v, next);
    now = std::move(next);
  }
  return now;
}

std::string problem_of_tolerance(const json& tolerance) {
  if (is_scalar(tolerance)) return "";
  return tolerance.is_array() ? problem_of_pair(tolerance) : problem_of_object(tolerance);
}

bool is_met(const json& tolerance, const json& value) {
  if (tolerance.is_array()) return is_within(tolerance, main_part(value));
  if (tolerance.is_object()) {
    const auto type = tolerance.at("type").get<std::string>();
    const auto part = part_of(tolerance, value);
    if (type == "range") return is_within(tolerance.at("range"), part);
    if (type == "jsonpath") return is_met_by_path(tolerance, part);
    auto text = part.is_string() ? part.get<std::string>() : part.dump();
    // Python's $ also stands before a newline at the end, which is how most programs end what they print.
    if (text.ends_with('\n')) text.pop_back();
    return RE2::PartialMatch(text, RE2{tolerance.at("pattern").get<std::string>(), RE2::Quiet});
  }
  const bool is_process = value.is_object() && value.contains("stdout") && value.contains("status");
  if (!is_process) return value == tolerance;
  if (tolerance.is_number()) return value.at("status") == tolerance;
  if (tolerance.is_boolean()) return (value.at("status") == 0) == tolerance.get<bool>();
  auto text = value.at("stdout").get<std::string>();
  text.erase(text.find_last_not_of(" \n\r\t") + 1);
  return json(text) == tolerance;
}

}  // namespace millrace::chaos
