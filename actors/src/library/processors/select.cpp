#include "library/processors/select.hpp"

#include <stdexcept>
#include <utility>

#include "library/processors/value_cast.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

std::string trimmed(const std::string& text) {
  const auto parts = split_list(text, '\n');
  return parts.empty() ? std::string{} : parts.front();
}

/// `FIELD`, `FIELD as NAME`, either with `:TYPE` behind it.
struct written {
  std::string from;
  std::string name;
  std::string type;  ///< empty: as it arrives
};

written read_part(const std::string& part) {
  written w;
  const auto colon = part.find(':');
  if (colon != std::string::npos) w.type = trimmed(part.substr(colon + 1));
  const auto names = trimmed(part.substr(0, colon));
  const auto as = names.find(" as ");
  w.from = trimmed(names.substr(0, as));
  w.name = as == std::string::npos ? w.from : trimmed(names.substr(as + 4));
  return w;
}

}  // namespace

result<void> select::configure(wiring& w) {
  columns_.clear();
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  if (auto ok = mark_named(arriving); !ok) return ok;
  schema made{.name = arriving.name, .fields = {}};
  for (const auto& part : split_list(*fields_, ',')) {
    if (auto ok = add_part(arriving, part, made); !ok) return ok;
  }
  if (made.fields.empty()) {
    return user_error(errc::invalid_argument, "no field stays: name some in parameter 'fields', or drop fewer");
  }
  for (std::uint32_t i = 0; i < columns_.size(); ++i) {
    if (arriving.event_time_field == columns_[i].from && made.fields[i].type.kind == field_kind::event_time) {
      made.event_time_field = i;
    }
  }
  if (!made.event_time_field) made.event_time_field = first_event_time(made.fields);
  made_ = std::make_shared<const schema>(std::move(made));
  out_.set_type(dynamic_record_type(made_));
  return {};
}

result<void> select::mark_named(const schema& arriving) {
  is_named_.assign(arriving.fields.size(), false);
  for (const auto& name : split_list(*drop_, ',')) {
    const auto index = find_field(arriving, name, "drop");
    if (!index) return index.error();
    is_named_[*index] = true;
  }
  for (const auto& part : split_list(*fields_, ',')) {
    if (part == "*") continue;
    const auto index = find_field(arriving, read_part(part).from, "fields");
    if (!index) return index.error();
    is_named_[*index] = true;
  }
  return {};
}

result<void> select::add_part(const schema& arriving, const std::string& part, schema& made) {
  if (part == "*") {
    for (std::uint32_t i = 0; i < arriving.fields.size(); ++i) {
      if (is_named_[i]) continue;
      if (auto ok = add(arriving, i, arriving.fields[i], made); !ok) return ok;
    }
    return {};
  }
  const auto w = read_part(part);
  const auto from = *arriving.find(w.from);  // mark_named has looked
  field as = arriving.fields[from];
  if (!w.type.empty()) {
    const auto read = parse_schema("select", w.name + ":" + w.type);
    if (!read) {
      return user_error(errc::invalid_argument, "parameter 'fields', '" + part + "': " + read.error().message);
    }
    as.type = read->fields.front().type;
  }
  as.name = w.name;
  return add(arriving, from, std::move(as), made);
}

result<void> select::add(const schema& arriving, std::uint32_t from, field as, schema& made) {
  const auto& source = arriving.fields[from].type;
  if (as.name.empty() || made.find(as.name)) {
    return user_error(errc::invalid_argument, "parameter 'fields' makes two fields called '" + as.name +
                                                  "': rename one with '" + as.name + " as NAME'");
  }
  if (!can_cast(source, as.type)) {
    return user_error(errc::invalid_argument, "parameter 'fields': field '" + arriving.fields[from].name + "' is a " +
                                                  to_text(source) + ", of which no " + to_text(as.type) +
                                                  " can be made");
  }
  columns_.push_back({from, !(source == as.type)});
  as.since = 1;
  made.fields.push_back(std::move(as));
  return {};
}

void select::on_record(context&, const record_view& record) {
  if (!out_.is_connected()) return;
  auto& row = out_.row();
  row.begin_row();
  try {
    for (std::uint32_t i = 0; i < columns_.size(); ++i) set(row, i, record);
  } catch (...) {
    row.drop_row();
    throw;
  }
  out_.emit();
}

void select::set(dynamic_builder& row, std::uint32_t field, const record_view& record) {
  const auto& c = columns_[field];
  value v = record.field(c.from);
  const auto& to = made_->fields[field].type;
  if (c.is_cast) {
    const char* expected = cast(record.schema().fields[c.from].type, record.field(c.from), to, v, scratch_);
    if (expected != nullptr) refuse(record, field, expected);
  }
  if (!row.set(field, v)) refuse(record, field, "a value that fits");
}

void select::refuse(const record_view& record, std::uint32_t field, const char* expected) const {
  const auto from = columns_[field].from;
  const auto& source = record.schema().fields[from];
  std::string text;
  append_text(text, source.type, record.field(from), time_format::iso);
  throw std::runtime_error{"field '" + source.name + "' is '" + text + "', which cannot become " +
                           to_text(made_->fields[field].type) + ": expected " + expected};
}

}  // namespace millrace::library
