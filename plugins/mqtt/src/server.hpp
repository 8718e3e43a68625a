#pragma once

#include <mosquitto.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "millrace/error.hpp"
#include "millrace/param.hpp"
#include "millrace/source_params.hpp"

namespace millrace::mqtt {

/// What both actors are told about a server.
struct server_params {
  explicit server_params(actor* owner);

  param<std::string> server;
  param<std::string> credentials_file;
  param<std::string> tls;
  param<std::string> tls_ca;
  param<std::string> tls_cert;
  param<std::string> tls_key;
  outage_watch outage;
};

/// Where a server is and how it is talked to, checked.
struct address {
  std::string host;
  int port = 0;
  std::string credentials_file;
  bool has_tls = false;
  std::string ca;  ///< empty: the system's
  std::string certificate;
  std::string key;

  [[nodiscard]] std::string name() const { return host + ":" + std::to_string(port); }
};
/// Errors name the parameter.
[[nodiscard]] result<address> address_of(const server_params& p);

struct client_deleter {
  void operator()(mosquitto* m) const noexcept { mosquitto_destroy(m); }
};
using client = std::unique_ptr<mosquitto, client_deleter>;

/// A client that writes nothing to its connection but in `mosquitto_loop_write`. `id` empty: one that the library makes
/// up, with a session that ends with the connection. Errors: files that cannot be read (the user's).
[[nodiscard]] result<client> make_client(const address& at, const std::string& id, bool keeps_session, void* owner);

/// Waits until the connection can be read or, where something is to be written, written; false: not before `limit`.
/// True as well when it is broken.
[[nodiscard]] bool wait_for(mosquitto& m, std::chrono::milliseconds limit, bool for_writing);

/// Retryable: the server is away.
[[nodiscard]] error away(const address& at, const std::string& what);
/// What the library's code means, with the system's word where it has one.
[[nodiscard]] std::string text_of(int code);
/// What CONNACK said, as an error; only "server unavailable" is worth another try.
[[nodiscard]] error refused(const address& at, int code);

/// How long to wait before a server that is away is asked again: 100 ms, then twice as long each time up to 5 s.
class backoff {
public:
  [[nodiscard]] std::chrono::milliseconds next() noexcept;
  void reset() noexcept { last_ = std::chrono::milliseconds{0}; }

private:
  std::chrono::milliseconds last_{0};
};

}  // namespace millrace::mqtt
