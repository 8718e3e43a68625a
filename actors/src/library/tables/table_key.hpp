#pragma once

#include <span>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/schema.hpp"
#include "millrace/value.hpp"

namespace millrace::library {

/// Keys of a table as bytes whose order is that of the values: numbers by size, times by time, texts by bytes.
///
/// Whole numbers and times are eight bytes, the largest first, signed ones with their sign turned; texts and bytes end
/// with 00 01, and a zero in them is 00 FF. Thread: any.
class table_key {
public:
  /// Errors (the user's) name the parameter `key` and the field: one that is not there, may be null, or is of a type
  /// that has no order of bytes (floats, decimals, records, lists, maps).
  [[nodiscard]] static result<table_key> of(const schema& s, const std::vector<std::string>& names);

  /// Appends the key of a record's values.
  void append(std::string& out, std::span<const value> row) const;
  /// The key that texts stand for, one for each field, or fewer: then of all rows whose first fields are these. Errors
  /// name field and text.
  [[nodiscard]] result<std::string> parse(std::span<const std::string> texts) const;
  /// What keys begin with whose first field, which must be a text, begins with `prefix`.
  [[nodiscard]] result<std::string> parse_prefix(const std::string& prefix) const;

  [[nodiscard]] std::size_t size() const noexcept { return parts_.size(); }

private:
  struct part {
    std::uint32_t index;
    std::string name;
    field_type type;
  };
  std::vector<part> parts_;
};

}  // namespace millrace::library
