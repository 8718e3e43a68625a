#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "millrace/error.hpp"
#include "millrace/value.hpp"

struct sqlite3;
struct sqlite3_stmt;

/// A thin layer over SQLite's C interface: handles that close themselves, errors as `result`.
namespace millrace::library::sqlite {

/// How long a writer waits for the others of the same file before it gives up: far longer than moving an epoch takes,
/// shorter than a person takes for a hang.
inline constexpr std::chrono::milliseconds busy_max{30'000};

/// A compiled statement. Must not outlive its connection. Texts read from a row are good until the next `step`.
class statement {
public:
  statement() = default;

  /// `index` counts from 1. Text and bytes must stay until `reset`.
  void bind(int index, std::int64_t v);
  void bind(int index, double v);
  void bind_text(int index, std::string_view v);
  void bind_bytes(int index, bytes_view v);
  void bind_null(int index);

  /// True: there is a row.
  [[nodiscard]] result<bool> step();
  /// Steps to the end, for statements without rows, and resets.
  [[nodiscard]] result<void> run();
  void reset();

  /// Columns of the row, from 0.
  [[nodiscard]] int columns() const;
  [[nodiscard]] std::string column_name(int index) const;
  [[nodiscard]] std::int64_t integer(int index) const;
  /// As SQLite shows it; empty for NULL.
  [[nodiscard]] std::string text(int index) const;
  /// As it is stored: null, int64, float64, string or bytes.
  [[nodiscard]] value at(int index) const;

private:
  friend class connection;
  struct finalizer {
    void operator()(sqlite3_stmt* s) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, finalizer> handle_;
  std::string path_;
};

/// An open database file. Thread: one at a time.
class connection {
public:
  connection() = default;
  /// Opens for writing (makes the file, but not its folder) or for reading only. Writers use a write-ahead log, which
  /// lets readers go on meanwhile, and are synced at each commit.
  [[nodiscard]] static result<connection> open(const std::string& path, bool is_read_only);

  [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Runs statements that give no rows.
  [[nodiscard]] result<void> run(const std::string& sql);
  [[nodiscard]] result<statement> prepare(const std::string& sql);
  /// The first column of the first row; null where there is none.
  [[nodiscard]] result<std::string> ask(const std::string& sql);

private:
  struct closer {
    void operator()(sqlite3* db) const noexcept;
  };
  [[nodiscard]] result<void> use_write_ahead_log();

  std::unique_ptr<sqlite3, closer> handle_;
  std::string path_;
};

/// Ends a transaction as if it had never been, unless it was committed.
class transaction {
public:
  /// Takes the write lock at once: waiting later could not be solved by waiting.
  [[nodiscard]] static result<transaction> begin(connection& c);
  transaction(transaction&& other) noexcept : connection_{other.connection_} { other.connection_ = nullptr; }
  transaction& operator=(transaction&&) = delete;
  ~transaction();
  /// Durable when it returns.
  [[nodiscard]] result<void> commit();

private:
  explicit transaction(connection& c) : connection_{&c} {}
  connection* connection_;
};

/// A name as SQL has it, in double quotes.
[[nodiscard]] std::string identifier(std::string_view name);

}  // namespace millrace::library::sqlite
