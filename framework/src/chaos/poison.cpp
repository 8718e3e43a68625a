#include "millrace/chaos/poison.hpp"

#include <limits>
#include <utility>

#include "millrace/dynamic_batch.hpp"
#include "millrace/text/record_parser.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::chaos {

namespace {

// As sources take lines.
constexpr std::size_t line_bytes_max = std::size_t{1} << 20;
// Of a line that is longer, so much stands in its dead letter.
constexpr std::size_t shown_bytes = std::size_t{64} << 10;

bool is_number(field_kind k) noexcept {
  return k == field_kind::integer || k == field_kind::float32 || k == field_kind::float64 ||
         k == field_kind::event_time || k == field_kind::decimal || k == field_kind::boolean;
}

/// A copy of a record with one field after the other through `change`.
template <class Change>
batch_ptr changed(const batch& records, std::uint32_t row, Change change) {
  const auto& type = records.type();
  const auto to = type.make_builder(1);
  to->begin_row();
  byte_buffer scratch;
  for (std::uint32_t i = 0; i < type.schema().fields.size(); ++i) {
    // What the builder does not take back stays at its default.
    (void)to->set(i, change(i, type.value_at(records, row, i, scratch)));
  }
  return to->finish();
}

batch_ptr with_nan(const batch& records, std::uint32_t row) {
  return changed(records, row, [](std::uint32_t, const value& v) {
    return v.kind() == value_kind::float64 ? value::of(std::numeric_limits<double>::quiet_NaN()) : v;
  });
}

batch_ptr made_late(const armed_fault& f, const batch& records, std::uint32_t row) {
  const auto at = records.type().schema().event_time_field;
  return changed(records, row, [&](std::uint32_t i, const value& v) {
    if (!at || i != *at || v.kind() != value_kind::event_time) return v;
    return value::of(v.as_time() - std::chrono::nanoseconds{f.parameter_ns("late_ms")});
  });
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

/// The record as a line, with one more member: readers skip what they do not know, but have to get past it.
std::string line_of(const armed_fault& f, const batch& records, std::uint32_t row) {
  const auto& type = records.type();
  const auto kind = f.kind();
  std::string out = "{";
  byte_buffer scratch;
  bool is_wrong = false;
  for (std::uint32_t i = 0; i < type.schema().fields.size(); ++i) {
    const auto& field = type.schema().fields[i];
    out += i == 0 ? "" : ",";
    append_json_string(out, field.name);
    out += ':';
    const bool is_next = kind == fault_kind::poison_schema && !is_wrong && is_number(field.type.kind);
    is_wrong = is_wrong || is_next;
    if (is_next) {
      out += "\"not what the schema says\"";
    } else {
      append_json(out, field.type, type.value_at(records, row, i, scratch), time_format::iso);
    }
  }
  if (kind == fault_kind::poison_schema && !is_wrong) return "[1,2,3]";
  if (kind == fault_kind::poison_malformed) return out.substr(0, out.size() - out.size() / 3);
  if (kind == fault_kind::poison_nested) {
    out += ",\"more\":" + nested(static_cast<std::size_t>(f.parameter("levels")));
  } else if (kind == fault_kind::poison_oversized) {
    out += ",\"more\":\"" + std::string(static_cast<std::size_t>(f.parameter("size_kb")) << 10U, 'x') + "\"";
  }
  return out + "}";
}

/// The record in the type it has with its producer.
batch_ptr typed(batch_ptr made, const record_type& wanted) {
  if (&made->type() == &wanted) return made;
  byte_buffer bytes;
  made->type().encode(*made, bytes);
  auto out = wanted.decode(bytes.view(), made->size());
  return out ? *std::move(out) : nullptr;
}

void read(poisoned_input& in, const record_type& type) {
  if (in.line.size() > line_bytes_max) {
    in.problem =
        "longer than " + std::to_string(line_bytes_max) + " bytes, a line of " + std::to_string(in.line.size());
    in.line.resize(shown_bytes);
    return;
  }
  const auto dynamic = dynamic_record_type(type.shared_schema());
  const auto to = dynamic->make_builder(1);
  auto copy = in.line;  // a parser may change what it reads
  line_problem problem;
  if (!make_json_parser(type.shared_schema())->parse(copy, static_cast<dynamic_builder&>(*to), problem)) {
    in.problem = problem.what();
    return;
  }
  in.record = typed(to->finish(), type);
  if (!in.record) in.problem = "it is no record of this type";
}

}  // namespace

bool is_poison(fault_kind k) noexcept {
  return is_readable_poison(k) || k == fault_kind::poison_malformed || k == fault_kind::poison_oversized ||
         k == fault_kind::poison_nested || k == fault_kind::poison_schema;
}

bool is_readable_poison(fault_kind k) noexcept {
  return k == fault_kind::poison_nan || k == fault_kind::poison_late;
}

poisoned_input poisoned(const armed_fault& f, const batch& records, std::uint32_t row) {
  poisoned_input out;
  if (f.kind() == fault_kind::poison_nan) {
    out.record = with_nan(records, row);
  } else if (f.kind() == fault_kind::poison_late) {
    out.record = made_late(f, records, row);
  } else {
    out.line = line_of(f, records, row);
    read(out, records.type());
  }
  return out;
}

}  // namespace millrace::chaos
