#include "millrace/schema.hpp"

#include <algorithm>

namespace millrace {
namespace {

template <class T>
bool same_target(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b) noexcept {
  return a == b || (a && b && *a == *b);
}

bool same_fields(const schema_ptr& a, const schema_ptr& b) noexcept {
  return a == b || (a && b && std::ranges::equal(a->fields, b->fields, [](const field& x, const field& y) {
                      return x.name == y.name && x.type == y.type && x.since == y.since;
                    }));
}

/// Nested records follow the same rule as the outer one, except that a newer nested writer cannot be skipped.
void check_type(const std::string& where, const field_type& writer, const field_type& reader,
                std::vector<std::string>& problems) {
  if (writer.kind == field_kind::record && reader.kind == field_kind::record && writer.optional == reader.optional) {
    if (writer.nested->fields.size() > reader.nested->fields.size()) {
      problems.push_back("field '" + where + "' holds a newer " + reader.nested->name + " than the reader knows");
    }
    for (const std::string& p : compatible(*writer.nested, *reader.nested)) problems.push_back(where + ": " + p);
    return;
  }
  field_type relaxed = writer;
  relaxed.optional = reader.optional || writer.optional;
  if (!(relaxed == reader)) {
    problems.push_back("field '" + where + "' was written as " + to_text(writer) + " and is now " + to_text(reader));
  }
}

}  // namespace

bool operator==(const field_type& a, const field_type& b) noexcept {
  const bool is_sized = a.kind == field_kind::integer || a.kind == field_kind::enumeration;
  return a.kind == b.kind && a.optional == b.optional &&
         (!is_sized || (a.bits == b.bits && a.is_signed == b.is_signed)) && same_fields(a.nested, b.nested) &&
         same_target(a.element, b.element) && same_target(a.key, b.key);
}

std::optional<std::uint32_t> schema::find(std::string_view field_name) const noexcept {
  const auto at = std::ranges::find(fields, field_name, &field::name);
  if (at == fields.end()) return std::nullopt;
  return static_cast<std::uint32_t>(at - fields.begin());
}

std::uint32_t schema::fields_in(std::uint32_t written_version) const noexcept {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(fields, [&](const field& f) { return f.since <= written_version; }));
}

bool schema::is_known_length(std::uint32_t n) const noexcept {
  if (n == 0 || n >= fields.size()) return n == fields.size();
  return fields[n].since > fields[n - 1].since;
}

std::optional<std::uint32_t> first_event_time(const std::vector<field>& fields) noexcept {
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    if (fields[i].type.kind == field_kind::event_time && !fields[i].type.optional) return i;
  }
  return std::nullopt;
}

std::vector<std::string> compatible(const schema& writer, const schema& reader) {
  std::vector<std::string> problems;
  const std::size_t shared = std::min(writer.fields.size(), reader.fields.size());
  for (std::size_t i = 0; i < shared; ++i) {
    const field& was = writer.fields[i];
    const field& is = reader.fields[i];
    if (was.name != is.name) {
      problems.push_back("field " + std::to_string(i + 1) + " was written as '" + was.name + "' and is now '" +
                         is.name + "': fields are only appended");
    } else {
      check_type(is.name, was.type, is.type, problems);
    }
  }
  for (std::size_t i = shared; i < reader.fields.size(); ++i) {
    if (reader.fields[i].since <= writer.version) {
      problems.push_back("field '" + reader.fields[i].name + "' is new: mark it since(" +
                         std::to_string(writer.version + 1) + ") or later and raise the version");
    }
  }
  if (shared < writer.fields.size() && writer.version <= reader.version) {
    problems.push_back("field '" + writer.fields[shared].name + "' was removed: fields are only appended");
  }
  return problems;
}

}  // namespace millrace
