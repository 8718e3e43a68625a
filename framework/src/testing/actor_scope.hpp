#pragma once

#include <string>

namespace millrace::testing {

/// Says whose code this thread runs, so that a call to the outside can be told from the simulation's own.
class actor_scope {
public:
  explicit actor_scope(const std::string& task) noexcept : before_{current_} { current_ = &task; }
  actor_scope(const actor_scope&) = delete;
  actor_scope& operator=(const actor_scope&) = delete;
  ~actor_scope() { current_ = before_; }

  /// The task at work in this thread; nullptr: none is.
  [[nodiscard]] static const std::string* current() noexcept { return current_; }

private:
  static inline thread_local const std::string* current_ = nullptr;
  const std::string* before_;
};

}  // namespace millrace::testing
