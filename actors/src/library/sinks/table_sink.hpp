#pragma once

#include <memory>
#include <string>
#include <vector>

#include "library/tables/table_key.hpp"
#include "millrace/persistence/table_store.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"

namespace millrace::library {

/// Keeps the newest event of each key in a table on disk, which `millrace table` and other programs can read meanwhile.
///
/// Idempotent: an event that is written again replaces itself, so nothing is prepared. What a snapshot covers is on the
/// disk before the snapshot is; rows written after it are written again after a crash. Thread: one of its own, because
/// it waits for the disk.
class table_sink final : public sink {
public:
  delivery delivers() const noexcept override { return delivery::idempotent; }
  bool is_blocking() const noexcept override { return true; }

  result<void> configure(wiring& w) override;
  result<void> recover(context& c, epoch_id restored, const std::vector<prepared>& handles) override;
  result<std::string> prepare(context& c, epoch_id epoch) override;
  void on_watermark(context& c) override;
  void close(context& c) override;

private:
  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> flush();
  /// Writes what has waited for its time.
  void flush_when_due(context& c);

  in<record_view> in_{this, "in", &table_sink::on_record};
  param<std::string> path_{
      this,
      "path",
      "",
      {.required = true, .is_path = true, .help = "The folder the tables are in; made when it is not there."}};
  param<std::string> table_{this, "table", "", {.required = true, .help = "The table's name."}};
  param<std::string> key_{
      this, "key", "", {.required = true, .help = "The fields, separated by commas, that tell rows apart."}};
  param<std::int64_t> delay_ms_{
      this,
      "delay",
      1000,
      {.unit = "ms", .min = 1, .max = 600'000, .help = "How long an event may wait for others to be written with."}};

  table_key keys_;
  record_type_ptr type_;
  std::unique_ptr<batch_builder> builder_;
  std::shared_ptr<persistence::table_store> store_;
  std::vector<persistence::table_row> rows_;
  std::size_t bytes_ = 0;
  processing_time waits_since_{};
  byte_buffer encoded_;
};

}  // namespace millrace::library
