#include <chrono>
#include <utility>

#include "millrace/topology.hpp"
#include "millrace/validation.hpp"
#include "node/arguments.hpp"
#include "node/node.hpp"
#include "node/wall_clock.hpp"

// Snapshots that people keep: taken, listed, deleted, started from.
namespace millrace::node {

namespace {

using nlohmann::json;

constexpr std::size_t label_chars_max = 200;
/// Content that is verified before a request is answered; larger ones are verified when the topology starts.
constexpr std::uint64_t verified_at_once_max = std::uint64_t{64} << 20U;

result<validation> valid(const deployment& d) {
  auto t = parse_topology(d.text, d.name);
  if (!t) return std::move(t).error();
  t->base_folder = d.base_folder;
  auto checked = validate(*t);
  for (const auto& p : checked.problems) {
    if (p.level == problem::severity::error) return user_error(errc::invalid_topology, to_string(p));
  }
  return checked;
}

}  // namespace

result<json> node::take_savepoint(const caller& who, const json& args) {
  const auto h = chosen(who, args);
  if (!h) return h.error();
  const auto label = text_argument(args, "label");
  if (!label) return label.error();
  if (label->size() > label_chars_max) {
    return user_error(errc::limit_exceeded, "a label has at most " + std::to_string(label_chars_max) + " bytes");
  }
  const auto d = (*h)->deployed();
  const auto checked = valid(d);
  if (!checked) return checked.error();
  const std::lock_guard lock{mutex_};
  const auto id = shelf_.fresh_id(d.name, wall_now(), (*h)->savepoints().under_way());
  const auto folder = shelf_.path_of(d.name, id);
  if (!folder) return folder.error();
  (*h)->take_savepoint(id, *folder, to_text(savepoint_about{d.name, *label, d.text, shape_of(*checked->plan)}));
  return json{{"topology", d.name}, {"savepoint", id}};
}

/// Also of a topology that is not here any more: `topology_in` has let through who may see that name.
result<json> node::list_savepoints(const json& args) const {
  const auto name = text_argument(args, "topology");
  if (!name) return name.error();
  const auto all = shelf_.list(*name);
  if (!all) return all.error();
  auto out = json::array();
  for (const auto& s : *all) out.push_back(to_json(s));
  const std::lock_guard lock{mutex_};
  const auto known = hosted_.find(*name);
  const bool is_here = known != hosted_.end();
  return json{{"topology", *name},
              {"savepoints", std::move(out)},
              {"under_way", is_here ? json(known->second->savepoints().under_way()) : json::array()},
              {"failed", is_here ? known->second->savepoints().failed() : json::array()}};
}

result<json> node::delete_savepoint(const json& args) {
  const auto name = text_argument(args, "topology");
  const auto id = text_argument(args, "savepoint");
  if (!name || !id) return user_error(errc::invalid_argument, "savepoint_delete takes topology and savepoint (texts)");
  const auto folder = shelf_.path_of(*name, *id);
  if (!folder) return folder.error();
  const std::lock_guard lock{mutex_};
  for (const auto* all : {&hosted_, &removed_}) {
    for (const auto& [n, h] : *all) {
      if (!h->needs_savepoint(folder->string())) continue;
      return user_error(errc::in_use, "'" + n + "' has not started from savepoint '" + *id + "' yet, and is to");
    }
  }
  if (auto gone = persistence::remove_savepoint(*folder); !gone) return std::move(gone).error();
  return json{{"topology", *name}, {"savepoint", *id}, {"deleted", true}};
}

/// Sets what the deployment's next start goes back to, when `args` name a savepoint. `before`: what is deployed under
/// that name; null: nothing.
result<void> node::go_back(const caller& who, deployment& d, const json& args, const hosted_ptr& before) const {
  const auto which = text_argument(args, "from");
  if (!which) return which.error();
  if (which->empty()) {
    if (before) {
      const auto known = before->deployed();
      d.from_savepoint = known.from_savepoint;
      d.moves = known.moves;
    }
    return {};
  }
  const auto accepts = flag_argument(args, "accept_duplicates", false);
  if (!accepts) return accepts.error();
  const auto owner = which->substr(0, which->find('/') == std::string::npos ? 0 : which->find('/'));
  const auto allows = gate_.grant_of(who);
  if (!allows) return allows.error();
  if (!owner.empty() && !allows->covers_whole(owner)) {
    return user_error(errc::denied, "this key is not for all of the topology '" + owner + "', whose savepoint it is");
  }
  const auto folder = shelf_.find(d.name, *which);
  if (!folder) return folder.error();
  auto kept = persistence::read_savepoint(*folder);
  if (kept && kept->bytes <= verified_at_once_max) kept = persistence::verify_savepoint(*folder);
  if (!kept) return std::move(kept).error();
  const auto about = json::parse(kept->about, nullptr, false);
  const auto checked = valid(d);
  if (!checked) return checked.error();
  if (auto fits = check_shape(about.value("shape", json::object()), *checked->plan); !fits) return fits;
  const auto newest = before ? before->newest_epoch() : persistence::newest_committed(store_.data_dir_of(d.name));
  if (!newest) return newest.error();
  const bool is_same = about.value("topology", "") == d.name && newest->value != 0;
  if (newest->value != 0 && !is_same) {
    return user_error(errc::already_exists, "'" + d.name + "' has a state of its own, and the savepoint is of '" +
                                                about.value("topology", "") +
                                                "': remove the one, or deploy under another name");
  }
  if (auto has_logs = check_logs(*checked->plan, is_same); !has_logs) return has_logs;
  if (before) {
    const auto where = place(d, *checked->plan);
    if (!where) return where.error();
    auto reaches = before->check_log_reaches(*folder, logged_tasks(*checked->plan, *where));
    if (!reaches) return reaches;
  }
  if (!*accepts) {
    if (auto once = check_output(*checked->plan, is_same, kept->epoch, *newest); !once) return once;
  }
  d.from_savepoint = folder->string();
  d.moves = !is_same;
  return {};
}

}  // namespace millrace::node
