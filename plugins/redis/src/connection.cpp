#include "connection.hpp"

#include <sys/time.h>

#include <charconv>
#include <fstream>

#include "millrace/without_sigpipe.hpp"

namespace millrace::redis {

namespace {

constexpr timeval call_time_max{5, 0};
constexpr std::size_t password_bytes_max = 4096;

}  // namespace

result<address> parse_address(const std::string& text, const std::string& parameter) {
  address a;
  if (text.starts_with('/')) {
    a.socket = text;
    return a;
  }
  const auto colon = text.rfind(':');
  a.host = text.substr(0, colon);
  bool ok = !a.host.empty();
  if (colon != std::string::npos) {
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, a.port);
    ok = ok && read.ec == std::errc{} && read.ptr == end && a.port > 0 && a.port < 65536;
  }
  if (ok) return a;
  return user_error(errc::invalid_argument, "parameter '" + parameter + "': '" + text +
                                                "' is no server: write host:port, or the path of a unix socket");
}

std::string connection::name() const {
  return at_.socket.empty() ? at_.host + ":" + std::to_string(at_.port) : at_.socket;
}

error connection::away(const std::string& what) {
  context_.reset();
  return retryable_error(errc::io_error, "the Redis server " + name() + " is away (" + what + ")");
}

result<void> connection::open() {
  auto* const made = at_.socket.empty() ? redisConnectWithTimeout(at_.host.c_str(), at_.port, call_time_max)
                                        : redisConnectUnixWithTimeout(at_.socket.c_str(), call_time_max);
  context_.reset(made);
  if (made == nullptr) return away("no memory");
  if (made->err != 0) return away(std::string{made->errstr});
  (void)redisSetTimeout(made, call_time_max);
  return password_file_.empty() ? result<void>{} : log_in();
}

result<void> connection::log_in() {
  std::string password(password_bytes_max, '\0');
  std::ifstream in{password_file_};
  in.read(password.data(), static_cast<std::streamsize>(password.size()));
  password.resize(static_cast<std::size_t>(in.gcount()));
  password = password.substr(0, password.find_first_of("\r\n"));
  if (password.empty()) {
    close();
    return user_error(errc::io_error,
                      "parameter 'password_file': '" + password_file_ + "' cannot be read, or its first line is empty");
  }
  const auto answer = send({"AUTH", password});
  if (answer) return {};
  // A connection that is not logged in must not be taken for one.
  close();
  auto why = answer.error();
  // A server whose AUTH has another name repeats what came with it, and that is the password.
  why.message = why.message.substr(0, why.message.find(", with args"));
  return why;
}

result<reply> connection::run(const std::vector<std::string>& words) {
  if (context_ == nullptr) {
    if (auto ok = open(); !ok) return ok.error();
  }
  return send(words);
}

result<reply> connection::send(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  for (const auto& w : words) {
    texts.push_back(w.data());
    lengths.push_back(w.size());
  }
  const without_sigpipe guard;
  reply r{static_cast<redisReply*>(
      redisCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), lengths.data()))};
  if (r == nullptr) return away(context_->errstr);
  if (r->type != REDIS_REPLY_ERROR) return r;
  const std::string said{r->str, r->len};
  // Back, but not yet at work.
  if (said.starts_with("LOADING") || said.starts_with("BUSY ") || said.starts_with("MASTERDOWN")) return away(said);
  return fatal_error(errc::failed, "the Redis server " + name() + " refuses " + words.front() + ": " + said);
}

}  // namespace millrace::redis
