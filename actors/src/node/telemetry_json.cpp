#include "node/telemetry_json.hpp"

#include <algorithm>
#include <map>

#include "node/status_json.hpp"

namespace millrace::node {

namespace {

using detail = telemetry_choice::detail;
using nlohmann::json;

// An actor of 64 partitions fed by 64 has 4,096: a message has room for about so many.
constexpr std::size_t channels_max = 1'024;

template <class Period>
double as(std::chrono::nanoseconds d) {
  return std::chrono::duration<double, Period>(d).count();
}

/// What the tasks of a run or of an actor come to: sums, and of times and shares the worst.
struct merged {
  std::size_t tasks = 0;
  double in_per_s = 0, out_per_s = 0;
  std::uint64_t events_in = 0, events_out = 0, dead_letters = 0, late = 0, retries = 0, backlog = 0;
  std::uint64_t state_rows = 0, state_bytes = 0, restarts = 0, snapshot_bytes = 0;
  double busy = 0, blocked = 0, ready = 0;
  std::chrono::nanoseconds p50{}, p99{}, p99_9{}, queue{}, service{}, credit_wait{}, snapshot{}, network{}, oldest{},
      in_step{};
  event_time watermark = event_time::max();
  std::map<std::string, std::size_t> states{};

  void add(const task_view& v) {
    ++tasks;
    in_per_s += v.in_per_s;
    out_per_s += v.out_per_s;
    const auto& t = v.now;
    for (auto [sum, n] : {std::pair{&events_in, t.events_in},
                          {&events_out, t.events_out},
                          {&late, t.late},
                          {&dead_letters, t.dead_letters},
                          {&retries, t.retries},
                          {&backlog, t.backlog},
                          {&state_rows, t.state_rows},
                          {&state_bytes, t.state_bytes},
                          {&snapshot_bytes, t.snapshot_bytes},
                          {&restarts, std::max<std::uint64_t>(t.incarnation, 1) - 1}}) {
      *sum += n;
    }
    for (auto [most, share] : {std::pair{&busy, v.busy_share}, {&blocked, v.blocked_share}, {&ready, v.ready_share}}) {
      *most = std::max(*most, share);
    }
    for (auto [most, time] : {std::pair{&p50, v.p50},
                              {&p99, v.p99},
                              {&p99_9, v.p99_9},
                              {&queue, v.queue},
                              {&service, v.service},
                              {&credit_wait, v.credit_wait},
                              {&snapshot, v.snapshot},
                              {&network, v.network},
                              {&oldest, t.oldest_unfinished},
                              {&in_step, t.stepping_for}}) {
      *most = std::max(*most, time);
    }
    watermark = std::min(watermark, t.watermark);
    ++states[engine::to_string(t.phase)];
  }
};

json merged_json(const merged& m, processing_time now) {
  return {{"tasks", m.tasks},
          {"states", m.states},
          {"in_per_s", m.in_per_s},
          {"out_per_s", m.out_per_s},
          {"events_in", m.events_in},
          {"events_out", m.events_out},
          {"busy_share", m.busy},
          {"blocked_share", m.blocked},
          {"ready_share", m.ready},
          {"dead_letters", m.dead_letters},
          {"late", m.late},
          {"retries", m.retries},
          {"backlog", m.backlog},
          {"restarts", m.restarts},
          {"state_rows", m.state_rows},
          {"state_bytes", m.state_bytes},
          {"snapshot_bytes", m.snapshot_bytes},
          {"latency_p50_us", as<std::micro>(m.p50)},
          {"latency_p99_us", as<std::micro>(m.p99)},
          {"latency_p99_9_us", as<std::micro>(m.p99_9)},
          {"latency_split_us",
           {{"queue", as<std::micro>(m.queue)},
            {"service", as<std::micro>(m.service)},
            {"credit_wait", as<std::micro>(m.credit_wait)},
            {"network", as<std::micro>(m.network)},
            {"snapshot", as<std::micro>(m.snapshot)}}},
          {"oldest_unfinished_ms", as<std::milli>(m.oldest)},
          {"in_step_ms", as<std::milli>(m.in_step)},
          {"watermark_ns", watermark_json(m.watermark)},
          {"watermark_lag_ms", lag_json(m.watermark, now)}};
}

/// The run in a few figures: what comes in at its producers, what leaves by its sinks.
json overview(const status_view& view) {
  auto out = run_json(view);
  merged all;
  double entered = 0;
  double left = 0;
  event_time complete = event_time::max();
  for (const auto& t : view.tasks) {
    all.add(t);
    if (t.now.kind == "producer") entered += t.out_per_s;
    if (t.now.kind != "sink") continue;
    left += t.in_per_s;
    complete = std::min(complete, t.now.watermark);
  }
  all.in_per_s = entered;
  all.out_per_s = left;
  all.watermark = complete;
  auto sums = merged_json(all, view.run.taken_at);
  for (auto& [name, value] : sums.items()) {
    // Restarts of the run are those that people count: each restarts many tasks.
    if (!out.contains(name)) out[name] = std::move(value);
  }
  out.erase("latency_split_us");
  return out;
}

json actor_rows(const status_view& view) {
  auto rows = json::array();
  // Tasks stand by actor.
  for (std::size_t i = 0; i < view.tasks.size();) {
    const auto& first = view.tasks[i].now;
    merged sum;
    while (i < view.tasks.size() && view.tasks[i].now.actor == first.actor) sum.add(view.tasks[i++]);
    auto row = merged_json(sum, view.run.taken_at);
    row["actor"] = first.actor;
    row["kind"] = first.kind;
    rows.push_back(std::move(row));
  }
  return rows;
}

json channel_json(const status_view& view, const channel_view& c) {
  return {{"from", view.tasks[c.now.source.value].now.name},
          {"to", view.tasks[c.now.target.value].now.name},
          {"per_s", c.per_s},
          {"sent", c.now.sent},
          {"waiting", c.now.sent - c.now.done},
          {"credit_used", c.now.credit_used},
          {"credit_window", c.now.credit_window},
          {"fill", c.fill},
          {"held_ms", as<std::milli>(c.now.held_for)},
          {"oldest_unfinished_ms", as<std::milli>(c.now.oldest_unfinished)}};
}

result<json> one_actor(const status_view& view, const std::string& actor) {
  auto tasks = json::array();
  for (const auto& t : view.tasks) {
    if (t.now.actor == actor) tasks.push_back(task_json(t, view.run.taken_at));
  }
  if (tasks.empty()) {
    return user_error(errc::not_found, "'" + view.run.topology + "' has no actor '" + actor + "'");
  }
  auto channels = json::array();
  std::size_t left_out = 0;
  for (const auto& c : view.channels) {
    const bool is_its =
        view.tasks[c.now.source.value].now.actor == actor || view.tasks[c.now.target.value].now.actor == actor;
    if (!is_its) continue;
    if (channels.size() < channels_max) {
      channels.push_back(channel_json(view, c));
    } else {
      ++left_out;
    }
  }
  return json{{"topology", view.run.topology}, {"state", view.run.state},         {"actor", actor},
              {"tasks", std::move(tasks)},     {"channels", std::move(channels)}, {"channels_left_out", left_out}};
}

result<std::string> text_of(const json& value, const std::string& name) {
  if (!value.is_string()) return user_error(errc::invalid_argument, "argument '" + name + "' is no text");
  return value.get<std::string>();
}

}  // namespace

result<telemetry_choice> read_choice(const json& args) {
  telemetry_choice out;
  std::string level = "status";
  for (const auto& [name, value] : args.items()) {
    auto text = text_of(value, name);
    if (!text) return std::move(text).error();
    if (name == "detail") {
      level = *std::move(text);
    } else if (name == "actor") {
      out.actor = *std::move(text);
    } else if (name == "topology") {
      out.topology = *std::move(text);
    } else {
      return user_error(errc::invalid_argument,
                        "telemetry has no argument '" + name + "'; there are detail, actor and topology");
    }
  }
  constexpr std::pair<const char*, detail> levels[] = {
      {"status", detail::status}, {"overview", detail::overview}, {"actors", detail::actors}, {"actor", detail::actor}};
  const auto* const at = std::ranges::find_if(levels, [&](const auto& l) { return level == l.first; });
  if (at == std::end(levels)) {
    return user_error(errc::invalid_argument,
                      "argument 'detail' is '" + level + "'; there are status, overview, actors and actor");
  }
  out.level = at->second;
  if ((out.level == detail::actor) != !out.actor.empty()) {
    return user_error(errc::invalid_argument, "'actor' goes with the detail 'actor', and only with that");
  }
  return out;
}

result<json> telemetry_json(const status_view& view, const telemetry_choice& choice) {
  switch (choice.level) {
    case detail::status:
      return to_json(view);
    case detail::overview:
      return overview(view);
    case detail::actors: {
      auto out = overview(view);
      out["actors"] = actor_rows(view);
      return out;
    }
    case detail::actor:
      return one_actor(view, choice.actor);
  }
  return to_json(view);
}

}  // namespace millrace::node
