#include "millrace/duration.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace millrace {
namespace {

struct unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array units{unit{"d", 86'400'000}, unit{"h", 3'600'000}, unit{"m", 60'000}, unit{"s", 1'000},
                           unit{"ms", 1}};
constexpr std::int64_t duration_ms_max = 1'000 * units.front().ms;

}  // namespace

result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, count);
  const std::string_view name{rest, static_cast<std::size_t>(end - rest)};
  if (status == std::errc{} && count >= 0) {
    for (const auto& u : units) {
      if (u.name == name && count <= duration_ms_max / u.ms) return std::chrono::milliseconds{count * u.ms};
    }
  }
  return user_error(errc::invalid_argument, "'" + std::string{text.substr(0, 64)} +
                                                "' is no duration: write a whole number and ms, s, m, h or d, at most "
                                                "1000d, for example \"250ms\" or \"5m\"");
}

std::string to_text(std::chrono::milliseconds d) {
  if (d.count() == 0) return "0s";
  for (const auto& u : units) {
    if (d.count() % u.ms == 0) return std::to_string(d.count() / u.ms) + std::string{u.name};
  }
  return std::to_string(d.count()) + "ms";
}

}  // namespace millrace
