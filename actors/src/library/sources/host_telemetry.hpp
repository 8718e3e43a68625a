#pragma once

#include <optional>
#include <set>
#include <string>

#include "library/sources/host_sensors.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Brings in what this machine does: processor load, memory, disk and network traffic, read from the kernel at an
/// interval. Live: what was not in a snapshot is gone after a crash, unless it is told to log. Partition 0 reads, the
/// others have nothing to do.
class host_telemetry final : public producer {
public:
  replay replays() const noexcept override { return *logged_ ? replay::logged : replay::live; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& out) const override { out.integer(samples_); }
  bool load_position(msgpack::reader& in) override { return in.integer(samples_); }
  std::string describe_position() const override { return "sample " + std::to_string(samples_); }

private:
  void report_missing(context& c);
  void emit(const host_sensors::reading& r, event_time at);

  param<std::int64_t> interval_ms_{
      this, "interval", 1000, {.unit = "ms", .min = 100, .max = 3'600'000, .help = "Time between two readings."}};
  param<std::int64_t> count_{
      this, "count", 0, {.unit = "readings", .min = 0, .help = "The input ends after so many readings; 0: never."}};
  param<bool> logged_{
      this,
      "logged",
      false,
      {.help = "Readings are written to the event log before they are sent on, so that a crash loses none of them."}};
  param<std::string> root_{this, "root", "/proc", {.is_path = true, .help = "Where the kernel's files are."}};
  out<record_view> out_{this, "out"};

  std::optional<host_sensors> sensors_;
  std::set<std::string> reported_;
  processing_time last_{};
  processing_time next_{};
  std::uint64_t samples_ = 0;
};

}  // namespace millrace::library
