#include "millrace/transport/join_token.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "millrace/transport/curve_keys.hpp"
#include "millrace/transport/node_address.hpp"

namespace millrace::transport {

namespace {

// mrj1. (for a node) or mrk1. (for a person's key), and base64url of: server key (Z85, 40 bytes), secret (40), end
// (seconds since 1970, 8 bytes, big endian), address, for a person also a line with the name and one with the role, and
// the first 4 bytes of the SHA-256 of all that, so that a word that was not copied whole is known as such.
constexpr std::string_view prefix_for_node = "mrj1.";
constexpr std::string_view prefix_for_key = "mrk1.";
constexpr std::size_t key_bytes = 40;
constexpr std::size_t time_bytes = 8;
constexpr std::size_t sum_bytes = 4;
constexpr std::size_t fixed_bytes = 2 * key_bytes + time_bytes + sum_bytes;
constexpr std::size_t text_bytes_max = 1024;

std::string sum_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), sum_bytes};
}

std::string to_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const auto size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

/// Empty when it is none.
std::string from_base64(std::string text) {
  const auto is_of_it = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (!std::ranges::all_of(text, is_of_it)) return {};
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  const auto padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string bytes(text.size(), '\0');
  const auto size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                    reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0 || static_cast<std::size_t>(size) < padding) return {};
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

/// The lines behind the address.
bool take_holder(join_token& t) {
  const auto name = t.address.find('\n');
  const auto role = name == std::string::npos ? name : t.address.find('\n', name + 1);
  if (role == std::string::npos) return false;
  t.role = t.address.substr(role + 1);
  t.holder = t.address.substr(name + 1, role - name - 1);
  t.address.resize(name);
  return !t.holder.empty() && !t.role.empty();
}

}  // namespace

std::string to_text(const join_token& t) {
  auto bytes = t.server_key + t.secret_key;
  const auto ends = static_cast<std::uint64_t>(t.ends.time_since_epoch().count());
  for (std::size_t i = 0; i < time_bytes; ++i) bytes += static_cast<char>(ends >> (8 * (time_bytes - 1 - i)) & 0xff);
  bytes += t.address;
  if (!t.holder.empty()) bytes += "\n" + t.holder + "\n" + t.role;
  return std::string{t.holder.empty() ? prefix_for_node : prefix_for_key} + to_base64(bytes + sum_of(bytes));
}

result<join_token> join_token_of(std::string_view text) {
  const auto none = user_error(errc::invalid_argument,
                               "this is no invitation, or not all of it: give the word that 'millrace node invite' "
                               "or 'millrace key invite' printed, from mrj1. or mrk1. on");
  const bool is_for_key = text.starts_with(prefix_for_key);
  if (text.size() > text_bytes_max || !(is_for_key || text.starts_with(prefix_for_node))) return none;
  const auto bytes = from_base64(std::string{text.substr(prefix_for_key.size())});
  if (bytes.size() <= fixed_bytes) return none;
  const std::string_view all{bytes};
  const auto signed_part = all.substr(0, all.size() - sum_bytes);
  if (sum_of(signed_part) != all.substr(signed_part.size())) return none;
  std::uint64_t ends = 0;
  for (const char c : all.substr(2 * key_bytes, time_bytes)) ends = ends << 8 | static_cast<unsigned char>(c);
  join_token t{std::string{signed_part.substr(2 * key_bytes + time_bytes)}, std::string{all.substr(0, key_bytes)},
               std::string{all.substr(key_bytes, key_bytes)},
               std::chrono::sys_seconds{std::chrono::seconds{static_cast<std::int64_t>(ends)}}};
  if (is_for_key && !take_holder(t)) return none;
  if (!check_node_address(t.address) || !is_curve_key(t.server_key) || !is_curve_key(t.secret_key)) {
    return none;
  }
  return t;
}

}  // namespace millrace::transport
