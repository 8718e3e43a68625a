#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/msgpack.hpp"
#include "millrace/time.hpp"

namespace millrace::library {

enum class severity : std::uint8_t { info, warning, error, critical };
[[nodiscard]] const char* to_string(severity s) noexcept;
/// Nothing: none of the four names.
[[nodiscard]] std::optional<severity> parse_severity(std::string_view text) noexcept;

/// Alerts that go out together.
struct alert_message {
  std::string group;
  severity worst = severity::info;
  std::uint64_t count = 0;
  std::vector<std::string> lines;  ///< the first of them
};

/// Decides which alerts go out together, and when, so that a storm of them is a few messages.
///
/// The first of a group waits `wait` for others; after a message nothing more of its group goes out for `quiet`, and
/// what came meanwhile is the next one. Beyond `groups_max` groups at once, alerts share the group `others`. Thread:
/// one owner; time is what it is told.
class alert_groups {
public:
  struct setting {
    std::chrono::nanoseconds wait{};
    std::chrono::nanoseconds quiet{};
    std::size_t groups_max = 1000;
    std::size_t lines_max = 20;
  };
  explicit alert_groups(const setting& s) : setting_{s} {}

  void add(const std::string& group, severity s, std::string line, processing_time now);
  /// When the next message is due; nothing: no alert waits.
  [[nodiscard]] std::optional<processing_time> due() const;
  /// The message due first, when it is due. Stays until `sent`.
  [[nodiscard]] std::optional<alert_message> next(processing_time now) const;
  /// It went out: its group is quiet for a while.
  void sent(const std::string& group, processing_time now);

  /// What waits, for a snapshot.
  void encode(msgpack::writer& out) const;
  [[nodiscard]] bool decode(msgpack::reader& in);

private:
  struct entry {
    alert_message waiting;
    processing_time due{};  ///< of what waits; else the end of the quiet time
  };
  [[nodiscard]] std::map<std::string, entry>::const_iterator first() const;
  void forget_quiet(processing_time now);

  setting setting_;
  std::map<std::string, entry> groups_;
};

}  // namespace millrace::library
