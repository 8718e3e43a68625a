#include "node/run_hold.hpp"

#include <system_error>
#include <thread>

namespace millrace::node {

std::shared_ptr<runtime::topology_run> run_hold::keep(std::unique_ptr<runtime::topology_run> run) {
  now_->hangs = false;
  now_->is_held = true;
  return {run.release(), [s = now_](runtime::topology_run* r) {
            const auto destroy = [s, r] {
              delete r;
              s->is_held = false;
            };
            if (!s->hangs) return destroy();
            try {
              // Ends with the call that hangs, or with the process.
              std::thread{destroy}.detach();
            } catch (const std::system_error&) {
              // No thread to be had: it stays where it is.
            }
          }};
}

}  // namespace millrace::node
