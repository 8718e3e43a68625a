#include "library/processors/union_of.hpp"

#include <algorithm>
#include <optional>

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

namespace {

bool is_float(field_kind k) noexcept {
  return k == field_kind::float32 || k == field_kind::float64;
}

/// The integer that holds both; nothing when 64 bits do not.
std::optional<field_type> wider(const field_type& a, const field_type& b) {
  auto out = a.bits >= b.bits ? a : b;
  if (a.is_signed == b.is_signed) return out;
  const auto unsigned_bits = a.is_signed ? b.bits : a.bits;
  const auto signed_bits = a.is_signed ? a.bits : b.bits;
  if (unsigned_bits == 64) return std::nullopt;
  out.is_signed = true;
  out.bits = std::max<std::uint8_t>(signed_bits, static_cast<std::uint8_t>(2 * unsigned_bits));
  return out;
}

/// What holds the values of both without losing anything of them; nothing when there is no such type.
std::optional<field_type> common_type(field_type a, field_type b) {
  const bool is_optional = a.optional || b.optional;
  a.optional = b.optional = is_optional;
  if (a == b) return a;
  if (a.kind == field_kind::integer && b.kind == field_kind::integer) {
    auto both = wider(a, b);
    if (both) both->optional = is_optional;
    return both;
  }
  const auto& number = is_float(a.kind) ? b : a;
  const bool holds_exactly = is_float(number.kind) || (number.kind == field_kind::integer && number.bits <= 32);
  if ((is_float(a.kind) || is_float(b.kind)) && holds_exactly) {
    return field_type{.kind = field_kind::float64, .optional = is_optional};
  }
  return std::nullopt;
}

std::vector<std::uint32_t> targets_in(const schema& arriving, const schema& made, std::uint32_t nowhere) {
  std::vector<std::uint32_t> out;
  for (const auto& f : arriving.fields) out.push_back(made.find(f.name).value_or(nowhere));
  return out;
}

}  // namespace

result<void> union_of::configure(wiring& w) {
  const auto a = dynamic_input_type(w, "a");
  const auto b = dynamic_input_type(w, "b");
  if (a == nullptr || b == nullptr) return {};
  auto made = made_of(a->schema(), b->schema());
  if (!made) return std::move(made).error();
  a_side_ = {*a_name_, targets_in(a->schema(), *made, nowhere)};
  b_side_ = {*b_name_, targets_in(b->schema(), *made, nowhere)};
  if (!source_->empty()) {
    if (auto ok = add_column(*made, *source_, field_kind::string); !ok) return ok;
  }
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(*made))));
  return {};
}

result<schema> union_of::made_of(const schema& a, const schema& b) const {
  const bool is_all = *fields_ == "all";
  schema made{.name = a.name, .fields = {}};
  for (const auto& f : a.fields) {
    const auto other = b.find(f.name);
    if (!other && !is_all) continue;
    made.fields.push_back(f);
    made.fields.back().since = 1;
    if (!other) {
      made.fields.back().type.optional = true;
      continue;
    }
    const auto& theirs = b.fields[*other];
    auto both = common_type(f.type, theirs.type);
    if (!both) {
      return user_error(errc::schema_mismatch, "field '" + f.name + "' is a " + to_text(f.type) +
                                                   " at input 'a' and a " + to_text(theirs.type) +
                                                   " at 'b': cast or rename one with millrace.select");
    }
    made.fields.back().type = std::move(*both);
    made.fields.back().personal |= theirs.personal;
  }
  for (const auto& f : b.fields) {
    if (!is_all || a.find(f.name)) continue;
    made.fields.push_back(f);
    made.fields.back().since = 1;
    made.fields.back().type.optional = true;
  }
  if (made.fields.empty()) {
    return user_error(errc::schema_mismatch, "the inputs have no field in common: set 'fields' to all");
  }
  if (a.event_time_field) made.event_time_field = made.find(a.fields[*a.event_time_field].name);
  if (!made.event_time_field) made.event_time_field = first_event_time(made.fields);
  return made;
}

void union_of::pass(const side& from, const record_view& record) {
  if (!out_.is_connected()) return;
  auto& row = out_.row();
  row.begin_row();
  for (std::uint32_t i = 0; i < from.targets.size(); ++i) {
    if (from.targets[i] != nowhere) (void)row.set(from.targets[i], record.field(i));
  }
  if (!source_->empty()) {
    const auto last = static_cast<std::uint32_t>(out_.type()->schema().fields.size() - 1);
    (void)row.set(last, value::of(std::string_view{from.name}));
  }
  out_.emit();
}

}  // namespace millrace::library
