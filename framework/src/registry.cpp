#include "millrace/registry.hpp"

#include <algorithm>
#include <utility>

#include "millrace/check.hpp"
#include "millrace/detail/nearest.hpp"

namespace millrace {

actor_registry& actor_registry::instance() {
  static actor_registry registry;
  return registry;
}

void actor_registry::add(actor_info info, factory make) {
  if (!plugin_.empty()) return arrived_.push_back({std::move(info), std::move(make), plugin_});
  auto id = info.id;
  const bool is_new = entries_.try_emplace(std::move(id), entry{std::move(info), std::move(make), {}}).second;
  MILLRACE_CHECK(is_new, "two actor types are registered under one id");
}

void actor_registry::begin_plugin(std::string name) {
  plugin_ = std::move(name);
  arrived_.clear();
}

result<std::vector<std::string>> actor_registry::end_plugin() {
  plugin_.clear();
  auto arrived = std::exchange(arrived_, {});
  std::vector<std::string> ids;
  for (const auto& e : arrived) {
    const auto& id = e.info.id;
    const auto* known = find(id);
    if (known != nullptr || std::ranges::find(ids, id) != ids.end()) {
      const auto whose = known == nullptr        ? std::string{"twice in it"}
                         : known->plugin.empty() ? std::string{"in this program already"}
                                                 : "in the plugin '" + known->plugin + "' already";
      return user_error(errc::already_exists, "the actor type '" + id + "' is there " + whose + ": give it another id");
    }
    ids.push_back(id);
  }
  for (auto& e : arrived) {
    auto id = e.info.id;
    entries_.emplace(std::move(id), std::move(e));
  }
  return ids;
}

const actor_registry::entry* actor_registry::find(const std::string& id) const {
  const auto at = entries_.find(id);
  return at == entries_.end() ? nullptr : &at->second;
}

std::string actor_registry::nearest(const std::string& id) const {
  std::vector<std::string> ids;
  ids.reserve(entries_.size());
  for (const auto& [known, unused] : entries_) ids.push_back(known);
  return detail::nearest(id, ids);
}

}  // namespace millrace
