#include "node/savepoints/savepoint_desk.hpp"

namespace millrace::node {

using nlohmann::json;

void savepoint_desk::begin(const std::string& id) {
  const std::lock_guard lock{mutex_};
  open_.insert(id);
}

void savepoint_desk::end(const std::string& id, const result<void>& outcome) {
  const std::lock_guard lock{mutex_};
  open_.erase(id);
  if (outcome) return;
  if (failed_.size() == failures_max) failed_.pop_front();
  failed_.emplace_back(id, outcome.error().message);
}

std::set<std::string> savepoint_desk::under_way() const {
  const std::lock_guard lock{mutex_};
  return open_;
}

json savepoint_desk::failed() const {
  const std::lock_guard lock{mutex_};
  auto out = json::array();
  for (const auto& [id, why] : failed_) out.push_back({{"id", id}, {"problem", why}});
  return out;
}

}  // namespace millrace::node
