#include "node/looking/look_desk.hpp"

#include <chrono>
#include <utility>

#include "inspect/lua_condition.hpp"
#include "node/looking/break_answer.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

// An answer is one message of at most 1 MiB; what else comes is counted and not shown.
constexpr std::size_t samples_bytes_max = std::size_t{512} << 10;

/// `part`: another node's, as it may be.
void add_part(json& sum, const json& part, std::size_t& bytes) {
  for (const char* name : {"passed", "examined", "matched", "failures"}) {
    const auto n = part.find(name);
    if (n != part.end() && n->is_number_unsigned())
      sum[name] = sum[name].get<std::uint64_t>() + n->get<std::uint64_t>();
  }
  for (const auto& s : part["samples"]) {
    bytes += s.dump(-1, ' ', false, json::error_handler_t::replace).size();
    if (bytes > samples_bytes_max) break;
    sum["samples"].push_back(s);
  }
  if (!sum.contains("failure") && part.contains("failure")) sum["failure"] = part["failure"];
}

/// What is wrong with the filter is said before anybody is asked: all nodes have the same types.
result<void> check_filter(const engine::plan& plan, const tail::choice& c) {
  if (c.filter.empty()) return {};
  for (const auto id : c.channels) {
    auto compiled = inspect::make_lua_condition(c.filter, *inspect::received_type(plan, plan.channels[id.value]));
    if (!compiled) return std::move(compiled).error();
  }
  return {};
}

}  // namespace

bool is_look(const std::string& verb) noexcept {
  return verb.starts_with("tail_") || verb.starts_with("break_");
}

result<json> look_desk::answer(const std::string& owner, const std::string& verb, const json& args) {
  if (verb.starts_with("break_")) return answer_break(run_.watches(), run_.plan(), verb, args);
  const std::lock_guard lock{mutex_};
  const auto now = now_ns();
  std::erase_if(tails_, [&](const auto& t) {
    return (t.second.here && t.second.here->is_over()) || now - t.second.read_ns >= tail::lease.count();
  });
  return verb == "tail_open" ? open_tail(owner, args) : answer_tail(owner, verb, args);
}

result<json> look_desk::open_tail(const std::string& owner, const json& args) {
  const auto& plan = run_.plan();
  auto chosen = tail::read_choice(plan, args);
  if (!chosen) return std::move(chosen).error();
  if (auto fine = check_filter(plan, *chosen); !fine) return std::move(fine).error();
  if (tails_.size() >= inspect::watch_board::taps_max) {
    return user_error(errc::limit_exceeded, "there are " + std::to_string(inspect::watch_board::taps_max) +
                                                " who look into channels already; try again later");
  }
  auto out = tail::describe(plan, *chosen);
  std::map<std::string, tail::choice> by_node;
  for (const auto c : chosen->channels) {
    by_node[run_.node_of(plan.channels[c.value].target)].channels.push_back(c);
  }
  opened made{owner, nullptr, {}, now_ns()};
  for (auto& [node, part] : by_node) {
    part.filter = chosen->filter;
    // Each shows its part, so that all together keep to the rate.
    part.rate = chosen->rate / static_cast<double>(by_node.size());
    if (!node.empty()) {
      made.elsewhere.push_back(std::make_unique<distant_tail>(run_, node, part));
      continue;
    }
    auto here = tail::open(run_.watches(), plan, inspect::make_lua_condition, part);
    if (!here) return std::move(here).error();
    made.here = *std::move(here);
  }
  const auto id = next_id_++;
  out["tail"] = id;
  tails_.emplace(id, std::move(made));
  return out;
}

json look_desk::read(opened& t) {
  t.read_ns = now_ns();
  auto out =
      t.here ? t.here->read()
             : json{{"passed", 0U}, {"examined", 0U}, {"matched", 0U}, {"failures", 0U}, {"samples", json::array()}};
  std::size_t bytes = 0;
  auto silent = json::object();
  for (const auto& d : t.elsewhere) {
    for (const auto& part : d->take()) add_part(out, part, bytes);
    if (auto why = d->problem(); !why.empty()) silent[d->node()] = std::move(why);
  }
  out["shown"] = out["samples"].size();
  if (!silent.empty()) out["silent"] = std::move(silent);
  return out;
}

result<json> look_desk::answer_tail(const std::string& owner, const std::string& verb, const json& args) {
  const auto given = args.find("tail");
  if (given == args.end() || !given->is_number_unsigned()) {
    return user_error(errc::invalid_argument, "'tail' is the number that tail_open gave");
  }
  const auto found = tails_.find(given->get<std::uint64_t>());
  if (found == tails_.end() || found->second.owner != owner) {
    return user_error(errc::not_found,
                      "there is no such tail any more: nobody asked for it for longer than its lease, "
                      "or the run began anew");
  }
  if (verb == "tail_read") return read(found->second);
  for (const auto& d : found->second.elsewhere) d->close();
  tails_.erase(found);
  return json{{"closed", true}};
}

}  // namespace millrace::node
