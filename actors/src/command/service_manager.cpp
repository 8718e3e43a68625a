#include "command/service_manager.hpp"

#include <systemd/sd-daemon.h>

namespace millrace::command {

service_manager::service_manager() {
  std::uint64_t wanted_us = 0;
  // A third, so that one late turn is not the end.
  if (::sd_watchdog_enabled(0, &wanted_us) > 0) interval_ = std::chrono::microseconds{wanted_us / 3};
}

void service_manager::ready(const std::string& status) {
  (void)::sd_notify(0, ("READY=1\nSTATUS=" + status).c_str());
}

void service_manager::stopping() {
  if (is_stopping_) return;
  is_stopping_ = true;
  (void)::sd_notify(0, "STOPPING=1\nSTATUS=takes last snapshots");
}

void service_manager::alive(std::uint64_t turns) {
  const auto now = clock::now();
  if (interval_.count() == 0 || now - told_ < interval_) return;
  // While it stops nobody is answered any more.
  if (turns == turns_told_ && !is_stopping_) return;
  turns_told_ = turns;
  told_ = now;
  (void)::sd_notify(0, "WATCHDOG=1");
}

}  // namespace millrace::command
