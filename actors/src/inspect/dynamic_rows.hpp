#pragma once

#include "millrace/dynamic_batch.hpp"

namespace millrace::inspect {

/// Reads batches of one record type field by field, whatever they are: records of C++ types are copied into dynamic
/// ones of the same fields. Thread: one owner.
class dynamic_rows {
public:
  explicit dynamic_rows(const record_type& of);

  /// The same records, in the same order; the batch itself when it is dynamic. Throws std::runtime_error when they
  /// cannot be read, which their own type wrote.
  [[nodiscard]] batch_ptr of(const batch& records) const;
  /// One of them alone.
  [[nodiscard]] batch_ptr of(const batch& records, std::uint32_t row) const;

private:
  record_type_ptr copy_;  // null: they are dynamic
};

}  // namespace millrace::inspect
