#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "millrace/port.hpp"
#include "millrace/sink.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

/// Shows the newest event of each key, for looking: on a terminal as a table that stays in place, elsewhere as lines of
/// the keys that changed, and the whole table at the end. Not part of a snapshot: after a recovery it fills again.
class console_table final : public sink {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void close(context& c) override;
  void on_end_of_input(context& c) override;
  result<std::string> prepare(context& c, epoch_id epoch) override;

private:
  struct row {
    std::vector<std::string> cells;
    bool has_changed = true;
  };
  void on_record(context& c, const record_view& record);
  void show(context& c);
  void print_end();
  [[nodiscard]] std::vector<std::string> lines(bool only_changed) const;

  in<record_view> in_{this, "in", &console_table::on_record};
  param<std::string> key_{
      this, "key", "", {.required = true, .help = "Fields, separated by commas, of which each combination has a row."}};
  param<std::int64_t> rows_{
      this, "rows", 20, {.min = 1, .max = 10'000, .help = "Most rows shown, in the order of their keys."}};
  param<std::int64_t> interval_ms_{
      this, "interval", 250, {.unit = "ms", .min = 20, .max = 60'000, .help = "Least time between two drawings."}};
  param<std::string> time_format_{
      this,
      "time_format",
      "iso",
      {.choices = {"iso", "ns"}, .help = "How event times are written: ISO 8601, or nanoseconds since 1970."}};

  std::vector<std::uint32_t> key_fields_;
  std::vector<std::string> columns_;
  std::map<std::string, row> table_;  ///< by key, in a form that sorts like its text
  std::uint64_t left_out_ = 0;        ///< events of keys there was no room for
  time_format times_ = time_format::iso;
  bool is_live_ = false;  ///< on a terminal
  bool has_ended_ = false;
  std::string name_;
  processing_time shown_at_{};
  bool has_news_ = false;
};

}  // namespace millrace::library
