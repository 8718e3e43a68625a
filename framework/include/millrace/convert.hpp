#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "millrace/batch.hpp"

namespace millrace {

/// Turns batches of one record type into batches of another, field by field of the same name: what joins a typed output
/// and a dynamic input, or two C++ types of the same shape. Made by `make_converter`.
///
/// Immutable. Thread: any.
class converter {
public:
  /// The same records in the other type, with their key hashes. `b` must be of the type converted from. Costs nothing
  /// when both types are one.
  [[nodiscard]] batch_ptr convert(const batch& b) const;
  [[nodiscard]] bool is_identity() const noexcept { return from_ == to_; }
  [[nodiscard]] const record_type_ptr& to() const noexcept { return to_; }

private:
  friend result<converter> make_converter(record_type_ptr from, record_type_ptr to);
  struct mapping {
    std::uint32_t from;
    std::uint32_t to;
  };
  converter(record_type_ptr from, record_type_ptr to) : from_{std::move(from)}, to_{std::move(to)} {}

  record_type_ptr from_;
  record_type_ptr to_;
  std::vector<mapping> fields_;
};

/// Checks once what `convert` does for every batch. Integers may get wider, become floats that hold them exactly, and
/// any field may become optional; fields the target does not have are left out; fields it lacks must have a default
/// (optional, or `since` a later version). Error (`schema_mismatch`, the user's): names the field and both types.
[[nodiscard]] result<converter> make_converter(record_type_ptr from, record_type_ptr to);

}  // namespace millrace
