#include "node/side_thread.hpp"

#include <system_error>
#include <utility>

namespace millrace::node {

side_thread::~side_thread() {
  if (thread_.joinable()) thread_.join();
}

void side_thread::start(std::function<void()> work) {
  if (thread_.joinable()) thread_.join();
  is_busy_ = true;
  const auto job = [this, w = std::move(work)] {
    w();
    is_busy_ = false;
  };
  try {
    thread_ = std::thread{job};
  } catch (const std::system_error&) {
    job();
  }
}

}  // namespace millrace::node
