#pragma once

#include <memory>
#include <string>
#include <vector>

#include "library/sinks/sqlite_stage.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"

namespace millrace::library {

/// Writes events to a table of a SQLite file, each exactly once, whatever crashes in between.
///
/// What comes between two snapshots goes to a staging table; the snapshot makes it durable there, its completion moves
/// it into the table. Several partitions, and several sinks, may write to one file: they wait for each other. Thread:
/// one of its own, because it waits for the disk and for locks.
class sqlite_sink final : public sink {
public:
  delivery delivers() const noexcept override { return delivery::transactional; }
  bool is_blocking() const noexcept override { return true; }

  result<void> configure(wiring& w) override;
  result<std::string> prepare(context& c, epoch_id epoch) override;
  result<void> commit(context& c, epoch_id epoch, const std::string& handle) override;
  result<void> recover(context& c, epoch_id restored, const std::vector<prepared>& handles) override;

private:
  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> check_keys(const schema& s);
  void check_values(const record_view& record) const;
  /// Gives what was buffered to the staging table.
  [[nodiscard]] result<void> stage();

  in<record_view> in_{this, "in", &sqlite_sink::on_record};
  param<std::string> path_{
      this, "path", "", {.required = true, .is_path = true, .help = "The database file; made when it is not there."}};
  param<std::string> table_{
      this, "table", "", {.required = true, .help = "The table; made from the records' fields when it is not there."}};
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
      {.choices = {"iso", "ns"}, .help = "Event times as ISO 8601 texts, or as integers of nanoseconds since 1970."}};

  sqlite::target_table target_;
  record_type_ptr type_;
  std::unique_ptr<batch_builder> buffer_;
  batch_ptr waiting_;  ///< taken from the buffer, and not yet in the staging table
  std::vector<bool> not_null_;
  sqlite_stage stage_;
  std::int64_t first_ = 1;  ///< number of the first row behind the last prepared epoch
};

}  // namespace millrace::library
