#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "millrace/patterns/definition.hpp"
#include "millrace/patterns/match_store.hpp"

namespace millrace {

/// The events of a match, or those taken so far, by stage. A view: good for the time of the call it is given to.
template <class T>
class match {
public:
  match(const patterns::definition& d, const patterns::chain& chain, std::span<const T> events,
        event_time found_at = {}) noexcept
      : definition_{&d}, chain_{chain}, events_{events}, found_at_{found_at} {}

  [[nodiscard]] bool empty() const noexcept { return chain_.empty(); }
  /// The first and the last event of all; nullptr when there is none yet.
  [[nodiscard]] const T* first() const noexcept { return event(chain_.first()); }
  [[nodiscard]] const T* last() const noexcept { return event(chain_.tip()); }
  /// The first and the last event of a stage; nullptr when it took none or there is no such stage.
  [[nodiscard]] const T* first(std::string_view stage) const noexcept {
    const auto at = definition_->find(stage);
    return at ? event(chain_.first_of(static_cast<std::uint32_t>(*at))) : nullptr;
  }
  [[nodiscard]] const T* last(std::string_view stage) const noexcept {
    const auto at = definition_->find(stage);
    return at ? event(chain_.last_of(static_cast<std::uint32_t>(*at))) : nullptr;
  }
  [[nodiscard]] std::size_t count(std::string_view stage) const noexcept {
    const auto at = definition_->find(stage);
    return at ? chain_.count_of(static_cast<std::uint32_t>(*at)) : 0;
  }
  /// The events of a stage, or all of them, from first to last.
  [[nodiscard]] std::vector<const T*> all(std::string_view stage) const {
    const auto at = definition_->find(stage);
    std::vector<const T*> found;
    for (const auto* n : chain_.nodes()) {
      if (at && n->stage == *at) found.push_back(event(n));
    }
    return found;
  }
  [[nodiscard]] std::vector<const T*> all() const {
    std::vector<const T*> found;
    for (const auto* n : chain_.nodes()) found.push_back(event(n));
    return found;
  }
  /// Event time of the first and of the last event; there must be one.
  [[nodiscard]] event_time start() const noexcept { return chain_.first()->at; }
  [[nodiscard]] event_time end() const noexcept { return chain_.tip()->at; }
  /// When it was settled: the time of the last event, or later where the end of the pattern is greedy or negative. For
  /// a timeout the end of its time; without meaning in conditions.
  [[nodiscard]] event_time found_at() const noexcept { return found_at_; }

private:
  [[nodiscard]] const T* event(const patterns::node* n) const noexcept {
    return n == nullptr ? nullptr : &events_[n->event];
  }
  const patterns::definition* definition_;
  patterns::chain chain_;
  std::span<const T> events_;
  event_time found_at_;
};

}  // namespace millrace
