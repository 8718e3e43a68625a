#pragma once

#include <sys/resource.h>

#include <csignal>

namespace support {

/// As long as it lives, files of this process cannot grow beyond `bytes`: what a write meets on a full disk. Other
/// programs it starts meanwhile inherit that. Thread: one at a time in a process.
class file_size_limit {
public:
  explicit file_size_limit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;

private:
  rlimit before_{};
};

}  // namespace support
