#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/failure_policy.hpp"
#include "millrace/key.hpp"
#include "millrace/param.hpp"
#include "millrace/testing/collected.hpp"

namespace millrace::testing {

/// What a field of a dynamic record may be set to in a test.
using field_content = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, event_time>;

/// How the actor under test is set up.
struct actor_options {
  std::map<std::string, param_value> params{};
  failure_policy on_failure{};
  /// Record types of dynamic inputs, by port; typed inputs have their own.
  std::map<std::string, record_type_ptr> inputs{};
  /// Routers: how many partitions lie behind; outputs tell theirs in `collected::entry::partition`.
  std::uint32_t partitions = 1;
  /// Routers by key: the key of the input behind.
  key_ptr router_key{};
  std::uint32_t batch_events = 256;
};

/// A handler failed and the actor's policy ended it. `restore` brings it back.
class actor_failed : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Everything of an actor that a snapshot holds. Copied freely; good for any harness of the same actor type.
class actor_snapshot {
public:
  [[nodiscard]] std::size_t bytes() const noexcept;

private:
  friend class actor_rig;
  struct content;
  std::shared_ptr<const content> content_;
};

/// The part of `actor_harness` that does not depend on the actor's type; use that one.
///
/// The actor runs in the live engine's task; the harness plays its upstream, its downstream, the coordinator and the
/// clock, in one thread and without any choice of order. Each call returns when the actor has nothing left to do.
class actor_rig {
public:
  using factory = std::function<std::unique_ptr<actor>()>;

  /// Throws std::invalid_argument with what validation finds wrong with the actor or its parameters.
  actor_rig(factory make, actor_options options);
  actor_rig(const actor_rig&) = delete;
  actor_rig& operator=(const actor_rig&) = delete;
  ~actor_rig();

  // Input. `port` may be left out when the actor has one input. All throw actor_failed when the actor ends.

  template <record T>
  void push(const std::string& port, const T& one) {
    push_all(port, std::vector<T>{one});
  }
  template <record T>
  void push(const T& one) {
    push(std::string{}, one);
  }
  /// Records that arrive together, as one batch.
  template <record T>
  void push_all(const std::string& port, const std::vector<T>& all) {
    typed_builder<T> b{static_cast<std::uint32_t>(all.size())};
    for (const auto& r : all) b.push(r);
    push_batch(port, b.finish());
  }
  template <record T>
  void push_all(const std::vector<T>& all) {
    push_all(std::string{}, all);
  }
  /// One record by field names, for dynamic inputs; what is not named keeps its default. Throws std::invalid_argument
  /// for an unknown field or a value that is none of its type.
  void push_fields(const std::string& port, std::initializer_list<std::pair<const char*, field_content>> fields);
  void push_batch(const std::string& port, const batch_ptr& records);

  /// The input is complete up to `t`: timers fire, windows close.
  void watermark(event_time t);
  void watermark(const std::string& port, event_time t);
  /// Processing time goes on; whatever falls due on the way happens in order.
  void advance(std::chrono::nanoseconds d);
  void end_of_input();
  /// Producers: lets it poll until it waits or ends, at most `steps` times 16 polls.
  void poll(std::size_t steps = 1);
  /// A live parameter changes. Throws std::invalid_argument when it is refused.
  void set_param(const std::string& name, const param_value& v);

  // Output. `port` may be left out when there is one beside `dead` and `late`.

  /// All that came out of a port since it was last taken.
  [[nodiscard]] collected take(const std::string& port = {});
  template <record T>
  [[nodiscard]] std::vector<T> take(const std::string& port = {}) {
    return take(port).template as<T>();
  }
  /// What the actor told its downstream: the input is complete up to then.
  [[nodiscard]] event_time output_watermark() const noexcept;
  [[nodiscard]] bool has_ended() const noexcept;
  [[nodiscard]] const std::vector<std::string>& log() const noexcept;
  [[nodiscard]] processing_time now() const noexcept;

  // State and recovery.

  [[nodiscard]] std::size_t key_count() const noexcept;
  /// A barrier passes: what a snapshot would hold now. Sinks prepare; `complete` commits. Throws std::runtime_error
  /// when the actor refuses.
  [[nodiscard]] actor_snapshot snapshot();
  /// The last snapshot is complete: a sink commits what it prepared.
  void complete();
  /// The actor dies; a new one starts from the snapshot, without one from nothing. What was taken in since is to be
  /// pushed again, as its upstream would.
  void restore(const actor_snapshot& from);
  void restart();

protected:
  [[nodiscard]] actor& behavior() const noexcept;
  /// Runs `look` with the key current.
  void with_key(const key_bytes& key, const std::function<void()>& look) const;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace millrace::testing
