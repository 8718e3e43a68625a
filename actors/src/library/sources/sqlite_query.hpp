#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "library/sql/sqlite.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"

namespace millrace::library {

/// Brings the rows of a query on a SQLite file into a topology, in the order of a column that grows, and later the rows
/// that were added.
///
/// The position is the column's value in the last row read, so after a crash the same rows come again as long as rows
/// once read stay as they are. Partition 0 reads; more partitions bring nothing. Thread: one of its own, because it
/// waits for the disk and for locks.
class sqlite_query final : public producer {
public:
  bool is_blocking() const noexcept override { return true; }

  result<void> configure(wiring& w) override;
  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override;
  std::chrono::nanoseconds disorder() const override { return std::chrono::milliseconds{*disorder_ms_}; }

private:
  /// Nothing: from the first row. The kinds of value that have one order.
  using place = std::variant<std::monostate, std::int64_t, std::string>;

  [[nodiscard]] std::size_t read_page(context& c, std::int64_t rows);
  void step_to(const value& key);
  void emit_row(context& c, const sqlite::statement& row);
  /// Empty: the field has its value; else what is wrong with it.
  [[nodiscard]] std::string set_field(std::uint32_t i, const sqlite::statement& row);

  param<std::string> path_{this, "path", "", {.required = true, .is_path = true, .help = "The database file."}};
  param<std::string> query_{
      this, "query", "", {.required = true, .help = "A SELECT without ORDER BY and LIMIT, or a table's name."}};
  param<std::string> fields_{
      this,
      "fields",
      "",
      {.required = true, .help = "The query's columns to read, and their types: id:int64,name:string?,at:event_time."}};
  param<std::string> column_{
      this,
      "column",
      "",
      {.required = true, .help = "The field that grows: unique, a whole number or a text, larger in added rows."}};
  param<std::int64_t> page_{
      this, "page", 1000, {.unit = "rows", .min = 1, .max = 100'000, .help = "Most rows asked for at a time."}};
  param<std::int64_t> interval_ms_{
      this,
      "interval",
      1000,
      {.unit = "ms", .min = 10, .max = 86'400'000, .help = "How often new rows are looked for when all are read."}};
  param<bool> until_end_{this, "until_end", false, {.help = "The input ends when all rows are read."}};
  param<std::int64_t> disorder_ms_{
      this,
      "disorder",
      0,
      {.unit = "ms", .min = 0, .max = 86'400'000, .help = "How far event times may run behind the newest one read."}};
  out<record_view> out_{this, "out"};

  schema_ptr schema_;
  std::uint32_t column_index_ = 0;
  sqlite::connection db_;
  place position_;
  std::uint64_t read_ = 0;
  std::string text_;
  std::string scratch_;
};

}  // namespace millrace::library
