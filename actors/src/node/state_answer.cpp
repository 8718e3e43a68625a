#include "node/state_answer.hpp"

#include <algorithm>

#include "millrace/engine/state_text.hpp"
#include "millrace/key_codec.hpp"
#include "millrace/key_group.hpp"

namespace millrace::node {

namespace {

using engine::state_request;
using nlohmann::json;

// As long as the other clients of the control socket may be kept waiting.
constexpr std::chrono::milliseconds task_timeout{300};

struct target {
  std::uint32_t actor = 0;
  std::uint32_t parallelism = 1;
  std::uint32_t first_task = 0;
  std::string key_type;
};

result<target> find_actor(const engine::plan& p, const std::string& name) {
  std::string known;
  for (std::uint32_t i = 0; i < p.spec.actors.size(); ++i) {
    known += (known.empty() ? "" : ", ") + p.spec.actors[i].name;
    if (p.spec.actors[i].name != name) continue;
    target out{i, 1, 0, {}};
    const auto first = std::ranges::find(p.tasks, i, &engine::plan_task::actor);
    out.parallelism = first->parallelism;
    out.first_task = first->id.value;
    for (const auto& key : p.input_keys[i]) {
      if (key != nullptr) out.key_type = key->key_type();
    }
    if (out.key_type.empty()) return user_error(errc::not_found, "'" + name + "' keeps no state by key");
    return out;
  }
  return user_error(errc::not_found, "there is no actor '" + name + "'; there are " + known);
}

result<std::optional<key_bytes>> bound(const json& args, const char* name, const std::string& key_type) {
  const auto text = args.value(name, "");
  if (text.empty()) return std::optional<key_bytes>{};
  auto key = engine::parse_key(key_type, text);
  if (!key) return std::move(key).error();
  return std::optional{std::move(*key)};
}

result<state_request> read_request(const json& args, const target& of) {
  state_request r;
  const auto what = args.value("what", "");
  if (what != "get" && what != "scan" && what != "size") {
    return user_error(errc::invalid_argument, "'what' must be get, scan or size");
  }
  r.what = what == "get"    ? state_request::kind::get
           : what == "scan" ? state_request::kind::scan
                            : state_request::kind::size;
  r.state = args.value("state", "");
  r.prefix = args.value("prefix", "");
  r.limit = args.value("limit", 100U);
  r.cursor = args.value("cursor", 0U);
  auto from = bound(args, "from", of.key_type);
  if (!from) return std::move(from).error();
  auto to = bound(args, "to", of.key_type);
  if (!to) return std::move(to).error();
  r.from = std::move(*from);
  r.to = std::move(*to);
  if (r.what != state_request::kind::get) return r;
  if (!args.contains("key")) return user_error(errc::invalid_argument, "'get' needs a key");
  auto key = engine::parse_key(of.key_type, args.value("key", ""));
  if (!key) return std::move(key).error();
  r.key = std::move(*key);
  return r;
}

json to_json(const engine::state_answer& answer, std::uint32_t partition) {
  json out{{"rows", json::array()}, {"groups", json::array()}, {"next", nullptr}};
  for (const auto& row : answer.rows) {
    json states = json::object();
    for (const auto& [name, text] : row.states) states[name] = json::parse(text, nullptr, false);
    out["rows"].push_back(
        {{"partition", partition}, {"key", json::parse(row.key, nullptr, false)}, {"states", std::move(states)}});
  }
  for (const auto& [group, size] : answer.groups) {
    out["groups"].push_back({{"group", group}, {"partition", partition}, {"rows", size.rows}, {"bytes", size.bytes}});
  }
  return out;
}

}  // namespace

result<json> answer_state(runtime::topology_run& run, const json& args) {
  const auto& plan = run.plan();
  const auto of = find_actor(plan, args.value("actor", ""));
  if (!of) return of.error();
  auto request = read_request(args, *of);
  if (!request) return std::move(request).error();
  const auto groups = plan.spec.settings.key_groups;
  const bool is_get = request->what == state_request::kind::get;
  const auto partition =
      is_get ? partition_of(key_group_of(key_hash(request->key.view()), groups), of->parallelism, groups)
             : args.value("partition", 0U);
  if (partition >= of->parallelism) return user_error(errc::invalid_argument, "there is no such partition");
  auto answer = run.query({of->first_task + partition}, std::move(*request), task_timeout);
  if (!answer) return std::move(answer).error();
  auto out = to_json(*answer, partition);
  out["key_type"] = of->key_type;
  if (is_get) return out;
  if (answer->next) {
    out["next"] = {{"partition", partition}, {"cursor", *answer->next}};
  } else if (partition + 1 < of->parallelism) {
    out["next"] = {{"partition", partition + 1}, {"cursor", 0}};
  }
  return out;
}

}  // namespace millrace::node
