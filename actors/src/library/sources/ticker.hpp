#pragma once

#include <optional>
#include <string>

#include "library/sources/cron_times.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Ticks by the clock, at a distance or at given times, so that a topology can do something at times of its own.
///
/// A tick is due at a time that does not depend on when the run began (multiples of the distance since 1970), and a
/// position is the last one: after a standstill or a crash every tick that was due since comes, once. Partition 0
/// ticks.
class ticker final : public producer {
public:
  replay replays() const noexcept override { return *missed_ == "skip" ? replay::live : replay::replayable; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override { return "tick " + std::to_string(number_); }

private:
  [[nodiscard]] processing_time due_after(processing_time t) const;

  param<std::int64_t> interval_ms_{this,
                                   "interval",
                                   1000,
                                   {.unit = "ms",
                                    .min = 1,
                                    .max = 31'536'000'000,
                                    .help = "Between two ticks, at multiples of it since 1970; not with 'at'."}};
  param<std::string> at_{this,
                         "at",
                         "",
                         {.help = "Times as in cron: minute hour day month weekday, e.g. 0 8 * * mon-fri; instead of "
                                  "'interval'."}};
  param<int> ahead_of_utc_{
      this, "ahead_of_utc", 0, {.unit = "min", .min = -720, .max = 840, .help = "Of the times in 'at'."}};
  param<std::int64_t> count_{
      this, "count", 0, {.unit = "ticks", .min = 0, .help = "The input ends after so many; 0: never."}};
  param<std::string> missed_{this,
                             "missed",
                             "catch_up",
                             {.choices = {"catch_up", "skip"},
                              .help = "What becomes of ticks that were due while nothing ran: they come as soon as it "
                                      "does, or not at all."}};
  out<record_view> out_{this, "out"};

  std::optional<cron_times> times_;
  bool is_active_ = false;
  std::optional<processing_time> last_;  ///< when the last tick was due; not known: now
  std::uint64_t number_ = 0;             ///< of the next one
};

}  // namespace millrace::library
