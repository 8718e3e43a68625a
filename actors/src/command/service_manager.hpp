#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace millrace::command {

/// Tells systemd, where it runs the program, how it is doing (sd_notify(3)); elsewhere does nothing.
///
/// The watchdog hears of progress alone: of the loop that calls `alive`, and of another one whose turns it counts. When
/// either stands still, systemd ends the process and starts it again. Thread: main.
class service_manager {
public:
  service_manager();

  void ready(const std::string& status);
  void stopping();
  /// To be called in each turn of the main loop. `turns`: of the other one, which turns at least once a second.
  void alive(std::uint64_t turns);

private:
  using clock = std::chrono::steady_clock;
  std::chrono::microseconds interval_{0};  // between signs of life; 0: none are wanted
  clock::time_point told_{};
  std::uint64_t turns_told_ = 0;
  bool is_stopping_ = false;
};

}  // namespace millrace::command
