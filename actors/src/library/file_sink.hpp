#pragma once

#include <string>

#include "library/record_writer.hpp"
#include "library/segment_files.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"

namespace millrace::library {

/// Writes events to files of CSV or JSON lines that show each event exactly once, whatever crashes in between.
///
/// What is written between two snapshots goes to a file out of sight; the snapshot makes it durable, its completion
/// gives it its final name. The output is the folder's files of this actor in the order of their names. After a crash
/// files that no snapshot knows are deleted and written again. Thread: one of its own, because it waits for the disk.
class file_sink final : public sink {
public:
  ~file_sink() override;
  delivery delivers() const noexcept override { return delivery::transactional; }
  bool can_withdraw() const noexcept override { return true; }
  bool is_blocking() const noexcept override { return true; }

  result<void> configure(wiring& w) override;
  result<std::string> prepare(context& c, epoch_id epoch) override;
  result<void> commit(context& c, epoch_id epoch, const std::string& handle) override;
  result<void> recover(context& c, epoch_id restored, const std::vector<prepared>& handles) override;

private:
  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> open_pending();
  [[nodiscard]] result<void> flush();
  [[nodiscard]] error lost_file() const;
  [[nodiscard]] result<void> refuse_foreign_segments() const;

  in<record_view> in_{this, "in", &file_sink::on_record};
  param<std::string> path_{
      this,
      "path",
      "",
      {.required = true, .is_path = true, .help = "The folder the files go to; made when it is not there."}};
  param<std::string> format_{this, "format", "csv", {.choices = {"csv", "jsonl"}, .help = "How an event is written."}};
  param<bool> header_{this, "header", true, {.help = "Each CSV file starts with the names of the columns."}};
  param<std::string> time_format_{
      this,
      "time_format",
      "iso",
      {.choices = {"iso", "ns"}, .help = "How event times are written: ISO 8601, or nanoseconds since 1970."}};

  segment_files files_;
  record_writer writer_{record_writer::format::csv, time_format::iso};
  std::string buffer_;   ///< not yet given to the system
  std::string pending_;  ///< name of the file being written; empty: none
  int fd_ = -1;
  std::uint64_t written_ = 0;  ///< bytes of the file being written
  bool is_lost_ = false;       ///< the system may have dropped bytes of it
};

}  // namespace millrace::library
