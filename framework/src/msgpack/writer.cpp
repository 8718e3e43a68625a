#include "millrace/msgpack/writer.hpp"

namespace millrace::msgpack {

void writer::ext(std::int8_t type, bytes_view payload) {
  const auto n = static_cast<std::uint32_t>(payload.size());
  if (std::has_single_bit(n) && n <= 16) {
    out_->push_back(static_cast<std::byte>(0xd4 + std::countr_zero(n)));
  } else if (n < 0x100) {
    tagged(0xc7, static_cast<std::uint8_t>(n));
  } else {
    long_head(0xc8, n);
  }
  out_->push_back(static_cast<std::byte>(type));
  out_->append(payload);
}

}  // namespace millrace::msgpack
