#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/error.hpp"

namespace millrace::redis {

struct reply_deleter {
  void operator()(redisReply* r) const noexcept { freeReplyObject(r); }
};
using reply = std::unique_ptr<redisReply, reply_deleter>;

/// Where a server is: `host:port`, or the path of a unix socket. Error: it is neither.
struct address {
  std::string host;
  int port = 6379;
  std::string socket;
};
[[nodiscard]] result<address> parse_address(const std::string& text, const std::string& parameter);

/// A connection to a Redis server that is made when it is needed, and again after it was lost. Calls wait for at most
/// 5 s. Thread: one owner.
class connection {
public:
  connection() = default;
  /// `password_file`: holds the password in its first line; empty: none is needed.
  connection(address at, std::string password_file) : at_{std::move(at)}, password_file_{std::move(password_file)} {}

  /// Errors: `io_error`, retryable: the server is away or still loading, and whether it did the command is not known;
  /// `failed` otherwise, with its own words.
  [[nodiscard]] result<reply> run(const std::vector<std::string>& words);
  void close() noexcept { context_.reset(); }
  [[nodiscard]] std::string name() const;

private:
  struct closer {
    void operator()(redisContext* c) const noexcept { redisFree(c); }
  };
  [[nodiscard]] result<void> open();
  [[nodiscard]] result<void> log_in();
  [[nodiscard]] error away(const std::string& what);
  [[nodiscard]] result<reply> send(const std::vector<std::string>& words);

  address at_;
  std::string password_file_;
  std::unique_ptr<redisContext, closer> context_;
};

}  // namespace millrace::redis
