#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "millrace/time.hpp"

namespace millrace::engine {

enum class alert_severity : std::uint8_t { info, warning, critical };
[[nodiscard]] const char* to_string(alert_severity s) noexcept;

/// When to tell people. A value has to stay beyond the limit for `holds_for` before the alert fires, and at `clears_at`
/// or better for `clears_for` before it is over: what hovers around the limit is told once.
struct alert_rule {
  enum class beyond : std::uint8_t { above, below };

  std::string name;
  std::string measure;
  std::string topology{};  ///< empty: each
  std::string actor{};     ///< empty: each, and the topology as a whole
  beyond side = beyond::above;
  double limit = 0;
  double clears_at = 0;  ///< the limit, or on the good side of it
  std::chrono::nanoseconds holds_for{};
  std::chrono::nanoseconds clears_for{};
  alert_severity severity = alert_severity::warning;

  /// What is no number is neither.
  [[nodiscard]] bool is_beyond(double value) const noexcept {
    return side == beyond::above ? value > limit : value < limit;
  }
  [[nodiscard]] bool is_clear(double value) const noexcept {
    return side == beyond::above ? value <= clears_at : value >= clears_at;
  }
  [[nodiscard]] double worse(double a, double b) const noexcept { return (side == beyond::above) == (a > b) ? a : b; }
};

/// A time in which nobody is to be told: once, or every week.
struct maintenance_window {
  static constexpr std::uint8_t every_day = 0x7f;

  std::string topology{};  ///< empty: all
  processing_time from{};  ///< of a time that is once
  processing_time until{};
  std::uint8_t days = 0;  ///< bit 0: Sunday; 0: it is once. Days and minutes are UTC's
  int from_minute = 0;    ///< of the day
  int until_minute = 0;   ///< not more than `from_minute`: it ends the day after

  [[nodiscard]] bool covers(const std::string& of_topology, processing_time now) const noexcept;
};

struct alert_reading {
  std::string topology;
  std::string actor;  ///< empty: of the topology as a whole
  std::string measure;
  double value = 0;
};

/// One alert that began or is over.
struct alert_notice {
  std::string rule;
  std::string topology;
  std::string actor;
  std::string measure;
  alert_severity severity = alert_severity::warning;
  bool is_over = false;
  double value = 0;  ///< now
  double worst = 0;  ///< since it is beyond the limit
  double limit = 0;
  alert_rule::beyond side = alert_rule::beyond::above;
  processing_time since{};  ///< when it fired
};

/// What is told at once: the notices of one topology, worst first.
struct alert_group {
  std::string topology;
  std::vector<alert_notice> notices;
  std::size_t more = 0;  ///< for which there was no room
};

/// Decides when people are told what. Readings come in about once a second; out come groups of notices, those of one
/// topology together that fell into `group_wait`. In maintenance nothing fires audibly: what still fires when it ends
/// is told then. Pure: the caller gives the time. Thread: one.
class alert_evaluator {
public:
  static constexpr std::size_t tracked_max = 4'096;
  static constexpr std::size_t notices_max = 100;  ///< of a group
  /// Whoever says nothing for so long is gone, and with it its alerts.
  static constexpr std::chrono::seconds gone_after{60};

  struct moment {
    std::int64_t steady_ns = 0;
    processing_time wall{};
  };

  alert_evaluator(std::vector<alert_rule> rules, std::vector<maintenance_window> maintenance,
                  std::chrono::nanoseconds group_wait)
      : rules_{std::move(rules)}, maintenance_{std::move(maintenance)}, group_wait_{group_wait} {}

  [[nodiscard]] std::vector<alert_group> evaluate(const std::vector<alert_reading>& readings, moment now);
  /// What fires now, muted or not.
  [[nodiscard]] std::vector<alert_notice> active() const;
  /// Alerts that could not be followed because there were too many.
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

private:
  enum class phase : std::uint8_t { pending, firing, clearing };
  struct tracked {
    phase now = phase::pending;
    std::int64_t phase_since = 0;
    std::int64_t seen_at = 0;
    double value = 0;
    double worst = 0;
    processing_time fired_at{};
    bool is_told = false;
  };
  using subject = std::tuple<std::size_t, std::string, std::string>;  // rule, topology, actor
  struct gathered {
    std::int64_t since = 0;
    alert_group group;
  };

  void take(std::size_t rule, const alert_reading& r, moment now);
  /// False: it is over.
  [[nodiscard]] bool advance(const subject& who, tracked& t, moment now);
  [[nodiscard]] bool is_muted(const std::string& topology, processing_time now) const noexcept;
  [[nodiscard]] alert_notice notice_of(const subject& who, const tracked& t, bool is_over) const;
  void tell(alert_notice notice, moment now);
  [[nodiscard]] std::vector<alert_group> due(moment now);

  std::vector<alert_rule> rules_;
  std::vector<maintenance_window> maintenance_;
  std::chrono::nanoseconds group_wait_;
  std::map<subject, tracked> tracked_;
  std::map<std::string, gathered> groups_;  // by topology
  std::uint64_t left_out_ = 0;
};

}  // namespace millrace::engine
