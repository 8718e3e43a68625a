#include "command/figures.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace millrace::command {

namespace {

template <class... Args>
std::string format(const char* pattern, Args... args) {
  std::array<char, 96> text{};
  const auto n = std::snprintf(text.data(), text.size(), pattern, args...);
  return {text.data(), static_cast<std::size_t>(n)};
}

/// Three significant digits: 4.56, 12.3, 742.
std::string three_digits(double v) {
  if (v < 9.995) return format("%.2f", v);
  return v < 99.95 ? format("%.1f", v) : format("%.0f", v);
}

std::string scaled(double v, const char* const* units, std::size_t units_count, const char* gap) {
  std::size_t unit = 0;
  while (v >= 999.5 && unit + 1 < units_count) {
    v /= 1000;
    ++unit;
  }
  const auto digits = unit == 0 ? format("%.0f", v) : three_digits(v);
  return digits + gap + units[unit];
}

}  // namespace

std::string count_text(double n) {
  if (n > 0 && n < 9.95 && std::abs(n - std::round(n)) > 0.05) return format("%.1f", n);
  static constexpr const char* units[] = {"", "k", "M", "G", "T"};
  return scaled(n, units, std::size(units), "");
}

std::string exact_text(std::uint64_t n) {
  auto digits = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr const char* units[] = {"B", "KB", "MB", "GB", "TB"};
  return scaled(static_cast<double>(bytes), units, std::size(units), " ");
}

std::string span_text(std::chrono::nanoseconds d) {
  constexpr double ns_per_us = 1e3, ns_per_ms = 1e6, ns_per_s = 1e9;
  constexpr std::int64_t minute = 60, hour = 3600, day = 86'400, year = 365 * day;
  const auto ns = static_cast<double>(d.count());
  if (ns < 999.5 * ns_per_us) return format("%.0f µs", ns / ns_per_us);
  if (ns < 999.5 * ns_per_ms) return three_digits(ns / ns_per_ms) + " ms";
  if (ns < 99.95 * ns_per_s) return format("%.1f s", ns / ns_per_s);
  const auto s = static_cast<std::int64_t>(ns / ns_per_s);
  if (s < hour) return format("%dm %02ds", static_cast<int>(s / minute), static_cast<int>(s % minute));
  if (s < 2 * day) return format("%dh %02dm", static_cast<int>(s / hour), static_cast<int>(s % hour / minute));
  if (s < 2 * year) return format("%d days", static_cast<int>(s / day));
  return format("%d years", static_cast<int>(s / year));
}

std::string clock_text(std::chrono::nanoseconds d) {
  const auto s = static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(d).count());
  return format("%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

std::string percent_text(double share) {
  return format("%.0f%%", share * 100);
}

std::string time_text(std::int64_t unix_ns) {
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  const std::time_t s = unix_ns / ns_per_s - (unix_ns % ns_per_s < 0 ? 1 : 0);
  std::tm parts{};
  if (::gmtime_r(&s, &parts) == nullptr) return "?";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%F %T", &parts)};
}

}  // namespace millrace::command
