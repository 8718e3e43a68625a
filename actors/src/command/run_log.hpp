#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "millrace/context.hpp"
#include "millrace/error.hpp"
#include "millrace/time.hpp"

namespace millrace::command {

enum class log_format : std::uint8_t {
  text,  ///< for people
  json   ///< for programs that collect logs: an object a line
};
/// Reads `text` or `json`. Error: the user's, it names both.
[[nodiscard]] result<log_format> parse_log_format(const std::string& text);

struct log_settings {
  std::string file{};       ///< empty: standard error
  bool is_verbose = false;  ///< everything; else warnings and errors
  log_format format = log_format::text;
  std::string node{};      ///< that writes it; empty: no node does
  std::string topology{};  ///< that it is of; empty: of several, or none
};

/// The log of a run or a node: warnings and errors, or everything when verbose, to a file or to standard error (above a
/// live table). Lines look like `2026-11-21 03:05:12.123 warning  count/3: …`, or are JSON. Thread: any.
class run_log {
public:
  /// Errors: `io_error` with the path.
  [[nodiscard]] static result<run_log> open(const log_settings& settings);

  void write(log_level level, const std::string& message) const;
  /// Of one topology of a node.
  void write(log_level level, const std::string& topology, const std::string& message) const;

private:
  class output;
  explicit run_log(std::shared_ptr<output> to) : output_{std::move(to)} {}
  std::shared_ptr<output> output_;
};

/// One line as JSON, without its end: `time` (ISO 8601, UTC, milliseconds), `level`, `node` and `topology` where they
/// are not empty, `text`. What is no UTF-8 is replaced. Pure.
[[nodiscard]] std::string json_log_line(processing_time at, log_level level, const std::string& node_name,
                                        const std::string& topology, const std::string& text);

}  // namespace millrace::command
