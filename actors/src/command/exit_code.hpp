#pragma once

namespace millrace::command {

/// What the command tells the shell; scripts rely on it.
enum exit_code : int {
  exit_ok = 0,
  exit_failed = 1,  ///< the work failed or a verdict is negative
  exit_usage = 2,   ///< wrong use or invalid input; nothing was started
};

}  // namespace millrace::command
