#include "testing/outside_calls.hpp"

#include <dlfcn.h>
#include <sys/time.h>
#include <sys/types.h>

#include <atomic>
#include <cstdlib>
#include <ctime>

#include "testing/actor_scope.hpp"

namespace millrace::testing {

namespace {

// Of the thread that watches: other threads of the program go on undisturbed.
thread_local outside_watch* watching = nullptr;

constexpr std::int64_t days_per_shift = 397;
constexpr std::int64_t seconds_per_day = 86'400;

std::int64_t seconds_of(std::uint64_t shift) noexcept {
  return static_cast<std::int64_t>(shift) * (days_per_shift * seconds_per_day + 7 * 3600 + 13 * 60 + 11);
}

template <class F>
F next(const char* name) noexcept {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

outside_watch::outside_watch(std::uint64_t shift) : shift_{shift} {
  watching = this;
}
outside_watch::~outside_watch() {
  watching = nullptr;
}

std::uint64_t outside_watch::note(const char* function) noexcept {
  auto* const w = watching;
  const auto* const task = actor_scope::current();
  if (w == nullptr || task == nullptr) return 0;
  watching = nullptr;  // what is done here may come back
  try {
    w->calls_.insert(*task + " called " + function);
  } catch (...) {
    // Out of memory: the call is not noted, the run goes on.
  }
  watching = w;
  return w->shift_;
}

}  // namespace millrace::testing

using millrace::testing::outside_watch;

// Defined in the program, these come before those of the shared libraries, also for calls from libstdc++.
extern "C" {

[[gnu::visibility("default")]] int clock_gettime(clockid_t id, timespec* at) noexcept {
  static const auto real = millrace::testing::next<int (*)(clockid_t, timespec*)>("clock_gettime");
  const auto answer = real(id, at);
  if (answer == 0) at->tv_sec += millrace::testing::seconds_of(outside_watch::note("clock_gettime"));
  return answer;
}

[[gnu::visibility("default")]] time_t time(time_t* at) noexcept {
  static const auto real = millrace::testing::next<time_t (*)(time_t*)>("time");
  const auto now = real(nullptr) + millrace::testing::seconds_of(outside_watch::note("time"));
  if (at != nullptr) *at = now;
  return now;
}

[[gnu::visibility("default")]] int gettimeofday(timeval* at, void* zone) noexcept {
  static const auto real = millrace::testing::next<int (*)(timeval*, void*)>("gettimeofday");
  const auto answer = real(at, zone);
  if (answer == 0) at->tv_sec += millrace::testing::seconds_of(outside_watch::note("gettimeofday"));
  return answer;
}

[[gnu::visibility("default")]] int rand() noexcept {
  static const auto real = millrace::testing::next<int (*)()>("rand");
  return (real() ^ static_cast<int>(outside_watch::note("rand"))) & RAND_MAX;
}

[[gnu::visibility("default")]] long random() noexcept {
  static const auto real = millrace::testing::next<long (*)()>("random");
  return (real() ^ static_cast<long>(outside_watch::note("random"))) & RAND_MAX;
}

[[gnu::visibility("default")]] double drand48() noexcept {
  static const auto real = millrace::testing::next<double (*)()>("drand48");
  (void)outside_watch::note("drand48");
  return real();
}

[[gnu::visibility("default")]] ssize_t getrandom(void* to, size_t n, unsigned flags) {
  static const auto real = millrace::testing::next<ssize_t (*)(void*, size_t, unsigned)>("getrandom");
  (void)outside_watch::note("getrandom");
  return real(to, n, flags);
}

[[gnu::visibility("default")]] int getentropy(void* to, size_t n) {
  static const auto real = millrace::testing::next<int (*)(void*, size_t)>("getentropy");
  (void)outside_watch::note("getentropy");
  return real(to, n);
}

/// std::random_device::_M_getval(), which every draw of a random device calls.
[[gnu::visibility("default")]] unsigned millrace_random_device_getval(void* device) __asm__(
    "_ZNSt13random_device9_M_getvalEv");
unsigned millrace_random_device_getval(void* device) {
  static const auto real = millrace::testing::next<unsigned (*)(void*)>("_ZNSt13random_device9_M_getvalEv");
  return real(device) ^ static_cast<unsigned>(outside_watch::note("std::random_device"));
}

}  // extern "C"
