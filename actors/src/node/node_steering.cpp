#include <utility>

#include "node/node.hpp"
#include "node/own_folder.hpp"
#include "node/steering_answer.hpp"

// What is wanted of a topology while it runs: noted first, so that the node's next start knows it, then done.
namespace millrace::node {

result<nlohmann::json> node::steer(const caller& who, const std::string& verb, const json& args) {
  const auto h = chosen(who, args);
  if (!h) return h.error();
  const std::lock_guard lock{mutex_};
  auto d = (*h)->deployed();
  auto done = millrace::node::steer(d, verb, args);
  if (!done) return std::move(done).error();
  if (done->setting) {
    auto changed = parse_topology(d.text, d.name);
    if (!changed) return std::move(changed).error();
    changed->base_folder = d.base_folder;
    if (auto fine = stay_outside(*changed, store_.folder()); !fine) return std::move(fine).error();
  }
  if (auto saved = store_.save(d); !saved) return std::move(saved).error();
  (*h)->steer(d);
  if (const auto& s = done->setting) {
    if (auto set = (*h)->set(s->actor, s->param, s->value); !set) return std::move(set).error();
  }
  return std::move(done->answer);
}

}  // namespace millrace::node
