#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace plugin_tests {

/// A server of the test's own, with a private folder below the temporary folder.
///
/// A keeper process starts it, and starts it again whenever it dies; both end with this object, or when this process
/// dies.
class kept_process {
public:
  /// `words`: the program and its arguments; `{}` in them stands for the folder. Output goes to `log` there.
  kept_process(const std::string& name, std::vector<std::string> words);
  kept_process(const kept_process&) = delete;
  kept_process& operator=(const kept_process&) = delete;
  ~kept_process();

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  /// SIGKILL; the keeper starts it again.
  void kill() const;

private:
  std::filesystem::path folder_;
  pid_t keeper_ = -1;
};

}  // namespace plugin_tests
