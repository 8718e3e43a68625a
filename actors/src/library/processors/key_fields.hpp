#pragma once

#include <string>
#include <vector>

#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"

namespace millrace::library {

/// The fields that the parameter `key`, or another, names, copied to an output's schema.
struct key_fields {
  std::vector<std::string> names;
  std::vector<field_type> types;
  std::vector<std::uint32_t> indexes;  ///< in the records that arrive

  /// Errors: no field, an unknown one, one that is no single value, or one that is there already.
  [[nodiscard]] static result<key_fields> find(const schema& arriving, const std::string& text, schema& made,
                                               const std::string& parameter = "key");
  /// Sets fields of the row last begun from a key in canonical form, `first` and those behind it.
  void set(dynamic_builder& row, bytes_view key, std::uint32_t first = 0) const;
  /// Appends the record's key in canonical form. Throws std::invalid_argument naming a field that is NaN.
  void append(byte_buffer& out, const record_view& record) const;
};

/// A scalar in canonical form, as keys are: equal values have equal bytes. Empty: NaN, which equals nothing.
[[nodiscard]] std::string canonical(const value& v);

}  // namespace millrace::library
