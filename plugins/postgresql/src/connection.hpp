#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/error.hpp"

struct pg_conn;
struct pg_result;

namespace millrace::postgresql {

/// Rows of an answer, all as texts. Views are good while it lives.
class answer {
public:
  [[nodiscard]] int size() const;
  [[nodiscard]] int columns() const;
  [[nodiscard]] bool is_null(int row, int column) const;
  [[nodiscard]] std::string_view at(int row, int column) const;
  /// Rows that a statement without an answer changed.
  [[nodiscard]] std::int64_t changed() const;

private:
  friend class connection;
  struct clearer {
    void operator()(pg_result* r) const noexcept;
  };
  std::unique_ptr<pg_result, clearer> handle_;
};

/// A session with a server; may be closed, and opened again after it was lost.
///
/// Errors: `unavailable` (retryable) when the server cannot be reached, went away, or is starting or stopping; then the
/// session is closed, and whether the last statement was done is not known. `disk_full` (retryable), `read_only` (the
/// user's: no rights), else what the server says with its detail and hint. Thread: one at a time.
class connection {
public:
  /// `settings`: a connection string or URI as libpq takes it; what it leaves out comes from PGHOST and the like.
  connection(std::string settings, std::string application_name)
      : settings_{std::move(settings)}, application_name_{std::move(application_name)} {}
  connection() = default;

  /// Error when the connection string cannot be read; asks no server.
  [[nodiscard]] static result<void> check(const std::string& settings);

  /// Opens the session unless it is open. Waits at most 10 s. Commits are durable in it, whatever the server's default,
  /// a lock is waited for at most 30 s, and times are in UTC.
  [[nodiscard]] result<void> open();
  void close() noexcept { handle_.reset(); }
  [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }
  /// `database on host`, for messages.
  [[nodiscard]] const std::string& place() const noexcept { return place_; }

  [[nodiscard]] result<answer> run(const std::string& sql, const std::vector<std::string>& values = {});
  /// `COPY … FROM STDIN` with text that is in its format.
  [[nodiscard]] result<void> copy_in(const std::string& sql, std::string_view text);
  /// Runs `work` between BEGIN and COMMIT; an error of it, or of the commit, leaves nothing behind (or, with
  /// `unavailable`, perhaps all).
  [[nodiscard]] result<void> in_transaction(const std::function<result<void>()>& work);

private:
  struct closer {
    void operator()(pg_conn* c) const noexcept;
  };
  [[nodiscard]] error failure(const pg_result* r);

  std::string settings_;
  std::string application_name_;
  std::string place_;
  std::unique_ptr<pg_conn, closer> handle_;
};

/// A name as SQL has it, in double quotes.
[[nodiscard]] std::string identifier(std::string_view name);

}  // namespace millrace::postgresql
