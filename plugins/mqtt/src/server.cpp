#include "server.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <system_error>

namespace millrace::mqtt {

namespace {

using namespace std::chrono_literals;

constexpr int plain_port = 1883;
constexpr int tls_port = 8883;
constexpr std::size_t credential_bytes_max = 4096;

/// For the program's life: the library counts, but not under a lock.
void start_library() {
  static const int started = mosquitto_lib_init();
  (void)started;
}

result<std::array<std::string, 2>> read_credentials(const std::string& path) {
  std::string text(credential_bytes_max, '\0');
  std::ifstream in{path};
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  std::array<std::string, 2> lines;
  std::size_t from = 0;
  for (auto& line : lines) {
    const auto end = std::min(text.find('\n', from), text.size());
    line = text.substr(from, end - from);
    if (line.ends_with('\r')) line.pop_back();
    from = std::min(end + 1, text.size());
  }
  if (!lines[0].empty()) return lines;
  return user_error(errc::io_error, "parameter 'credentials_file': '" + path +
                                        "' cannot be read, or its first line, the user's name, is empty; the second "
                                        "one is the password");
}

error failed(const std::string& what, int code) {
  return user_error(errc::invalid_argument, what + ": " + text_of(code));
}

result<void> use_tls(mosquitto& m, const address& at) {
  const auto text = [](const std::string& s) { return s.empty() ? nullptr : s.c_str(); };
  if (at.ca.empty()) {
    if (const int rc = mosquitto_int_option(&m, MOSQ_OPT_TLS_USE_OS_CERTS, 1); rc != MOSQ_ERR_SUCCESS)
      return failed("the system's certificates cannot be used", rc);
  }
  // The library wants a place for authorities even when it asks the system.
  const char* const folder = at.ca.empty() ? "/etc/ssl/certs" : nullptr;
  const int rc = mosquitto_tls_set(&m, text(at.ca), folder, text(at.certificate), text(at.key), nullptr);
  if (rc == MOSQ_ERR_SUCCESS) return {};
  return failed("parameters 'tls_ca', 'tls_cert', 'tls_key': a file cannot be read", rc);
}

}  // namespace

server_params::server_params(actor* owner)
    : server{owner,
             "server",
             "127.0.0.1",
             {.help = "host or host:port; without one it is port 1883, or 8883 with TLS."}},
      credentials_file{owner,
                       "credentials_file",
                       "",
                       {.is_path = true,
                        .help = "A file with the user's name in its first line and the password in its second; empty: "
                                "none are needed."}},
      tls{owner, "tls", "no", {.choices = {"no", "yes"}, .help = "Whether the connection is encrypted."}},
      tls_ca{owner,
             "tls_ca",
             "",
             {.is_path = true, .help = "The authorities that may vouch for the server (PEM); empty: the system's."}},
      tls_cert{owner, "tls_cert", "", {.is_path = true, .help = "A certificate of this client's own (PEM)."}},
      tls_key{owner, "tls_key", "", {.is_path = true, .help = "Its key (PEM, not encrypted)."}},
      outage{owner} {}

result<address> address_of(const server_params& p) {
  address a;
  a.has_tls = *p.tls == "yes";
  a.port = a.has_tls ? tls_port : plain_port;
  const auto& text = *p.server;
  const auto colon = text.rfind(':');
  a.host = text.substr(0, colon);
  bool ok = !a.host.empty();
  if (colon != std::string::npos) {
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, a.port);
    ok = ok && read.ec == std::errc{} && read.ptr == end && a.port > 0 && a.port < 65536;
  }
  if (!ok) {
    return user_error(errc::invalid_argument,
                      "parameter 'server': '" + text + "' is no server: write host or host:port");
  }
  for (const auto* file : {&p.tls_ca, &p.tls_cert, &p.tls_key}) {
    if ((*file)->empty() || a.has_tls) continue;
    return user_error(errc::invalid_argument, "parameter '" + file->name() + "' is set, but 'tls' is no");
  }
  if (p.tls_cert->empty() != p.tls_key->empty())
    return user_error(errc::invalid_argument, "'tls_cert' and 'tls_key' are set together, or neither");
  a.credentials_file = *p.credentials_file;
  a.ca = *p.tls_ca;
  a.certificate = *p.tls_cert;
  a.key = *p.tls_key;
  return a;
}

result<client> make_client(const address& at, const std::string& id, bool keeps_session, void* owner) {
  start_library();
  client made{mosquitto_new(id.empty() ? nullptr : id.c_str(), !keeps_session, owner)};
  if (made == nullptr) return fatal_error(errc::failed, "libmosquitto makes no client: " + text_of(MOSQ_ERR_ERRNO));
  auto& m = *made;
  // Without this each call writes what it has to say at once.
  (void)mosquitto_threaded_set(&m, true);
  (void)mosquitto_int_option(&m, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311);
  (void)mosquitto_int_option(&m, MOSQ_OPT_TCP_NODELAY, 1);
  if (!at.credentials_file.empty()) {
    const auto words = read_credentials(at.credentials_file);
    if (!words) return words.error();
    (void)mosquitto_username_pw_set(&m, (*words)[0].c_str(), (*words)[1].c_str());
  }
  if (at.has_tls) {
    if (auto ok = use_tls(m, at); !ok) return ok.error();
  }
  return made;
}

bool wait_for(mosquitto& m, std::chrono::milliseconds limit, bool for_writing) {
  pollfd on{mosquitto_socket(&m), POLLIN, 0};
  if (on.fd < 0) return true;
  if (for_writing) on.events = POLLIN | POLLOUT;
  return ::poll(&on, 1, static_cast<int>(limit.count())) != 0;
}

error away(const address& at, const std::string& what) {
  return retryable_error(errc::io_error, "the MQTT server " + at.name() + " is away (" + what + ")");
}

std::string text_of(int code) {
  if (code == MOSQ_ERR_ERRNO && errno != 0) return std::generic_category().message(errno);
  return mosquitto_strerror(code);
}

error refused(const address& at, int code) {
  constexpr int server_unavailable = 3;  // MQTT 3.1.1, section 3.2.2.3
  const std::string why = mosquitto_connack_string(code);
  if (code == server_unavailable) return away(at, why);
  return fatal_error(errc::failed, "the MQTT server " + at.name() + " refuses the connection: " + why);
}

std::chrono::milliseconds backoff::next() noexcept {
  constexpr auto first = 100ms;
  constexpr std::chrono::milliseconds longest = 5s;
  last_ = std::clamp<std::chrono::milliseconds>(2 * last_, first, longest);
  return last_;
}

}  // namespace millrace::mqtt
