#pragma once

#include <string>

#include "millrace/batch.hpp"
#include "millrace/chaos/armed_fault.hpp"

namespace millrace::chaos {

[[nodiscard]] bool is_poison(fault_kind k) noexcept;
/// What comes in by it can be read: whoever follows has to cope with it.
[[nodiscard]] bool is_readable_poison(fault_kind k) noexcept;

/// An input that should not be there, and what the reader made of it.
struct poisoned_input {
  std::string line{};     ///< as it came in; empty: it came as a record
  batch_ptr record{};     ///< one record; null: it cannot be read
  std::string problem{};  ///< why
};

/// Spoils a copy of a record, and has it read as producers read lines: as JSON by the record's schema, a line of at
/// most 1 MiB. NaN and a late time come as records, for which there are inputs that can say them. Pure but for what the
/// fault counts. Thread: any.
[[nodiscard]] poisoned_input poisoned(const armed_fault& f, const batch& records, std::uint32_t row);

}  // namespace millrace::chaos
