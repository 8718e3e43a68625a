#pragma once

#include <cstdint>
#include <string>

#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"
#include "millrace/wiring.hpp"

namespace millrace {

/// The dynamic type of what arrives at a port; nullptr when nothing does.
[[nodiscard]] record_type_ptr dynamic_input_type(const wiring& w, const std::string& port);

/// Index of the field that a parameter names. Error (`not_found`): names the parameter and the fields there are.
[[nodiscard]] result<std::uint32_t> find_field(const schema& s, const std::string& name, const std::string& parameter);

/// As `find_field`; error when the field is no number (integer, float or decimal is what `number_of` reads).
[[nodiscard]] result<std::uint32_t> find_number(const schema& s, const std::string& name, const std::string& parameter);

/// The value of a numeric field as a double; null and everything else: NaN.
[[nodiscard]] double number_of(const value& v) noexcept;

}  // namespace millrace
