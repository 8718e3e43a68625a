#include <filesystem>
#include <utility>

#include "millrace/topology.hpp"
#include "millrace/validation.hpp"
#include "node/arguments.hpp"
#include "node/node.hpp"
#include "node/own_folder.hpp"
#include "node/topology_difference.hpp"

// What is deployed to a node: taken in, compared, started, stopped, removed.
namespace millrace::node {

namespace {

using nlohmann::json;

struct checked_topology {
  deployment wanted;
  topology parsed;
  validation checked;
};

result<checked_topology> read_topology(const json& args, const std::filesystem::path& own) {
  const auto text = text_argument(args, "text");
  if (!text) return text.error();
  const auto base = text_argument(args, "base_folder");
  if (!base) return base.error();
  auto parsed = parse_topology(*text, "topology");
  if (!parsed) return std::move(parsed).error();
  if (!is_valid_name(parsed->name)) {
    return user_error(errc::invalid_topology, "'" + parsed->name + "' is no name for a topology");
  }
  parsed->base_folder = *base;
  if (auto fine = stay_outside(*parsed, own); !fine) return std::move(fine).error();
  auto where = placement_rules_of(args.value("placement", json{}));
  if (!where) return std::move(where).error();
  checked_topology out{
      {.name = parsed->name, .text = *text, .base_folder = *base, .where = *std::move(where)}, std::move(*parsed), {}};
  out.checked = validate(out.parsed);
  return out;
}

json problems_json(const validation& v) {
  auto out = json::array();
  for (const auto& p : v.problems) {
    out.push_back({{"severity", p.level == problem::severity::error ? "error" : "warning"},
                   {"where", p.where},
                   {"what", p.what},
                   {"remedy", p.remedy}});
  }
  return out;
}

json guarantees_json(const validation& v) {
  auto out = json::array();
  for (const auto& g : v.guarantees) out.push_back({{"sink", g.sink}, {"holds", to_string(g.holds)}, {"why", g.why}});
  return out;
}

error invalid(const validation& v) {
  std::string text;
  for (const auto& p : v.problems) {
    if (p.level == problem::severity::error) text += (text.empty() ? "" : "\n") + to_string(p);
  }
  return user_error(errc::invalid_topology, text);
}

}  // namespace

result<json> node::deploy(const caller& who, const json& args) {
  auto read = read_topology(args, store_.folder());
  if (!read) return std::move(read).error();
  if (!read->checked.ok()) return invalid(read->checked);
  auto& d = read->wanted;
  if (const auto placed = place(d, *read->checked.plan); !placed) return placed.error();
  const auto is_wanted = flag_argument(args, "start", true);
  if (!is_wanted) return is_wanted.error();
  const auto is_replacing = flag_argument(args, "replace", false);
  if (!is_replacing) return is_replacing.error();
  const auto from = text_argument(args, "from");
  if (!from) return from.error();
  d.is_wanted = *is_wanted;
  json answer{
      {"topology", d.name}, {"guarantees", guarantees_json(read->checked)}, {"problems", problems_json(read->checked)}};
  hosted_ptr known;
  {
    const std::lock_guard lock{mutex_};
    if (removed_.contains(d.name)) {
      return retryable_error(errc::unavailable, "'" + d.name + "' is being removed; deploy it again when it is gone");
    }
    if (const auto at = hosted_.find(d.name); at != hosted_.end()) known = at->second;
  }
  // It reads much, and nobody is to wait for the lock meanwhile. Requests come one by one, so what is known stays so.
  const auto goes_back = go_back(who, d, args, known);
  if (!goes_back) return goes_back.error();
  const std::lock_guard lock{mutex_};
  if (known) {
    const auto before = known->deployed();
    d.paused_since = before.paused_since;
    for (const auto& a : read->parsed.actors) {
      if (before.muted.contains(a.name)) d.muted.insert(a.name);
    }
    if (before.text == d.text && before.from_savepoint == d.from_savepoint && before.base_folder == d.base_folder &&
        before.where == d.where) {
      const bool is_resting = !before.is_wanted || known->now() == hosted_topology::phase::failed;
      answer["changed"] = false;
      answer["starting"] = is_resting && *is_wanted;
      if (!is_resting || !*is_wanted) return answer;
      if (auto saved = store_.save(d); !saved) return std::move(saved).error();
      known->want(true);
      return answer;
    }
    if (!*is_replacing) {
      return user_error(
          errc::already_exists,
          "'" + d.name +
              "' is deployed here already, and differs; 'millrace topology plan' shows how. "
              "Deploy with --replace to end it with a last snapshot and go on with this one, or rename it");
    }
  }
  if (auto saved = store_.save(d); !saved) return std::move(saved).error();
  if (known) {
    known->replace(std::move(d), from->empty());
  } else {
    const auto name = d.name;
    hosted_[name] = host(std::move(d));
  }
  answer["changed"] = true;
  return answer;
}

result<json> node::plan(const json& args) const {
  auto read = read_topology(args, store_.folder());
  if (!read) return std::move(read).error();
  json answer{{"topology", read->parsed.name},
              {"valid", read->checked.ok()},
              {"problems", problems_json(read->checked)},
              {"guarantees", guarantees_json(read->checked)}};
  if (read->checked.ok()) {
    if (const auto placed = place(read->wanted, *read->checked.plan); !placed) {
      answer["valid"] = false;
      answer["problems"].push_back({{"severity", "error"},
                                    {"where", "placement"},
                                    {"what", placed.error().message},
                                    {"remedy", "name nodes that are known here and have a link"}});
    }
  }
  const std::lock_guard lock{mutex_};
  const auto known = hosted_.find(read->parsed.name);
  answer["deployed"] = known != hosted_.end();
  topology before;
  if (known != hosted_.end()) {
    auto parsed = parse_topology(known->second->deployed().text, "deployed");
    if (parsed) before = *std::move(parsed);
  }
  answer["changes"] = differences(before, read->parsed);
  const auto where = known == hosted_.end() ? placement_rules{} : known->second->deployed().where;
  if (where != read->wanted.where) {
    answer["changes"].push_back(
        {{"what", "changed"}, {"where", "placement"}, {"from", to_json(where)}, {"to", to_json(read->wanted.where)}});
  }
  return answer;
}

result<json> node::want(const caller& who, const json& args, bool running) {
  const auto h = chosen(who, args);
  if (!h) return h.error();
  auto d = (*h)->deployed();
  d.is_wanted = running;
  const bool is_to_go_back = running && args.contains("from");
  if (is_to_go_back) {
    if (!(*h)->is_at_rest()) {
      return user_error(errc::in_use, "'" + d.name + "' is running: stop it, and it can start from a savepoint");
    }
    if (auto goes_back = go_back(who, d, args, *h); !goes_back) return std::move(goes_back).error();
  }
  const std::lock_guard lock{mutex_};
  if (is_to_go_back) {
    if (auto saved = store_.save(d); !saved) return std::move(saved).error();
    (*h)->replace(d, false);
  } else if (auto saved = store_.save(d); !saved) {
    return std::move(saved).error();
  }
  (*h)->want(running);
  return json{{"topology", d.name}, {running ? "starting" : "stopping", true}};
}

result<json> node::remove(const caller& who, const json& args) {
  const auto h = chosen(who, args);
  if (!h) return h.error();
  const auto name = (*h)->deployed().name;
  const std::lock_guard lock{mutex_};
  // Should the node die before the run has ended, the topology must not come back.
  if (auto forgotten = store_.forget(name); !forgotten) return std::move(forgotten).error();
  (*h)->want(false);
  removed_[name] = *h;
  hosted_.erase(name);
  return json{{"topology", name}, {"removing", true}};
}

}  // namespace millrace::node
