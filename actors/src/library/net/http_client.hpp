#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "library/net/http_message.hpp"
#include "millrace/error.hpp"

namespace millrace::library {

/// A request to be made.
struct http_call {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
};

/// What every call of a client is bound by.
struct http_client_limits {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds whole{30'000};  ///< from the name's look-up to the last byte
  std::size_t answer_bytes = std::size_t{1} << 20;
  unsigned redirects = 0;  ///< followed, never from https to http and never to another protocol
  std::string ca_file{};   ///< PEM; empty: the system's
};

/// Checks that a parameter is an http or https address without a user name in it. Errors name the parameter.
[[nodiscard]] result<void> check_url(const std::string& url, const std::string& parameter);
/// The address without query, which may hold a secret: for messages.
[[nodiscard]] std::string shown_url(const std::string& url);

/// Makes calls over connections that are kept, on libcurl. Certificates are always checked.
///
/// Thread: one owner, which waits.
class http_client {
public:
  explicit http_client(http_client_limits limits);
  http_client(http_client&&) noexcept;
  http_client& operator=(http_client&&) noexcept;
  ~http_client();

  /// The answer, whatever its status. Errors: `timeout` and `unavailable` (retryable: nobody knows whether the call had
  /// an effect), `limit_exceeded` for an answer too long, `invalid_argument` for a certificate or an address that
  /// cannot be used.
  [[nodiscard]] result<http_answer> call(const http_call& what);

private:
  struct handle;
  std::unique_ptr<handle> handle_;
  http_client_limits limits_;
};

/// The value of a header of an answer; empty: not there.
[[nodiscard]] std::string header_of(const http_answer& a, std::string_view name);

}  // namespace millrace::library
