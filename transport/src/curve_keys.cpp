#include "millrace/transport/curve_keys.hpp"

#include <zmq.h>

#include <array>
#include <cstdint>

namespace millrace::transport {

namespace {

constexpr std::size_t key_chars = 40;
constexpr std::size_t key_bytes = 32;
using key_text = std::array<char, key_chars + 1>;

}  // namespace

result<curve_keys> make_curve_keys() {
  key_text open{};
  key_text secret{};
  if (zmq_curve_keypair(open.data(), secret.data()) != 0) {
    return fatal_error(errc::failed, "this ZeroMQ was built without CURVE: keys cannot be made");
  }
  return curve_keys{open.data(), secret.data()};
}

result<curve_keys> curve_keys_of(std::string secret_key) {
  key_text open{};
  if (!is_curve_key(secret_key) || zmq_curve_public(open.data(), secret_key.c_str()) != 0) {
    return user_error(errc::invalid_argument,
                      "this is no secret key: 40 characters as 'millrace key create' writes them");
  }
  return curve_keys{open.data(), std::move(secret_key)};
}

bool is_curve_key(std::string_view text) noexcept {
  if (text.size() != key_chars) return false;
  key_text copy{};
  text.copy(copy.data(), key_chars);
  std::array<std::uint8_t, key_bytes> bytes{};
  return zmq_z85_decode(bytes.data(), copy.data()) != nullptr;
}

}  // namespace millrace::transport
