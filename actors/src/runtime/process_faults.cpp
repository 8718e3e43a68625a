#include "runtime/process_faults.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <limits>
#include <new>
#include <vector>

namespace millrace::runtime {

namespace {

using chaos::armed_fault;
using chaos::fault_kind;

// Whoever asked for the end of the process gets an answer first.
constexpr std::int64_t last_words_ns = 50'000'000;
constexpr std::int64_t for_ever_ns = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::size_t page_bytes = 4096;
constexpr long look_every_ns = 10'000'000;

/// Also for a child between fork and exit.
std::int64_t steady_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

void compute(const armed_fault& f) {
  // Looking at the clock all the time keeps a processor as busy as anything.
  const auto spin = [&f] {
    while (f.is_active()) {
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < static_cast<int>(f.parameter("threads")); ++i) threads.emplace_back(spin);
  spin();
  for (auto& t : threads) t.join();
}

void take_memory(const armed_fault& f) {
  const auto bytes = static_cast<std::size_t>(f.parameter("memory_mb")) << 20U;
  const std::unique_ptr<char[]> taken{new (std::nothrow) char[bytes]};
  // Memory that is only promised is not taken.
  for (std::size_t i = 0; taken != nullptr && i < bytes && f.is_active(); i += page_bytes) {
    const_cast<volatile char*>(taken.get())[i] = 1;
  }
  f.wait(for_ever_ns);
}

void take_descriptors(const armed_fault& f) {
  std::vector<int> taken;
  for (int i = 0; i < static_cast<int>(f.parameter("descriptors")); ++i) {
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) break;
    taken.push_back(fd);
  }
  f.wait(for_ever_ns);
  for (const int fd : taken) ::close(fd);
}

/// Somebody else has to wake a process that stands still: a child, which stops it as well, so that the two come in this
/// order, and which wakes it whatever becomes of the controller. It holds nothing of the process.
void stand_still(const armed_fault& f) {
  const auto self = ::getpid();
  const auto child = ::fork();
  if (child < 0) return;
  if (child == 0) {
    ::close_range(0, ~0U, 0);
    const auto ends = std::min(steady_ns() + f.parameter_ns("pause_ms"), f.ends_ns());
    ::kill(self, SIGSTOP);
    // Nobody is left to be woken when it is another's child.
    while (steady_ns() < ends && ::getppid() == self) {
      const timespec moment{0, look_every_ns};
      ::nanosleep(&moment, nullptr);
    }
    if (::getppid() == self) ::kill(self, SIGCONT);
    ::_exit(0);
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void suffer(const std::shared_ptr<armed_fault>& f) {
  const auto kind = f->kind();
  if (kind == fault_kind::process_kill || kind == fault_kind::process_pause || kind == fault_kind::process_restart) {
    f->wait(last_words_ns);
  }
  if (!f->strikes(0, 1)) return;
  if (kind == fault_kind::process_kill) ::kill(::getpid(), SIGKILL);
  if (kind == fault_kind::process_pause) stand_still(*f);
  if (kind == fault_kind::process_restart) ::kill(::getpid(), SIGTERM);
  if (kind == fault_kind::cpu) compute(*f);
  if (kind == fault_kind::memory) take_memory(*f);
  if (kind == fault_kind::descriptors) take_descriptors(*f);
}

}  // namespace

process_faults::~process_faults() {
  for (auto& a : at_work_) {
    a.fault->clear();
    a.work.join();
  }
}

void process_faults::afflict(const std::shared_ptr<armed_fault>& fault) {
  const std::lock_guard lock{mutex_};
  for (auto a = at_work_.begin(); a != at_work_.end();) {
    if (a->fault->is_active()) {
      ++a;
      continue;
    }
    a->work.join();
    a = at_work_.erase(a);
  }
  at_work_.push_back({fault, std::thread{[fault] { suffer(fault); }}});
}

}  // namespace millrace::runtime
