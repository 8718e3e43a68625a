#include "node/why.hpp"

#include "node/status_json.hpp"

namespace millrace::node {

namespace {

// Shares over less than this say more about the moment than about the run.
constexpr std::chrono::milliseconds looked_at_least{500};

actor_kind kind_of(const std::string& text) {
  for (const auto k : {actor_kind::producer, actor_kind::router, actor_kind::processor, actor_kind::sink}) {
    if (text == to_string(k)) return k;
  }
  return actor_kind::processor;
}

engine::observed_task observe(const task_view& v) {
  engine::observed_task t;
  t.name = v.now.name;
  t.actor = v.now.actor;
  t.kind = kind_of(v.now.kind);
  t.busy = v.busy_share;
  t.ready = v.ready_share;
  t.blocked = v.blocked_share;
  t.align = v.align_share;
  t.freeze = v.freeze_share;
  t.cpu = v.cpu_share;
  t.in_per_s = v.in_per_s;
  t.out_per_s = v.out_per_s;
  t.backlog = v.now.backlog;
  t.stepping_for = v.now.stepping_for;
  t.oldest_unfinished = v.now.oldest_unfinished;
  t.is_retrying = v.now.phase == engine::task_phase::backing_off;
  t.hot_keys = v.now.hot_keys;
  t.faults = v.now.faults;
  t.stopped_at = v.now.stopped_at;
  return t;
}

nlohmann::json cause_json(const engine::diagnosis& d) {
  auto keys = nlohmann::json::array();
  for (const auto& k : d.keys) {
    keys.push_back({{"key", nlohmann::json::parse(k.key, nullptr, false)}, {"share", k.share}, {"error", k.error}});
  }
  return {{"cause", to_string(d.what)}, {"where", d.where},       {"sentence", d.sentence}, {"path", d.path},
          {"share", d.share},           {"keys", std::move(keys)}};
}

}  // namespace

engine::observed_run observe(const status_view& view, const engine::plan& p) {
  engine::observed_run run;
  for (const auto& t : view.tasks) run.tasks.push_back(observe(t));
  for (std::size_t i = 0; i < view.channels.size(); ++i) {
    const auto& c = p.channels[i];
    run.channels.push_back({c.source.value, c.target.value, view.channels[i].fill,
                            view.channels[i].now.held_for.count() != 0, view.channels[i].now.faults});
  }
  run.threads = view.run.threads;
  run.snapshot_interval = view.run.snapshot_interval;
  run.last_snapshot = view.run.last_snapshot_duration;
  run.last_write = view.run.last_snapshot_write;
  run.snapshot_open_for = view.run.snapshot_open_for;
  run.writing_for = view.run.snapshot_writing_for;
  return run;
}

result<nlohmann::json> answer_why(const status_view& view, const engine::plan& p) {
  if (view.run.state == "paused") {
    return nlohmann::json{{"topology", view.run.topology},
                          {"cause", "paused"},
                          {"where", view.run.topology},
                          {"sentence", "it takes no input: somebody paused it at " +
                                           instant_json(view.run.paused_since).get<std::string>() +
                                           "; 'millrace topology resume " + view.run.topology + "' lets it go on"},
                          {"path", nlohmann::json::array()},
                          {"share", 1},
                          {"keys", nlohmann::json::array()},
                          {"also", nlohmann::json::array()}};
  }
  if (view.run.state != "running") {
    return user_error(errc::unavailable, "the run is " + view.run.state + ": ask again when it is running");
  }
  if (view.looked_at < looked_at_least || view.tasks.size() != p.tasks.size()) {
    return retryable_error(errc::unavailable, "the run has only just begun: ask again in a second");
  }
  auto causes = engine::ranked_causes(observe(view, p));
  auto& d = causes.front();
  const auto failing = failing_sentence(view.run);
  const bool only_fails = d.what == engine::cause::none && !failing.empty();
  if (only_fails) {
    d.sentence = failing +
                 "; results of exactly-once sinks appear with the next one that succeeds, which is tried again "
                 "and again";
  } else if (!failing.empty()) {
    d.sentence += "; besides, " + failing;
  }
  auto answer = cause_json(d);
  answer["topology"] = view.run.topology;
  if (only_fails) answer["cause"] = "failing_snapshots";
  auto also = nlohmann::json::array();
  for (std::size_t i = 1; i < causes.size(); ++i) also.push_back(cause_json(causes[i]));
  answer["also"] = std::move(also);
  return answer;
}

}  // namespace millrace::node
