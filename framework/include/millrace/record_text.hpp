#pragma once

#include <cstdint>
#include <string>

#include "millrace/batch.hpp"

namespace millrace {

/// One record for people, for logs and dead letters: `{account="a-7", amount=12.5, at=1700000000000000000}`. Longer
/// texts are cut at `text_max` bytes and marked with `…`.
[[nodiscard]] std::string record_text(const batch& records, std::uint32_t row, std::size_t text_max = 4096);

}  // namespace millrace
