#pragma once

#include <string>
#include <vector>

#include "library/processors/number_functions.hpp"
#include "library/processors/window_frame.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/record.hpp"
#include "millrace/sessions.hpp"
#include "millrace/windows.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// What a window keeps of a key: enough for every function it can be asked for.
struct window_row {
  std::int64_t count{};
  double sum{};
  double min{};
  double max{};

  void add(double number) noexcept;
  void merge(const window_row& o) noexcept;
};
MILLRACE_RECORD(window_row, 1, count, sum, min, max)

/// What the ready-made windows share: key, value, functions, and the records they make.
///
/// Output: the key fields, `window_start`, `window_end` (the record's event time), a column for each function, and
/// `firing`: complete, early, correction or retraction. Events without an event time, and those whose value is null or
/// NaN, are left out.
class windowed : public processor {
protected:
  void on_result(context& c, const window_result<window_row>& r);
  [[nodiscard]] result<void> configure_columns(wiring& w);
  /// False: the record counts nowhere.
  [[nodiscard]] bool read(const record_view& record, event_time& at, double& number) const;
  virtual void on_record(context& c, const record_view& record) = 0;
  void take(context& c, const record_view& record) { on_record(c, record); }

  in<record_view> in_{this, "in", &windowed::take, {.mergeable = true}};
  out<record_view> out_{this, "out"};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> value_{this, "value", "", {.help = "The numeric field to sum up; only count needs none."}};
  param<std::string> functions_{
      this, "functions", "count", {.help = "Output columns, separated by commas: count, sum, min, max, mean."}};

private:
  window_frame frame_;
  std::vector<number_function> columns_;
  std::uint32_t value_index_ = 0;
  bool has_value_ = false;
};

/// Tumbling and sliding windows of event time over a stream, by key.
class window final : public windowed {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record) override;

  windows<window_row> windows_{this, "window", &window::on_result};
  window_params shape_{this};
  param<std::int64_t> early_events_{this,
                                    "early_events",
                                    0,
                                    {.unit = "events",
                                     .min = 0,
                                     .max = 1'000'000'000,
                                     .help = "A provisional result after every so many events of a key; 0: none."}};
  param<std::string> early_every_{
      this,
      "early_every",
      "0s",
      {.help = "Provisional results of changed keys at this distance by the clock; 0s: none."}};
};

/// Sessions of a stream by key: events that follow each other at less than a gap.
class session final : public windowed {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record) override;

  sessions<window_row> sessions_{this, "session", &session::on_result};
  param<std::string> lateness_{
      this, "allowed_lateness", "0s", {.help = "How late events still correct results, e.g. 10s."}};
  param<std::string> gap_{this, "gap", "", {.required = true, .help = "A pause so long ends a session, e.g. 30s."}};
};

}  // namespace millrace::library
