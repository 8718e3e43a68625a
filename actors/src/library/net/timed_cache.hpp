#pragma once

#include <chrono>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "millrace/time.hpp"

namespace millrace::library {

/// Values by name, for a while: at most so many, of which the one longest unused goes first, and none beyond its age.
/// Thread: one owner; time is what it is told.
template <class T>
class timed_cache {
public:
  /// `count_max` 0: it keeps nothing.
  timed_cache(std::size_t count_max, std::chrono::nanoseconds age_max) : count_max_{count_max}, age_max_{age_max} {}

  /// nullptr: not there, or too old. Good until the next call.
  [[nodiscard]] const T* find(const std::string& name, processing_time now) {
    const auto at = by_name_.find(name);
    if (at == by_name_.end()) return nullptr;
    const auto found = at->second;
    if (now - found->since > age_max_) {
      by_name_.erase(at);
      entries_.erase(found);
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found);
    return &found->value;
  }
  void put(const std::string& name, T value, processing_time now) {
    if (count_max_ == 0) return;
    if (const auto at = by_name_.find(name); at != by_name_.end()) {
      entries_.erase(at->second);
      by_name_.erase(at);
    }
    entries_.push_front({name, std::move(value), now});
    by_name_[name] = entries_.begin();
    if (entries_.size() <= count_max_) return;
    by_name_.erase(entries_.back().name);
    entries_.pop_back();
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
  struct entry {
    std::string name;
    T value;
    processing_time since;
  };

  std::size_t count_max_;
  std::chrono::nanoseconds age_max_;
  std::list<entry> entries_;  // the one used last comes first
  std::unordered_map<std::string, typename std::list<entry>::iterator> by_name_;
};

}  // namespace millrace::library
