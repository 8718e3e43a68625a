#pragma once

#include <memory>
#include <string>

#include "millrace/context.hpp"
#include "millrace/error.hpp"

namespace millrace::command {

/// The log of a run: warnings and errors, or everything when verbose, to a file or to standard error (above a live
/// table). Lines look like `2026-11-21 03:05:12.123 warning  count/3: …`. Thread: any.
class run_log {
public:
  /// `file` empty: standard error. Errors: `io_error` with the path.
  [[nodiscard]] static result<run_log> open(const std::string& file, bool is_verbose);

  void write(log_level level, const std::string& message) const;

private:
  class output;
  explicit run_log(std::shared_ptr<output> to) : output_{std::move(to)} {}
  std::shared_ptr<output> output_;
};

}  // namespace millrace::command
