#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "library/processors/key_fields.hpp"
#include "library/processors/number_functions.hpp"
#include "millrace/port.hpp"
#include "millrace/record.hpp"
#include "millrace/running.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// What an aggregation keeps for a key: enough for every function it can be asked for.
struct aggregate_row {
  std::int64_t count{};
  double sum{};
  double min{};
  double max{};
  event_time newest = event_time::min();
  bool is_changed{};  ///< since it was last emitted
  // Of decimals, digit by digit. Not there in rows of version 1, which go on from what is nearest to their doubles.
  bool is_exact{};
  decimal exact_sum{};
  decimal exact_min{};
  decimal exact_max{};

  void merge(const aggregate_row& o) noexcept;
  /// Begins to count exactly with what was counted so far.
  void make_exact(std::uint8_t scale) noexcept;
  /// Throws std::runtime_error, unchanged, when the sum takes more digits than a decimal holds. Before the event is
  /// counted.
  void add_exact(decimal number);
};
MILLRACE_RECORD(aggregate_row, 2, count, sum, min, max, newest, is_changed, since(2, is_exact), since(2, exact_sum),
                since(2, exact_min), since(2, exact_max))

/// Counts and sums up a stream by key. Output: the key fields, a column for each function, and `at`, the event time of
/// the key's newest event.
///
/// Events whose value is null or NaN are left out. Decimals are summed up exactly, all else as doubles. Memory: about
/// 150 bytes a key.
class aggregate final : public processor {
public:
  result<void> configure(wiring& w) override;
  void on_watermark(context& c) override;
  void on_end_of_input(context& c) override;
  void on_restore(context& c) override;

private:
  void on_record(context& c, const record_view& record);
  void add(aggregate_row& row, const record_view& record, double number) const;
  void on_change(context& c, aggregate_row& row);
  void emit_changed();
  void emit(bytes_view key, const aggregate_row& row);
  [[nodiscard]] value value_for(number_function f, const aggregate_row& row) const noexcept;

  in<record_view> in_{this, "in", &aggregate::on_record, {.mergeable = true}};
  out<record_view> out_{this, "out"};
  running<aggregate_row> row_{this, "aggregate", &aggregate::on_change};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> value_{this, "value", "", {.help = "The numeric field to sum up; only count needs none."}};
  param<std::string> functions_{
      this, "functions", "count", {.help = "Output columns, separated by commas: count, sum, min, max, mean."}};
  param<std::string> emit_{this,
                           "emit",
                           "change",
                           {.choices = {"change", "watermark", "end"},
                            .help = "change: a row after each event; watermark: the keys that changed, as event time "
                                    "goes on; end: one row a key when "
                                    "the input ends."}};

  key_fields fields_;
  std::vector<number_function> columns_;
  std::uint32_t value_index_ = 0;
  bool has_value_ = false;
  bool is_decimal_ = false;  ///< the value
  std::optional<std::uint32_t> time_index_;
  std::vector<key_bytes> changed_;  ///< keys of the rows with is_changed
};

}  // namespace millrace::library
