#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "millrace/time.hpp"

namespace millrace::command {

// Figures as people read them: three digits and a unit. All pure.

/// `0`, `742`, `12.3k`, `4.56M`.
[[nodiscard]] std::string count_text(double n);
/// With all digits in groups of three: `1,234,567`.
[[nodiscard]] std::string exact_text(std::uint64_t n);
/// `0 B`, `12.3 KB`, `4.56 MB` (powers of 1,000).
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// `850 µs`, `12.3 ms`, `4.5 s`, `3m 20s`, `5h 12m`, `12 days`.
[[nodiscard]] std::string span_text(std::chrono::nanoseconds d);
/// Up time: `0:01:23`.
[[nodiscard]] std::string clock_text(std::chrono::nanoseconds d);
/// `37%`.
[[nodiscard]] std::string percent_text(double share);
/// `2026-11-21 03:05:12`, UTC, at whole seconds.
[[nodiscard]] std::string time_text(std::int64_t unix_ns);

}  // namespace millrace::command
