#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/state.hpp"
#include "millrace/testing/actor_rig.hpp"
#include "millrace/timer.hpp"

namespace millrace::testing {

/// One actor under test: events, watermarks and time in; records, state and snapshots out.
///
///     actor_harness<VelocityCheck> check{{.params = {{"limit", 3}}}};
///     check.push(Payment{"a", 10.0, at});
///     check.watermark(at + 1min);
///     QCOMPARE(check.take<Alert>("alerts").size(), 1);
///     QCOMPARE(check.state(&VelocityCheck::count, "a"), 1);
///     check.restore(check.snapshot());
///
/// Thread: one owner.
template <class A>
class actor_harness : public actor_rig {
public:
  explicit actor_harness(actor_options options = {})
      : actor_rig{[] { return std::unique_ptr<actor>{std::make_unique<A>()}; }, std::move(options)} {}

  /// The instance at work; another one after `restore`.
  [[nodiscard]] A& operator*() const noexcept { return static_cast<A&>(behavior()); }
  [[nodiscard]] A* operator->() const noexcept { return &**this; }

  /// What a key has in a state; nothing when it has none. `key` must be of the key's type (text may be a literal).
  template <class T, class K>
  [[nodiscard]] std::optional<T> state(keyed_value<T> A::*member, const K& key) const {
    std::optional<T> out;
    at_key(key, [&] {
      if (const auto* v = ((**this).*member).get(); v != nullptr) out = *v;
    });
    return out;
  }
  template <class T, class K>
  [[nodiscard]] std::vector<T> state(list<T> A::*member, const K& key) const {
    std::vector<T> out;
    at_key(key, [&] { out = ((**this).*member).get(); });
    return out;
  }
  template <class MapKey, class V, class K>
  [[nodiscard]] std::map<MapKey, V> state(map<MapKey, V> A::*member, const K& key) const {
    std::map<MapKey, V> out;
    at_key(key, [&] { out = ((**this).*member).get(); });
    return out;
  }
  /// When the key's timer is to fire.
  template <class K>
  [[nodiscard]] std::optional<event_time> state(timer A::*member, const K& key) const {
    std::optional<event_time> out;
    at_key(key, [&] { out = ((**this).*member).pending(); });
    return out;
  }

private:
  template <class K>
  void at_key(const K& key, const std::function<void()>& look) const {
    if constexpr (std::is_convertible_v<const K&, std::string>) {
      with_key(encode_key(std::string{key}).value(), look);
    } else {
      with_key(encode_key(key).value(), look);
    }
  }
};

}  // namespace millrace::testing
