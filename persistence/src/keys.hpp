#pragma once

#include <array>

#include "millrace/bytes.hpp"
#include "millrace/detail/big_endian.hpp"

namespace millrace::persistence {

/// A number as a key: big endian, so that LMDB's byte order is the numbers' order.
template <std::unsigned_integral U>
class number_key {
public:
  explicit number_key(U number) { detail::store_big_endian(bytes_.data(), number); }
  operator bytes_view() const noexcept { return bytes_; }  // NOLINT: implicit by intent

private:
  std::array<std::byte, sizeof(U)> bytes_{};
};

}  // namespace millrace::persistence
