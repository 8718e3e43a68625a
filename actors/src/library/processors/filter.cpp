#include "library/processors/filter.hpp"

#include <algorithm>
#include <array>

#include "library/processors/value_order.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

/// In the order of filter::comparison.
constexpr std::array<std::string_view, 7> comparisons{"==", "!=", "<", "<=", ">", ">=", "contains"};

}  // namespace

result<void> filter::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  out_.set_type(type);
  rest_.set_type(type);
  const auto index = find_field(type->schema(), *field_, "field");
  if (!index) return index.error();
  index_ = *index;
  how_ = static_cast<comparison>(std::ranges::find(comparisons, *comparison_) - comparisons.begin());
  const auto& field = type->schema().fields[index_];
  if (how_ == comparison::contains && field.type.kind != field_kind::string) {
    return user_error(errc::invalid_argument, "parameter 'comparison': contains works on text, and field '" +
                                                  field.name + "' is a " + to_text(field.type));
  }
  operand_text_ = *value_;
  if (const char* expected = parse_value(field.type, operand_text_, operand_, scratch_)) {
    return user_error(errc::invalid_argument, "parameter 'value' is '" + *value_ + "', which field '" + field.name +
                                                  "' (" + to_text(field.type) + ") cannot be compared with: expected " +
                                                  expected);
  }
  return {};
}

void filter::on_record(context&, const record_view& record) {
  auto& to = matches(record.field(index_)) ? out_ : rest_;
  to.emit(record);
}

bool filter::matches(const value& v) const {
  if (how_ == comparison::contains) return !v.is_null() && v.as_string().find(operand_text_) != std::string_view::npos;
  const auto order = compare(v, operand_);
  switch (how_) {
    case comparison::equal:
      return order == 0;
    case comparison::unequal:
      return order != 0;
    case comparison::less:
      return order < 0;
    case comparison::at_most:
      return order <= 0;
    case comparison::more:
      return order > 0;
    case comparison::at_least:
      return order >= 0;
    case comparison::contains:
      break;
  }
  return false;
}

}  // namespace millrace::library
