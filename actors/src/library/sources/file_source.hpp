#pragma once

#include <memory>
#include <string>
#include <vector>

#include "library/sources/line_reader.hpp"
#include "library/sources/pacer.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/text/record_parser.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Brings the lines of CSV or JSON-lines files into a topology, from the same place again after a crash.
///
/// File i belongs to partition i mod parallelism; a partition reads its files one after the other. A position is a
/// file, a byte offset and a checksum of what the file begins with, so that a file that was replaced meanwhile is
/// refused instead of being read from the middle.
class file_source final : public producer {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  bool take_back(context& c, const dead_letter& letter) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override;
  std::chrono::nanoseconds disorder() const override { return std::chrono::milliseconds{*disorder_ms_}; }
  std::uint64_t backlog() const override;

private:
  struct position {
    std::uint64_t file = 0;  ///< index into the partition's own files
    std::uint64_t offset = 0;
    std::uint64_t line = 1;
    std::uint64_t head_bytes = 0;
    std::uint32_t head_crc = 0;
  };

  enum class line_format : unsigned char { csv, jsonl, weblog };
  /// By the parameter, or by the name's end.
  [[nodiscard]] line_format format_of(const std::string& path) const;
  [[nodiscard]] std::unique_ptr<record_parser> make_parser(line_format f) const;
  [[nodiscard]] position here() const;
  void begin_file();
  void check_is_the_same(const position& p) const;
  [[nodiscard]] bool step(context& c);
  void take(context& c, const line_reader::record& r);
  void reject(context& c, const line_problem& problem, std::string_view content);
  [[nodiscard]] record_parser& parser_of(const std::string& path);

  param<std::string> path_{
      this,
      "path",
      "",
      {.required = true,
       .help = "The file to read, or several separated by ';'. Relative ones start from the topology file's folder."}};
  param<std::string> fields_{
      this,
      "fields",
      "",
      {.required = true, .help = "Names and types of the fields, e.g. account:string,amount:float64,at:event_time."}};
  param<std::string> format_{
      this,
      "format",
      "auto",
      {.choices = {"auto", "csv", "jsonl", "weblog"},
       .help =
           "auto: by the file name's end (.csv, .jsonl, .ndjson or .json). weblog: lines of a web server, common or "
           "combined; fields host, ident, user, at, request, method, path, query, protocol, status, bytes, "
           "referer, agent."}};
  param<bool> header_{this, "header", true, {.help = "The first line of a CSV file names the columns."}};
  param<double> rate_{this,
                      "rate",
                      0,
                      {.unit = "events/s",
                       .min = 0,
                       .max = 1e9,
                       .help = "Most events a second, over all partitions; 0: as fast as possible."}};
  param<std::string> on_malformed_{
      this,
      "on_malformed",
      "dead_letter",
      {.choices = {"dead_letter", "fail"},
       .help = "What a line that cannot be read does: become a dead letter, or fail the actor."}};
  param<int> disorder_ms_{
      this,
      "disorder",
      0,
      {.unit = "ms", .min = 0, .max = 86'400'000, .help = "How far event times may run behind the newest one read."}};
  out<record_view> out_{this, "out"};

  std::vector<std::string> all_paths_;
  std::vector<std::string> paths_;           ///< this partition's
  std::vector<std::uint64_t> bytes_behind_;  ///< of the files after file i
  schema_ptr schema_;
  pacer pacer_;
  position start_;
  std::size_t file_ = 0;
  std::unique_ptr<line_reader> reader_;
  std::unique_ptr<record_parser> parser_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t lines_read_ = 0;
  std::uint64_t skipped_ = 0;
  std::uint64_t next_logged_ = 10;
  bool is_fatal_ = false;                             ///< a malformed line fails the actor
  processing_time now_{};                             ///< of the poll
  std::string original_;                              ///< of a line that parsing may change
  std::string taken_back_from_;                       ///< the file of the dead letter taken back last
  std::unique_ptr<record_parser> taken_back_parser_;  ///< and what reads its lines
};

}  // namespace millrace::library
