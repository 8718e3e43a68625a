#include "millrace/text/record_writer.hpp"

namespace millrace {

namespace {

void append_csv_field(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

/// Numbers, booleans and times contain nothing that CSV would have to quote; empty views are quoted to differ from
/// null.
bool may_need_quotes(const value& v) noexcept {
  return v.is_view();
}

}  // namespace

void record_writer::append_header(std::string& out, const schema& s) {
  for (std::size_t i = 0; i < s.fields.size(); ++i) {
    if (i != 0) out += ',';
    append_csv_field(out, s.fields[i].name);
  }
  out += '\n';
}

void record_writer::append(std::string& out, const record_view& record) {
  if (format_ == format::csv) return append_csv(out, record);
  append_json_line(out, record);
}

void record_writer::append_csv(std::string& out, const record_view& record) {
  const auto& fields = record.schema().fields;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    if (i != 0) out += ',';
    const value& v = record.field(i);
    if (!may_need_quotes(v)) {
      append_text(out, fields[i].type, v, times_);
      continue;
    }
    scratch_.clear();
    append_text(scratch_, fields[i].type, v, times_);
    append_csv_field(out, scratch_);
  }
  out += '\n';
}

void record_writer::append_json_line(std::string& out, const record_view& record) const {
  const auto& fields = record.schema().fields;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    out += i == 0 ? '{' : ',';
    append_json_string(out, fields[i].name);
    out += ':';
    append_json(out, fields[i].type, record.field(i), times_);
  }
  out += "}\n";
}

}  // namespace millrace
