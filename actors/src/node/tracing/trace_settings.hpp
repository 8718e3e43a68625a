#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/engine/trace_sampler.hpp"
#include "millrace/error.hpp"

namespace millrace::node {

/// Where finished spans go besides the memory of the process.
struct trace_target {
  bool is_collector = false;  ///< an address that takes OTLP/JSON over HTTP; else a file
  std::string where{};        ///< path or address
};

/// Whether and how a process traces.
struct trace_settings {
  engine::trace_rule rule{};
  std::vector<trace_target> targets{};
};

/// Targets of one process; more are refused.
inline constexpr std::size_t trace_targets_max = 4;

/// What people write: a share (`1%`, `0.01%`, `1/500`, `all`) or `off`, and where to (a path, or http(s)://HOST:PORT,
/// with `/v1/traces` where it names no path). Errors say what may stand there. Pure.
[[nodiscard]] result<std::uint64_t> parse_trace_share(const std::string& text);
[[nodiscard]] result<trace_target> parse_trace_target(const std::string& text);
[[nodiscard]] result<trace_settings> parse_tracing(const std::string& share, std::uint64_t per_second_max,
                                                   const std::vector<std::string>& targets);

}  // namespace millrace::node
