#pragma once

#include <optional>
#include <string>

#include "millrace/calls/outside_calls.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"
#include "stage.hpp"

namespace millrace::postgresql {

/// Writes events to a table of PostgreSQL, each exactly once, whatever crashes in between: this process or the server.
///
/// What comes between two snapshots goes to a staging table; the snapshot makes it durable there, its completion moves
/// it into the table. Thread: one of its own, because it waits for the server.
class table_sink final : public sink {
public:
  delivery delivers() const noexcept override { return delivery::transactional; }
  bool is_blocking() const noexcept override { return true; }

  result<void> configure(wiring& w) override;
  result<std::string> prepare(context& c, epoch_id epoch) override;
  result<void> commit(context& c, epoch_id epoch, const std::string& handle) override;
  result<void> recover(context& c, epoch_id restored, const std::vector<prepared>& handles) override;
  void close(context& c) override;

private:
  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> check_keys(const schema& s);
  /// Gives what was buffered to the staging table.
  [[nodiscard]] result<void> stage_lines();
  /// Does what needs the server again and again while that is away, for at most `retry`.
  [[nodiscard]] result<void> patiently_with_server(context& c, const std::function<result<void>()>& work);

  in<record_view> in_{this, "in", &table_sink::on_record};
  param<std::string> connection_{this,
                                 "connection",
                                 "",
                                 {.required = true,
                                  .is_secret = true,
                                  .help = "A connection string or URI of libpq; keep passwords in ~/.pgpass or a "
                                          "service file."}};
  param<std::string> table_{
      this,
      "table",
      "",
      {.required = true, .help = "The table, or schema.table; made from the records' fields when it is not there."}};
  param<std::string> mode_{this,
                           "mode",
                           "append",
                           {.choices = {"append", "upsert"},
                            .help = "append: a row for each event; upsert: an event replaces the row of its key."}};
  param<std::string> key_{
      this, "key", "", {.help = "With upsert: the fields, separated by commas, that tell rows apart."}};
  param<std::string> time_format_{
      this,
      "time_format",
      "iso",
      {.choices = {"iso", "ns"},
       .help = "Event times as timestamps, which have microseconds, or as bigint of nanoseconds since 1970."}};
  param<std::int64_t> retry_s_{this,
                               "retry",
                               60,
                               {.unit = "s",
                                .min = 1,
                                .max = 86'400,
                                .help = "How long a server that is away is waited for before the actor fails."}};

  target_table target_;
  postgresql::connection server_;
  std::optional<outside_calls> calls_;  ///< from `recover` on
  stage stage_;
  std::string lines_;          ///< not staged yet
  std::int64_t first_ = 1;     ///< number of the first row behind the last prepared epoch
  std::int64_t buffered_ = 1;  ///< of the first row in `lines_`
  std::int64_t next_ = 1;      ///< of the next row
};

}  // namespace millrace::postgresql
