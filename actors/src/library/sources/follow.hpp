#pragma once

#include <memory>
#include <string>
#include <vector>

#include "library/sources/followed_file.hpp"
#include "library/sources/line_intake.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/source_params.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Brings the lines of files that grow into a topology as they are written, as `tail -F` does, and again after a crash.
///
/// A file is what its inode says, whatever it is called; it belongs to the partition its inode decides, so that a
/// rotated file stays where it was. Every so often a partition looks which files there are and which have grown: files
/// on any file system, also those that tell nobody of changes. A position holds for each file how far it was read and
/// checksums that know it again. Order is kept within a file. Thread: owning actor.
class follow final : public producer {
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
  void find_marked(context& c);
  void look(context& c);
  void find_new(const context& c);
  void check(context& c, followed_file& f);
  void drop_rotated(context& c);
  [[nodiscard]] followed_file* with_news();
  /// Reads at most `max` lines of a file; fewer: it has no more for now.
  std::size_t read_some(context& c, followed_file& f, std::size_t max, line_reader::ending e);
  [[nodiscard]] bool make_parser(followed_file& f, line_reader::ending e);
  void read_unfinished(context& c, followed_file& f);
  void forget_reader() noexcept;
  [[nodiscard]] poll_result rest(context& c);

  out<record_view> out_{this, "out"};
  param<std::string> path_{
      this,
      "path",
      "",
      {.required = true,
       .help = "The file to follow, or several separated by ';', also by patterns as logs/*.log. "
               "Relative ones start from the topology file's folder; they need not be there yet."}};
  line_intake intake_{this, out_, true};
  param<int> interval_ms_{
      this, "interval", 250, {.unit = "ms", .min = 10, .max = 3'600'000, .help = "Between two looks for what is new."}};
  param<int> linger_s_{this,
                       "linger",
                       5,
                       {.unit = "s",
                        .min = 0,
                        .max = 86'400,
                        .help = "How long a file that was rotated away, or deleted, is read on after its last line."}};
  quiet_watch quiet_{this, "a line"};
  param<std::string> on_missing_{
      this,
      "on_missing",
      "fail",
      {.choices = {"fail", "skip"},
       .help = "When a file that a snapshot was reading is gone: fail the actor, or go on without its rest."}};
  disorder_param disorder_{this};

  std::string base_folder_;
  std::vector<std::string> named_;
  std::vector<file_mark> marks_;  ///< of the snapshot
  std::vector<std::unique_ptr<followed_file>> files_;
  const followed_file* reading_ = nullptr;
  std::unique_ptr<line_reader> reader_;  ///< of `reading_`
  std::size_t turn_ = 0;                 ///< the file to be read next, so that a busy one does not keep the others back
  processing_time next_look_{};
  std::uint64_t bytes_read_ = 0;
  std::uint64_t lines_read_ = 0;
};

}  // namespace millrace::library
