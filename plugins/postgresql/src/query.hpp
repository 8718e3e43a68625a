#pragma once

#include <optional>
#include <string>

#include "connection.hpp"
#include "millrace/calls/outside_calls.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"

namespace millrace::postgresql {

/// Brings the rows of a query into a topology, in the order of a column that grows, and later the rows that were added.
///
/// The position is the column's value in the last row read, so after a crash the same rows come again as long as rows
/// once read stay as they are. Pages are bounded. Partition 0 reads; more partitions bring nothing. Thread: one of its
/// own, because it waits for the server.
class query_source final : public producer {
public:
  bool is_blocking() const noexcept override { return true; }

  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void close(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override;
  std::chrono::nanoseconds disorder() const override { return std::chrono::milliseconds{*disorder_ms_}; }

private:
  [[nodiscard]] result<void> fetch();
  void emit_row(context& c);
  void set_aside(context& c, const std::string& field, const std::string& what, std::string_view text);

  param<std::string> connection_{this,
                                 "connection",
                                 "",
                                 {.required = true,
                                  .is_secret = true,
                                  .help = "A connection string or URI of libpq; keep passwords in ~/.pgpass or a "
                                          "service file."}};
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
      {.required = true, .help = "The field that grows: unique, never null, and larger in rows that are added."}};
  param<std::string> after_{this, "after", "", {.help = "Only rows behind this value; empty: from the first."}};
  param<std::int64_t> page_{
      this, "page", 1000, {.unit = "rows", .min = 1, .max = 100'000, .help = "Rows asked for at a time."}};
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
  param<std::int64_t> retry_s_{this,
                               "retry",
                               60,
                               {.unit = "s",
                                .min = 1,
                                .max = 86'400,
                                .help = "How long a server that is away is waited for before the actor fails."}};
  out<record_view> out_{this, "out"};

  schema_ptr schema_;
  std::uint32_t column_index_ = 0;
  postgresql::connection server_;
  std::optional<outside_calls> calls_;  ///< from the first call on
  answer rows_;
  int at_ = 0;        ///< the next row of the page
  int page_end_ = 0;  ///< behind the last one to emit
  bool is_last_page_ = false;
  bool has_position_ = false;
  std::string position_;  ///< the column's value in the last row read
  std::uint64_t read_ = 0;
  std::string scratch_;
  std::string text_;
};

}  // namespace millrace::postgresql
