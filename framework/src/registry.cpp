#include "millrace/registry.hpp"

#include "millrace/check.hpp"
#include "millrace/detail/nearest.hpp"

namespace millrace {

actor_registry& actor_registry::instance() {
  static actor_registry registry;
  return registry;
}

void actor_registry::add(actor_info info, factory make) {
  auto id = info.id;
  const bool is_new = entries_.try_emplace(std::move(id), entry{std::move(info), std::move(make)}).second;
  MILLRACE_CHECK(is_new, "two actor types are registered under one id");
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
