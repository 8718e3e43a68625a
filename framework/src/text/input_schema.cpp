#include "millrace/text/input_schema.hpp"

#include <cmath>
#include <limits>

namespace millrace {

record_type_ptr dynamic_input_type(const wiring& w, const std::string& port) {
  const auto arriving = w.input_type(port);
  if (arriving == nullptr || arriving->is_dynamic()) return arriving;
  return dynamic_record_type(arriving->shared_schema());
}

result<std::uint32_t> find_field(const schema& s, const std::string& name, const std::string& parameter) {
  if (const auto index = s.find(name)) return *index;
  return user_error(errc::not_found, "parameter '" + parameter + "': records that arrive have no field '" + name +
                                         "' (they have " + to_text(s) + ")");
}

result<std::uint32_t> find_number(const schema& s, const std::string& name, const std::string& parameter) {
  auto index = find_field(s, name, parameter);
  if (!index) return index;
  const auto& type = s.fields[*index].type;
  const bool is_number = type.kind == field_kind::integer || type.kind == field_kind::float32 ||
                         type.kind == field_kind::float64 || type.kind == field_kind::decimal;
  if (is_number) return index;
  return user_error(errc::invalid_argument,
                    "parameter '" + parameter + "': field '" + name + "' is a " + to_text(type) + ", no number");
}

double number_of(const value& v) noexcept {
  if (v.kind() == value_kind::decimal) {
    return static_cast<double>(v.as_decimal().unscaled) / std::pow(10.0, v.as_decimal().scale);
  }
  const bool is_number = v.kind() == value_kind::float64 || v.is_integer();
  return is_number ? v.to_float64() : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace millrace
