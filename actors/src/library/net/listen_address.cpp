#include "library/net/listen_address.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace millrace::library {

std::string listen_address::text() const {
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

result<listen_address> parse_listen_address(const std::string& text, const std::string& parameter) {
  const auto refuse = [&](const std::string& why) {
    return user_error(errc::invalid_argument, "parameter '" + parameter + "': '" + text + "' " + why +
                                                  "; give an address of this machine and a port, as 127.0.0.1:8080, "
                                                  "[::1]:8080 or *:8080");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return refuse("has no port");
  listen_address out;
  out.host = text.substr(0, colon);
  const auto* digits = text.data() + colon + 1;
  const auto* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(digits, end, out.port);
  if (failed != std::errc{} || at != end || digits == end) return refuse("has no port from 0 to 65535");
  if (out.host == "localhost") out.host = "127.0.0.1";
  if (out.host == "*") out.host = "0.0.0.0";
  out.is_v6 = out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']';
  if (out.is_v6) out.host = out.host.substr(1, out.host.size() - 2);
  unsigned char parsed[sizeof(in6_addr)];
  if (inet_pton(out.is_v6 ? AF_INET6 : AF_INET, out.host.c_str(), parsed) != 1) return refuse("names no address");
  return out;
}

}  // namespace millrace::library
