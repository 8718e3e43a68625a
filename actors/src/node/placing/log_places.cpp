#include "node/placing/log_places.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "millrace/persistence/data_folder.hpp"
#include "millrace/producer.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

bool is_logged(const engine::plan& p, const engine::plan_task& t) {
  const auto made = p.instantiate(t.id);
  return made->kind() == actor_kind::producer && static_cast<const producer&>(*made).replays() == replay::logged;
}

/// The nodes that a pin wants the task on, when it names them one by one; null: it does not, or there is none.
const std::vector<std::string>* pinned(const engine::plan& p, const placement_rules& rules,
                                       const engine::plan_task& t) {
  auto at = rules.pins.find(p.task_name(t.id));
  if (at == rules.pins.end()) at = rules.pins.find(p.spec.actors[t.actor].name);
  if (at == rules.pins.end()) return nullptr;
  const bool is_by_name =
      std::ranges::all_of(at->second, [](const auto& n) { return n.find('=') == std::string::npos && n != "*"; });
  return is_by_name ? &at->second : nullptr;
}

}  // namespace

result<log_places> log_places::read(const std::filesystem::path& data_dir) {
  auto file = data_dir / "log_places.json";
  std::ifstream in{file, std::ios::binary};
  if (!in) return log_places{std::move(file), {}};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto j = json::parse(text, nullptr, false);
  std::map<std::string, std::string> known;
  const bool is_whole = j.is_object() && std::ranges::all_of(j, [](const auto& v) { return v.is_string(); });
  if (!is_whole) {
    return fatal_error(errc::corrupt, file.string() + " cannot be read: it says on which nodes event logs lie");
  }
  for (const auto& [task, node] : j.items()) known[task] = node.get<std::string>();
  return log_places{std::move(file), std::move(known)};
}

result<void> log_places::apply(const engine::plan& p, const placement_rules& rules, const std::string& own,
                               const std::vector<place_for_tasks>& others, std::vector<std::string>& nodes) const {
  for (const auto& t : p.tasks) {
    const auto at = node_of_.find(p.task_name(t.id));
    if (at == node_of_.end() || !is_logged(p, t)) continue;
    const auto& task = at->first;
    const auto& node = at->second.empty() ? own : at->second;
    if (node == nodes[t.id.value]) continue;
    if (const auto* wanted = pinned(p, rules, t);
        wanted != nullptr && std::ranges::find(*wanted, node) == wanted->end()) {
      return user_error(errc::invalid_argument, task + " has its event log on node '" + node +
                                                    "', which does not move with it: pin it there, or deploy the "
                                                    "topology under another name to begin anew");
    }
    if (node != own && std::ranges::find(others, node, &place_for_tasks::name) == others.end()) {
      return retryable_error(errc::unavailable, task + " has its event log on node '" + node +
                                                    "', which is no peer with links any more: let it join again");
    }
    nodes[t.id.value] = node;
  }
  return {};
}

result<void> log_places::keep(const engine::plan& p, const std::string& own, const std::vector<std::string>& nodes) {
  bool is_new = false;
  for (const auto& t : p.tasks) {
    if (!is_logged(p, t)) continue;
    const bool is_here = nodes.empty() || nodes[t.id.value] == own;
    is_new = node_of_.try_emplace(p.task_name(t.id), is_here ? std::string{} : nodes[t.id.value]).second || is_new;
  }
  if (!is_new) return {};
  std::error_code failed;
  std::filesystem::create_directories(file_.parent_path(), failed);
  return persistence::replace_file(file_, json(node_of_).dump(2) + "\n");
}

}  // namespace millrace::node
