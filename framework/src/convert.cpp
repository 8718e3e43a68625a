#include "millrace/convert.hpp"

#include <string>

#include "millrace/check.hpp"

namespace millrace {
namespace {

bool is_whole(field_kind kind) noexcept {
  return kind == field_kind::integer || kind == field_kind::enumeration;
}

bool widens(const field_type& from, const field_type& to) noexcept {
  if (from.is_signed == to.is_signed) return from.bits <= to.bits;
  return to.is_signed && from.bits < to.bits;
}

/// No value is lost: the target holds each value of the source exactly.
bool can_become(const field_type& from, const field_type& to) noexcept {
  if (from.optional && !to.optional) return false;
  if (is_whole(from.kind)) {
    if (is_whole(to.kind)) return widens(from, to);
    return (to.kind == field_kind::float64 && from.bits <= 32) || (to.kind == field_kind::float32 && from.bits <= 16);
  }
  if (from.kind == field_kind::float32 && to.kind == field_kind::float64) return true;
  field_type same = from;
  same.optional = to.optional;
  return same == to;
}

error cannot_become(const schema& from, const schema& to, const field& source, const field& target) {
  return user_error(errc::schema_mismatch, "field '" + target.name + "' is " + to_text(source.type) + " in " +
                                               from.name + " and " + to_text(target.type) + " in " + to.name +
                                               ": values could be lost; change one of the types");
}

error is_missing(const schema& from, const schema& to, const field& target) {
  return user_error(errc::schema_mismatch, "field '" + target.name + "' (" + to_text(target.type) + ") of " + to.name +
                                               " is missing in " + from.name + " (" + to_text(from) +
                                               "): add it there or make it optional");
}

}  // namespace

result<converter> make_converter(record_type_ptr from, record_type_ptr to) {
  converter made{std::move(from), std::move(to)};
  const schema& source = made.from_->schema();
  const schema& target = made.to_->schema();
  for (std::uint32_t i = 0; i < target.fields.size(); ++i) {
    const field& wanted = target.fields[i];
    const auto found = source.find(wanted.name);
    if (!found) {
      if (!has_default(wanted)) return is_missing(source, target, wanted);
      continue;
    }
    if (!can_become(source.fields[*found].type, wanted.type)) {
      return cannot_become(source, target, source.fields[*found], wanted);
    }
    made.fields_.push_back({*found, i});
  }
  return made;
}

batch_ptr converter::convert(const batch& b) const {
  MILLRACE_CHECK(&b.type() == from_.get(), "the batch is of another record type than the converter");
  if (is_identity()) return batch_ptr{b};
  const auto builder = to_->make_builder(b.size());
  byte_buffer scratch;
  for (std::uint32_t row = 0; row < b.size(); ++row) {
    builder->begin_row();
    for (const mapping& m : fields_) {
      const bool was_set = builder->set(m.to, from_->value_at(b, row, m.from, scratch));
      MILLRACE_CHECK(was_set, "a value of a checked type does not fit its target");
    }
  }
  builder->append_key_hashes(b.key_hashes());
  auto converted = builder->finish();
  if (!b.late_marks().empty()) batch_builder::mark_late(converted, {b.late_marks().begin(), b.late_marks().end()});
  return converted;
}

}  // namespace millrace
