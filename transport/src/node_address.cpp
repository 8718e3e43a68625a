#include "millrace/transport/node_address.hpp"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace millrace::transport {

namespace {

constexpr std::string_view scheme = "tcp://";
constexpr std::size_t host_bytes_max = 253;

struct host_and_port {
  std::string_view host;
  std::string_view port;
};

host_and_port take_apart(std::string_view address) {
  if (!address.starts_with(scheme)) return {};
  address.remove_prefix(scheme.size());
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return {};
  return {address.substr(0, colon), address.substr(colon + 1)};
}

bool is_wildcard(std::string_view host) {
  return host == "*" || host == "0.0.0.0" || host == "[::]" || host == "::";
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > host_bytes_max) return false;
  const bool is_bracketed = host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  return std::ranges::all_of(host, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || (is_bracketed && (c == ':' || c == '%'));
  });
}

}  // namespace

result<void> check_node_address(const std::string& address) {
  const auto parts = take_apart(address);
  std::uint16_t port = 0;
  const auto* const end = parts.port.data() + parts.port.size();
  const auto read = std::from_chars(parts.port.data(), end, port);
  if (!is_host(parts.host) || parts.port.empty() || read.ec != std::errc{} || read.ptr != end || port == 0) {
    return user_error(errc::invalid_argument, "'" + address.substr(0, host_bytes_max) + "' is not tcp://HOST:PORT");
  }
  if (is_wildcard(parts.host)) {
    return user_error(errc::invalid_argument, "'" + address + "' names no machine: nobody could connect there");
  }
  return {};
}

std::string reachable_address(const std::string& listening) {
  const auto parts = take_apart(listening);
  if (!is_wildcard(parts.host)) return listening;
  std::array<char, host_bytes_max + 3> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return listening;
  return std::string{scheme} + name.data() + ":" + std::string{parts.port};
}

std::string fingerprint(const std::string& public_key) {
  constexpr unsigned shown = 16;
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(public_key.data(), public_key.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string text;
  for (unsigned i = 0; i < std::min(size, shown); ++i) {
    if (i > 0 && i % 2 == 0) text += '-';
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 0xf];
  }
  return text;
}

}  // namespace millrace::transport
