// A whole topology stepped by hand, some of its events traced: what the spans of each trace must add up to.
#include "hand_channel.hpp"
#include "millrace/registry.hpp"
#include "millrace/windows.hpp"
#include "window_samples.hpp"

#include <QtTest>
#include <algorithm>
#include <map>
#include <set>

using namespace millrace;
using engine::epoch_target;
using engine::span_kind;
using engine::span_record;

namespace {

/// Goes on by a microsecond whenever somebody looks.
class ticking_clock final : public engine::clock {
public:
  [[nodiscard]] processing_time now() const override { return {steady_ns() + offset}; }
  [[nodiscard]] std::int64_t steady_ns() const override { return ns += 1'000; }
  static constexpr std::int64_t offset = 1'000'000'000'000;
  mutable std::int64_t ns = 1'000'000'000;
};

class wired_channels final : public engine::channel_factory {
public:
  result<ends> make(const engine::plan_channel&, generation) override {
    auto w = std::make_shared<sample::hand_wire>();
    return ends{std::make_unique<sample::hand_sender>(w), std::make_unique<sample::hand_receiver>(w)};
  }
};

class plain_host final : public engine::task_host {
public:
  void wake_at(std::int64_t) override {}
  epoch_target target_of(epoch_id epoch) override { return {epoch, 0, true, false}; }
  void snapshot_taken(engine::task_snapshot&&) override { ++snapshots; }
  void snapshot_failed(epoch_id, const error&) override {}
  void ended() override { ++ends; }
  void log(log_level, std::string) override { traces_logged.insert(engine::current_trace()); }
  std::size_t ends = 0;
  std::size_t snapshots = 0;
  std::set<engine::trace_id> traces_logged;
};

/// All tasks of a mesh in one thread, with the rings of their spans.
struct traced_run {
  traced_run(const topology& t, const engine::trace_rule& rule,
             std::map<task_id, std::shared_ptr<engine::traced_progress>> before = {}, generation incarnation = {1})
      : plan{sample::plan_of(t)}, progress{std::move(before)} {
    engine::task_environment environment{&time,
                                         [this](task_id) -> engine::task_host& { return host; },
                                         [](task_id) { return std::make_shared<engine::task_stats>(); },
                                         16,
                                         {},
                                         {}};
    if (rule.one_in != 0) {
      environment.tracing_of = [this, rule](task_id id) {
        auto& passed = progress[id];
        if (passed == nullptr) passed = std::make_shared<engine::traced_progress>();
        rings.push_back(std::make_shared<engine::span_ring>());
        return engine::task_tracer::parts{rule, 77, ticking_clock::offset, &time, rings.back(), passed};
      };
    }
    tasks = std::move(engine::assemble(*plan, 0, incarnation, channels, environment)).value();
    for (const auto& task : tasks) {
      if (auto ok = task->restore({}); !ok) qFatal("%s", ok.error().message.c_str());
    }
  }

  /// One step of each; false when a task failed.
  [[nodiscard]] bool step() {
    for (const auto& t : tasks) {
      if (t->step() == engine::step_result::failed) return false;
    }
    for (const auto& r : rings) {
      r->drain([this](const span_record& s) { spans.push_back(s); });
    }
    return true;
  }
  [[nodiscard]] bool run_to_end() {
    for (int i = 0; i < 10'000 && host.ends < tasks.size(); ++i) {
      if (!step()) return false;
    }
    return host.ends == tasks.size() && snapshot({1});
  }
  [[nodiscard]] bool snapshot(epoch_id epoch) {
    for (const auto& t : tasks) t->inject_barrier({epoch, 0, true, false});
    for (int i = 0; i < 1'000 && host.snapshots < tasks.size(); ++i) {
      if (!step()) return false;
    }
    host.snapshots = 0;
    return std::ranges::all_of(tasks, [epoch](const auto& t) { return bool{t->epoch_complete(epoch)}; }) && step();
  }
  [[nodiscard]] std::map<engine::trace_id, std::vector<span_record>> by_trace() const {
    std::map<engine::trace_id, std::vector<span_record>> out;
    for (const auto& s : spans) out[s.trace].push_back(s);
    return out;
  }

  std::shared_ptr<const engine::plan> plan;
  std::map<task_id, std::shared_ptr<engine::traced_progress>> progress;
  ticking_clock time;
  wired_channels channels;
  plain_host host;
  sample::disk disk;
  std::vector<std::shared_ptr<engine::span_ring>> rings;
  std::vector<std::unique_ptr<engine::task>> tasks;
  std::vector<span_record> spans;
};

std::size_t count_of(const std::vector<span_record>& spans, span_kind kind) {
  return static_cast<std::size_t>(std::ranges::count(spans, kind, &span_record::kind));
}

/// What is wrong with a trace on its own; empty: nothing.
std::string fault_of(const std::vector<span_record>& trace) {
  std::set<std::uint64_t> ids;
  for (const auto& s : trace) {
    const bool is_further_link = s.kind == span_kind::fire && ids.contains(s.span);
    if (!ids.insert(s.span).second && !is_further_link) return std::string{"a span twice: "} + to_string(s.kind);
  }
  for (const auto& s : trace) {
    if (s.parent != 0 && !ids.contains(s.parent)) return std::string{"no parent of "} + to_string(s.kind);
    if (s.parent == 0 && s.kind != span_kind::emit && s.kind != span_kind::fire) return "begins in the middle";
    if (s.end_ns < s.start_ns || s.start_ns < ticking_clock::offset) return "wrong times";
  }
  return {};
}

/// Keeps what comes until a window is complete, and says nothing before.
class window_counter final : public processor {
public:
  in<sample::reading> readings{this, "in", &window_counter::on_reading, {.key = &sample::reading::key}};
  out<sample::outcome> results{this, "out"};
  windows<sample::total> per_window{this, "per_window", tumbling(std::chrono::milliseconds{20}),
                                    &window_counter::on_window};
  void on_reading(context& c, const sample::reading& r) {
    (void)per_window.add(c, r.at, [&](sample::total& t) { ++t.n; });
  }
  void on_window(context& c, const window_result<sample::total>& r) {
    results.emit({"complete", c.key<std::string>(), -1, r.window.start.ns, -1, r.value.n, r.value.sum});
  }
};
MILLRACE_ACTOR(window_counter, {.id = "trace.counter", .title = "Counter"})

topology windowed() {
  topology t;
  t.name = "windowed";
  t.add("numbers", "sim.numbers", {{"count", std::int64_t{400}}, {"keys", std::int64_t{5}}}, 1);
  t.add("route", "sim.by_key", {}, 1);
  t.add("counter", "trace.counter", {}, 2);
  t.add("store", "sim.sink", {}, 2);
  return t.connect("numbers", "route").connect("route", "counter").connect("counter", "store");
}

constexpr sample::mesh_shape shape{.producers = 2, .partitions = 3, .count = 400, .keys = 11};

}  // namespace

class tracing_test : public QObject {
  Q_OBJECT
private slots:
  void eachTraceLeadsFromProducerToSink() {
    traced_run run{sample::mesh(shape), {10, 5, 0}};
    QVERIFY(run.run_to_end());
    std::size_t whole = 0;
    for (const auto& [id, spans] : run.by_trace()) {
      QCOMPARE(fault_of(spans), std::string{});
      if (count_of(spans, span_kind::emit) == 0) continue;
      ++whole;
      QCOMPARE(count_of(spans, span_kind::emit), std::size_t{1});
      QCOMPARE(count_of(spans, span_kind::service), std::size_t{2});  // router and processor
      QCOMPARE(count_of(spans, span_kind::queue), std::size_t{3});
      QCOMPARE(count_of(spans, span_kind::write), std::size_t{1});
    }
    QCOMPARE(whole, std::size_t{2 * 400 / 10});
    QCOMPARE(sample::difference(sample::expected_output(shape), run.disk.output()), std::string{});
  }

  void theOutputIsTheSameWithAndWithout() {
    traced_run all{sample::mesh(shape), {1, 0, 0}};
    QVERIFY(all.run_to_end());
    QCOMPARE(sample::difference(sample::expected_output(shape), all.disk.output()), std::string{});
    QCOMPARE(sample::disorder_in(all.disk.output()), std::string{});
  }

  void theSameSeedTracesTheSameEvents() {
    const auto traced = [](std::uint64_t seed) {
      traced_run run{sample::mesh(shape), {10, seed, 0}};
      if (!run.run_to_end()) qFatal("it failed");
      std::set<std::pair<std::uint32_t, std::uint64_t>> out;
      for (const auto& s : run.spans) {
        if (s.kind == span_kind::emit) out.insert({s.task, s.sequence});
      }
      return out;
    };
    QVERIFY(traced(5) == traced(5));
    QVERIFY(traced(5) != traced(6));
  }

  void whatFiresIsLinkedWithWhatItMayComeFrom() {
    traced_run run{windowed(), {10, 5, 0}};
    QVERIFY(run.run_to_end());
    const auto traces = run.by_trace();
    std::size_t fired = 0;
    for (const auto& s : run.spans) {
      if (s.kind != span_kind::fire) continue;
      ++fired;
      QVERIFY(s.linked != s.trace);
      const auto of = traces.find(s.linked);
      QVERIFY(of != traces.end());
      QVERIFY(std::ranges::any_of(of->second, [&](const auto& l) { return l.span == s.linked_span; }));
      // What came of it is in the sink.
      QVERIFY(count_of(traces.at(s.trace), span_kind::write) > 0);
    }
    QVERIFY(fired > 0);
    for (const auto& [id, spans] : traces) QCOMPARE(fault_of(spans), std::string{});
  }

  void aCommitFollowsTheSnapshot() {
    traced_run run{sample::mesh(shape), {10, 5, 0}};
    for (int i = 0; i < 40; ++i) QVERIFY(run.step());
    QVERIFY(count_of(run.spans, span_kind::write) > 0);
    QCOMPARE(count_of(run.spans, span_kind::commit), std::size_t{0});
    QVERIFY(run.snapshot({1}));
    QVERIFY(count_of(run.spans, span_kind::commit) > 0);
    for (const auto& [id, spans] : run.by_trace()) QCOMPARE(fault_of(spans), std::string{});
  }

  void whatWasEmittedBeforeIsMarkedAsReplayed() {
    traced_run first{sample::mesh(shape), {10, 5, 0}};
    QVERIFY(first.run_to_end());
    QVERIFY(std::ranges::none_of(first.spans, &span_record::is_replayed));
    // Its next incarnation starts from nothing.
    traced_run second{sample::mesh(shape), {10, 5, 0}, first.progress, {2}};
    QVERIFY(second.run_to_end());
    QVERIFY(!second.spans.empty() && std::ranges::all_of(second.spans, &span_record::is_replayed));
    std::set<std::pair<engine::trace_id, std::uint64_t>> ids;
    for (const auto& s : first.spans) ids.insert({s.trace, s.span});
    for (const auto& s : second.spans) QVERIFY(!ids.contains({s.trace, s.span}));
  }

  void untracedRunsTellNothing() {
    traced_run run{sample::mesh(shape), {}};
    QVERIFY(run.run_to_end());
    QVERIFY(run.spans.empty());
  }
};

QTEST_APPLESS_MAIN(tracing_test)
#include "tracing_test.moc"
