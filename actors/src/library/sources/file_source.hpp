#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "library/sources/line_intake.hpp"
#include "library/sources/line_reader.hpp"
#include "library/sources/pacer.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/source_params.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Brings the lines of files into a topology, from the same place again after a crash.
///
/// File i belongs to partition i mod parallelism or, where there are patterns, to the partition its name decides; a
/// partition reads its files one after the other. A position is a file, a byte offset in its (unpacked) content and a
/// checksum of what that begins with, so that a file that was replaced meanwhile is refused instead of being read from
/// the middle. Where there are patterns it also holds the names of the partition's files: what a run started with is
/// what it reads, whatever files come later.
class file_source final : public producer {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  bool take_back(context& c, const dead_letter& letter) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override;
  std::chrono::nanoseconds disorder() const override { return disorder_.allowed(); }
  std::uint64_t backlog() const override;

private:
  struct position {
    std::uint64_t file = 0;  ///< index into the partition's own files
    std::uint64_t offset = 0;
    std::uint64_t line = 1;
    std::uint64_t head_bytes = 0;
    std::uint32_t head_crc = 0;
  };

  [[nodiscard]] position here() const;
  void find_files(const context& c);
  [[nodiscard]] std::vector<std::string> files_now(const context& c) const;
  void begin_file();
  void read_header(record_parser& parser, line_reader& reader) const;
  void check_is_the_same(const position& p) const;
  [[nodiscard]] bool step(context& c);
  [[nodiscard]] record_parser& parser_of(const std::string& path);

  out<record_view> out_{this, "out"};
  param<std::string> path_{
      this,
      "path",
      "",
      {.required = true,
       .help =
           "The file to read, or several separated by ';', also by patterns as logs/*.csv; .gz and .zst are unpacked. "
           "Relative ones start from the topology file's folder."}};
  line_intake intake_{this, out_, true};
  param<double> rate_{this,
                      "rate",
                      0,
                      {.unit = "events/s",
                       .min = 0,
                       .max = 1e9,
                       .help = "Most events a second, over all partitions; 0: as fast as possible."}};
  disorder_param disorder_{this};

  std::string base_folder_;
  std::vector<std::string> named_;                 ///< what `path` says
  std::optional<std::vector<std::string>> found_;  ///< this partition's files, where there are patterns
  std::vector<std::string> paths_;                 ///< this partition's, from the base folder on
  std::vector<std::uint64_t> bytes_behind_;        ///< of the files after file i
  pacer pacer_;
  bool is_restored_ = false;
  position start_;
  std::size_t file_ = 0;
  std::unique_ptr<line_reader> reader_;
  std::unique_ptr<record_parser> parser_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t lines_read_ = 0;
  std::string taken_back_from_;                       ///< the file of the dead letter taken back last
  std::unique_ptr<record_parser> taken_back_parser_;  ///< and what reads its lines
};

}  // namespace millrace::library
