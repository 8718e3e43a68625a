#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/error.hpp"

namespace millrace {

/// What `millrace actor list` and the workbench's palette show of an actor type.
struct actor_info {
  std::string id;          ///< stable, dotted: "acme.velocity"; what topology files name
  std::string title;       ///< for people
  std::string category{};  ///< palette group
  std::string help{};      ///< one sentence
  std::uint32_t version = 1;
};

/// The actor types this program knows. Filled by `MILLRACE_ACTOR` before `main` and while plugins are loaded, read only
/// afterwards.
class actor_registry {
public:
  using factory = std::function<std::unique_ptr<actor>()>;
  struct entry {
    actor_info info;
    factory make;
    std::string plugin{};  ///< the one it comes from; empty: the program itself
  };

  static actor_registry& instance();
  /// Two types with one id are a broken build: asserts.
  void add(actor_info info, factory make);
  /// From here on `add` collects what the plugin brings; only `end_plugin` makes it known.
  void begin_plugin(std::string name);
  /// The ids that came. Error (`already_exists`): one is known already; then none of the plugin's types is.
  [[nodiscard]] result<std::vector<std::string>> end_plugin();
  [[nodiscard]] const entry* find(const std::string& id) const;
  /// Sorted by id.
  [[nodiscard]] const std::map<std::string, entry>& entries() const noexcept { return entries_; }
  /// The known id most like `id` (edit distance), empty when none is near: for "did you mean".
  [[nodiscard]] std::string nearest(const std::string& id) const;

private:
  std::map<std::string, entry> entries_;
  std::string plugin_;          // being loaded
  std::vector<entry> arrived_;  // from it
};

namespace detail {
template <class T>
struct register_actor {
  explicit register_actor(actor_info info) {
    actor_registry::instance().add(std::move(info), [] { return std::unique_ptr<actor>{std::make_unique<T>()}; });
  }
};
}  // namespace detail

}  // namespace millrace

#define MILLRACE_DETAIL_CAT2(a, b) a##b
#define MILLRACE_DETAIL_CAT(a, b) MILLRACE_DETAIL_CAT2(a, b)

/// Registers an actor type: `MILLRACE_ACTOR(VelocityCheck, {.id = "acme.velocity", .title = "Velocity check"})`
#define MILLRACE_ACTOR(Type, ...)                                            \
  static const ::millrace::detail::register_actor<Type> MILLRACE_DETAIL_CAT( \
      millrace_registered_, __LINE__){::millrace::actor_info __VA_ARGS__};
