#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::chaos {

/// A program that was started, by the list of its arguments: no shell ever sees them. Ended with the object.
/// Thread: one owner.
class child_process {
public:
  struct order {
    std::vector<std::string> arguments;                ///< the program first; looked up in PATH unless it is a path
    std::map<std::string, std::string> environment{};  ///< in addition
    std::string out_file;                              ///< where its standard output goes
    std::string error_file;
  };
  /// Errors: it cannot be started.
  [[nodiscard]] static result<child_process> start(const order& o);
  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  ~child_process();

  /// How it ended, when it has; by a signal: 128 and its number.
  [[nodiscard]] std::optional<int> exit_code();
  [[nodiscard]] bool was_killed() const noexcept { return ended_ && *ended_ == 128 + 9; }
  void send_signal(int number) const;
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

private:
  explicit child_process(pid_t pid) : pid_{pid} {}

  pid_t pid_ = 0;
  std::optional<int> ended_;
};

/// What a program printed: the first MiB.
[[nodiscard]] std::string read_printed(const std::string& file);

}  // namespace millrace::chaos
