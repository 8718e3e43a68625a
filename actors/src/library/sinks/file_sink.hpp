#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "library/sinks/packer.hpp"
#include "library/sinks/segment_files.hpp"
#include "library/sinks/segment_writer.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"
#include "millrace/text/record_writer.hpp"

namespace millrace::library {

/// Writes events to files of CSV or JSON lines that show each event exactly once, whatever crashes in between.
///
/// What is written between two snapshots goes to files out of sight; the snapshot makes them durable, its completion
/// gives them their final names. The output is the folder's files of this actor in the order of their names; with
/// `split_by` each combination of values has a folder of its own below. After a crash files that no snapshot knows are
/// deleted and written again. Thread: one of its own, because it waits for the disk.
class file_sink final : public sink {
public:
  delivery delivers() const noexcept override { return delivery::transactional; }
  bool can_withdraw() const noexcept override { return true; }
  bool is_blocking() const noexcept override { return true; }

  result<void> configure(wiring& w) override;
  result<std::string> prepare(context& c, epoch_id epoch) override;
  result<void> commit(context& c, epoch_id epoch, const std::string& handle) override;
  result<void> recover(context& c, epoch_id restored, const std::vector<prepared>& handles) override;

private:
  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> find_split_fields(wiring& w);
  /// The folder below the output folder for a record, with a slash at its end; empty when there is none.
  [[nodiscard]] const std::string& folder_of(const record_view& record);
  [[nodiscard]] segment_writer& writer_for(const record_view& record);
  [[nodiscard]] bool is_to_be_rolled(const segment_writer& w, processing_time now) const;
  [[nodiscard]] result<void> flush(segment_writer& w);
  [[nodiscard]] result<void> flush_all();
  /// Ends the segment: the next record of its folder begins another one.
  [[nodiscard]] result<void> roll(segment_writer& w);
  [[nodiscard]] result<void> end_segments();
  [[nodiscard]] error lost_file() const;
  [[nodiscard]] result<void> refuse_foreign_segments() const;

  in<record_view> in_{this, "in", &file_sink::on_record};
  param<std::string> path_{
      this,
      "path",
      "",
      {.required = true, .is_path = true, .help = "The folder the files go to; made when it is not there."}};
  param<std::string> format_{this, "format", "csv", {.choices = {"csv", "jsonl"}, .help = "How an event is written."}};
  param<bool> header_{this,
                      "header",
                      true,
                      {.shown_when = param_condition{"format", {"csv"}},
                       .help = "Each CSV file starts with the names of the columns."}};
  param<std::string> time_format_{
      this,
      "time_format",
      "iso",
      {.choices = {"iso", "ns"}, .help = "How event times are written: ISO 8601, or nanoseconds since 1970."}};

  param<std::string> split_by_{
      this,
      "split_by",
      "",
      {.help = "Fields, separated by commas: each combination of their values goes to a folder 'field=value/…'."}};
  param<std::int64_t> roll_mib_{this,
                                "roll_mib",
                                0,
                                {.unit = "MiB",
                                 .min = 0,
                                 .max = 1 << 20,
                                 .help = "A file that has grown to this size is followed by another one; 0: one file "
                                         "a snapshot and folder."}};
  param<std::int64_t> roll_after_s_{this,
                                    "roll_after",
                                    0,
                                    {.unit = "s",
                                     .min = 0,
                                     .max = 31'536'000,
                                     .help = "So long after its first event a file is followed by another one, if no "
                                             "snapshot ends it before; 0: whenever a snapshot does."}};
  param<std::string> compress_{this,
                               "compress",
                               "none",
                               {.choices = {"none", "gzip", "zstd"},
                                .help = "What the files are packed with; they end in .gz or .zst then, and may be put "
                                        "together with cat."}};

  segment_files files_;
  std::unique_ptr<packer> packer_;  ///< none: files are written as they are
  record_writer writer_{record_writer::format::csv, time_format::iso};
  std::vector<std::uint32_t> split_fields_;
  std::string folder_;                          ///< of the last record
  std::map<std::string, segment_writer> open_;  ///< by folder
  std::vector<segment_handle> rolled_;          ///< durable; their final names are still only folders
  std::size_t buffered_ = 0;                    ///< bytes in all buffers, about
  std::size_t descriptors_ = 0;                 ///< held by `open_`, at most
  std::string lost_;                            ///< a file of which the system may have dropped bytes
};

}  // namespace millrace::library
