#include "chain_run.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "millrace/calls/call_listener.hpp"
#include "millrace/context.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/sink.hpp"
#include "millrace/validation.hpp"

using namespace std::chrono_literals;

namespace millrace::test::chain_actors {

struct number {
  std::int64_t value{};
};
MILLRACE_RECORD(number, 1, value)

std::atomic<bool> may_end{false};
std::atomic<bool> is_hanging{false};
std::atomic<bool> is_away{false};
std::atomic<int> prepares_failing{0};
std::atomic<int> hangs_wanted{0};
std::atomic<std::int64_t> made{0};
std::atomic<std::int64_t> sum_at_end{0};
std::atomic<std::int64_t> got_at_end{0};

struct source : producer {
  out<number> numbers{this, "out"};
  std::int64_t next = 0;
  poll_result poll(context&, std::size_t) override {
    if (may_end) {
      made = next;
      return poll_result::end();
    }
    for (int i = 0; i < 10; ++i) numbers.emit({next++});
    return poll_result::wait(1ms);
  }
  void save_position(msgpack::writer& w) const override { w.integer(next); }
  bool load_position(msgpack::reader& r) override { return r.integer(next); }
  std::string describe_position() const override { return std::to_string(next); }
};

struct pass : processor {
  in<number> numbers{this, "in", &pass::on_number};
  out<number> passed{this, "out"};
  param<bool> hangs{this, "hangs", false, {}};
  param<bool> reads_clock{this, "reads_clock", false, {}};
  param<std::int64_t> marks{this, "marks", 0, {.live = true}};
  param<bool> calls{this, "calls", false, {}};
  void on_number(context& c, const number& n) {
    if (*calls) tell_call(c, is_away, is_away ? circuit_breaker::state::open : circuit_breaker::state::closed);
    if (*reads_clock) (void)c.now();
    if (*hangs && hangs_wanted > 0 && hangs_wanted-- > 0) is_hanging.wait(true);
    passed.emit(n);
  }
};

struct total : sink {
  in<number> numbers{this, "in", &total::on_number};
  param<bool> tells{this, "tells", false, {}};
  std::int64_t sum = 0;
  std::int64_t got = 0;
  void on_number(context&, const number& n) {
    sum += n.value;
    ++got;
  }
  result<std::string> prepare(context&, epoch_id) override {
    if (*tells && prepares_failing > 0 && prepares_failing-- > 0) return fatal_error(errc::disk_full, "no room left");
    return std::string{};
  }
  void on_end_of_input(context&) override {
    if (!*tells) return;
    sum_at_end = sum;
    got_at_end = got;
  }
  void save_state(msgpack::writer& w) const override {
    w.integer(sum);
    w.integer(got);
  }
  bool load_state(msgpack::reader& r) override { return r.integer(sum) && r.integer(got); }
  delivery delivers() const noexcept override { return delivery::idempotent; }
};

MILLRACE_ACTOR(source, {.id = "sup.source", .title = "Source", .category = "Test"})
MILLRACE_ACTOR(pass, {.id = "sup.pass", .title = "Pass", .category = "Test"})
MILLRACE_ACTOR(total, {.id = "sup.total", .title = "Total", .category = "Test"})

}  // namespace millrace::test::chain_actors

namespace millrace::test {

namespace actors = chain_actors;

topology chain() {
  topology t;
  t.name = "chain";
  t.settings.snapshot_interval = 20ms;
  t.add("source", "sup.source");
  t.add("first", "sup.pass");
  t.add("second", "sup.pass");
  t.add("sink", "sup.total", {{"tells", true}});
  t.add("side", "sup.pass");
  t.add("side_sink", "sup.total");
  t.connect("source", "first").connect("first", "second").connect("second", "sink");
  t.connect("source", "side").connect("side", "side_sink");
  for (auto& a : t.actors) a.on_failure.backoff = a.on_failure.backoff_max = 1ms;
  return t;
}

actor_spec& actor_of(topology& t, const std::string& actor) {
  return *std::ranges::find(t.actors, actor, &actor_spec::name);
}

failure_policy& policy_of(topology& t, const std::string& actor) {
  return actor_of(t, actor).on_failure;
}

chain_run::chain_run(const topology& t) {
  actors::may_end = false;
  actors::hangs_wanted = 0;
  actors::prepares_failing = 0;
  actors::is_away = false;
  actors::is_hanging = true;
  actors::sum_at_end = -1;
  const auto checked = validate(t);
  if (!checked.ok()) throw std::runtime_error{to_string(checked.problems.front())};
  runtime::run_options options;
  options.data_dir = folder_.path().toStdString();
  auto started = runtime::topology_run::start(checked.plan, std::move(options));
  if (!started) throw std::runtime_error{started.error().message};
  run_ = *std::move(started);
  if (t.settings.snapshot_interval == 0ms) run_->snapshot_now();
  wait_for([&] { return run_->status().snapshots > (t.settings.snapshot_interval == 0ms ? 0 : 1); });
}

chain_run::~chain_run() {
  release();
  run_->stop();
  (void)run_->wait(30s);
}

void chain_run::release() {
  actors::is_hanging = false;
  actors::is_hanging.notify_all();
}

void chain_run::wait_for(const std::function<bool()>& happened) {
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (!happened() && std::chrono::steady_clock::now() < until && !run_->wait(1ms)) continue;
}

runtime::recovery_report chain_run::fail(const std::string& task) {
  const auto before = run_->status().recoveries.size();
  run_->fail_task(id_of(task), "wanted");
  return next_recovery(before);
}

runtime::recovery_report chain_run::next_recovery(std::size_t before) {
  runtime::recovery_report out;
  wait_for([&] {
    const auto all = run_->status().recoveries;
    if (all.size() <= before) return false;
    out = all[before];
    return out.is_over;
  });
  return out;
}

task_id chain_run::id_of(const std::string& task) const {
  return std::ranges::find_if(run_->plan().tasks, [&](const auto& t) { return run_->plan().task_name(t.id) == task; })
      ->id;
}

runtime::task_status chain_run::task(const std::string& name) const {
  return run_->status().tasks[id_of(name).value];
}

std::string chain_run::made_again() const {
  std::string out;
  for (const auto& t : run_->status().tasks) {
    if (t.incarnation > 1) out += t.actor + " ";
  }
  return out;
}

bool chain_run::ends_right() {
  actors::may_end = true;
  const auto over = run_->wait(30s);
  const auto n = actors::made.load();
  return over && over->how == runtime::run_outcome::kind::finished && actors::sum_at_end == n * (n - 1) / 2;
}

}  // namespace millrace::test
