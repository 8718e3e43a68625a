// What a skewed key costs and what salting it gives: source -> by key -> windows of one second in two partitions ->
// sink, on two threads. For each stream and salt the median of the measurements: events a second, how much more than
// its share the busier partition of the keyed stage works, CPU an event over all stages. Counts are compared with the
// events sent.
//   bench_skew [repeats] [work]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "bench/measure.hpp"
#include "library/sources/zipf.hpp"
#include "millrace/library.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/registry.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/sink.hpp"
#include "millrace/validation.hpp"
#include "millrace/windows.hpp"

namespace {

using namespace millrace;
using namespace std::chrono_literals;

constexpr std::int64_t events = 4'000'000;
constexpr std::int64_t keys = 10'000;
constexpr std::int64_t step_ns = 1'000;

struct visit {
  std::int64_t page{};
  std::int64_t number{};
  event_time at{};
};
MILLRACE_RECORD(visit, 1, page, number, at)

struct visits {
  std::int64_t n{};
  std::uint64_t mixed{};
  void merge(const visits& o) {
    n += o.n;
    mixed += o.mixed;
  }
};
MILLRACE_RECORD(visits, 1, n, mixed)

struct page_visits {
  std::int64_t page{};
  std::int64_t n{};
};
MILLRACE_RECORD(page_visits, 1, page, n)

std::atomic<std::int64_t> counted;

class source final : public producer {
public:
  out<visit> all{this, "out"};
  param<std::string> stream{this, "stream", "even"};

  poll_result poll(context& c, std::size_t max) override {
    for (std::size_t i = 0; i < max && next_ < events; ++i, ++next_) {
      all.emit({page(c.random()), next_, {next_ * step_ns}});
    }
    return next_ == events ? poll_result::end() : poll_result::more();
  }
  void save_position(msgpack::writer& w) const override { w.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return std::to_string(next_); }

private:
  std::int64_t page(random_source& r) {
    if (*stream == "zipf") return static_cast<std::int64_t>(zipf_(r));
    if (*stream == "hot" && r.below(10) != 0) return 0;
    return static_cast<std::int64_t>(r.below(keys));
  }
  std::int64_t next_ = 0;
  library::zipf zipf_{keys, 1.5};
};
MILLRACE_ACTOR(source, {.id = "skew.source", .title = "Visits"})

class counter final : public processor {
public:
  in<visit> all{this, "in", &counter::on_visit, {.key = &visit::page, .mergeable = true}};
  out<page_visits> results{this, "out"};
  windows<visits> per_second{this, "per_second", tumbling(1s), &counter::on_window};
  param<std::int64_t> work{this, "work", 0, {.help = "Rounds of mixing an event, about 1 ns each."}};

  void on_visit(context& c, const visit& v) {
    auto mixed = static_cast<std::uint64_t>(v.number);
    for (std::int64_t i = 0; i < *work; ++i) mixed = (mixed ^ (mixed >> 29)) * 0xbf58476d1ce4e5b9ULL;
    per_second.add(c, v.at, [&](visits& t) {
      ++t.n;
      t.mixed += mixed;
    });
  }
  void on_window(context& c, const window_result<visits>& r) { results.emit({c.key<std::int64_t>(), r.value.n}); }
};
MILLRACE_ACTOR(counter, {.id = "skew.counter", .title = "Visits a second"})

class summing final : public sink {
public:
  in<page_visits> all{this, "in", &summing::on_result};
  void on_result(context&, const page_visits& p) { counted += p.n; }
  delivery delivers() const noexcept override { return delivery::at_least_once; }
};
MILLRACE_ACTOR(summing, {.id = "skew.sum", .title = "Sum"})

struct figures {
  double events_per_s = 0;
  double events_of_busier = 0;  ///< that came to the busier partition, of an even share
  double work_of_busier = 0;    ///< the time it was at work, of an even share
  double cpu_ns = 0;
};

figures measure(const std::string& stream, std::int64_t work, std::int64_t salt) {
  topology t;
  t.name = "skew";
  t.settings.snapshot_interval = 10s;
  t.settings.promise = guarantee::at_least_once;
  t.add("source", "skew.source", {{"stream", stream}});
  t.add("route", "millrace.by_key", {{"salt", salt}});
  t.add("count", "skew.counter", {{"work", work}}, 2);
  t.add("sum", "skew.sum");
  t.connect("source", "route").connect("route", "count").connect("count", "sum");
  const auto checked = validate(t);
  for (const auto& p : checked.problems) std::fprintf(stderr, "%s\n", to_string(p).c_str());
  if (!checked.ok()) std::exit(1);
  counted = 0;
  const bench::scratch folder;
  runtime::run_options options;
  options.data_dir = folder.path();
  options.threads = 2;
  const auto cpu = bench::cpu_seconds();
  const auto started = bench::steady_ns();
  auto run = runtime::topology_run::start(checked.plan, std::move(options));
  if (!run) {
    std::fprintf(stderr, "%s\n", run.error().message.c_str());
    std::exit(1);
  }
  while (!(*run)->wait(10s)) {
  }
  const auto seconds = static_cast<double>(bench::steady_ns() - started) / 1e9;
  figures f;
  f.events_per_s = events / seconds;
  f.cpu_ns = (bench::cpu_seconds() - cpu) / events * 1e9;
  std::vector<double> came;
  std::vector<double> busy;
  for (const auto& task : (*run)->status().tasks) {
    if (task.actor != (salt > 1 ? "count-partial" : "count")) continue;
    came.push_back(static_cast<double>(task.events_in));
    busy.push_back(static_cast<double>(task.busy_ns));
  }
  f.events_of_busier = 2 * std::ranges::max(came) / (came[0] + came[1]);
  f.work_of_busier = 2 * std::ranges::max(busy) / (busy[0] + busy[1]);
  if (counted != events) {
    std::fprintf(stderr, "%lld events counted, not %lld\n", static_cast<long long>(counted.load()),
                 static_cast<long long>(events));
    std::exit(1);
  }
  return f;
}

double median(std::vector<figures> all, double figures::*of) {
  std::ranges::sort(all, {}, of);
  return all[all.size() / 2].*of;
}

}  // namespace

int main(int argc, char** argv) {
  link_library();
  const int repeats = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  for (const std::int64_t work : {0, 300}) {
    if (argc > 2 && work != std::atoi(argv[2])) continue;
    for (const std::string stream : {"even", "zipf", "hot"}) {
      std::vector<figures> plain;
      std::vector<figures> salted;
      for (int i = 0; i < repeats; ++i) {
        plain.push_back(measure(stream, work, 1));
        salted.push_back(measure(stream, work, 2));
      }
      for (const auto* of : {&plain, &salted}) {
        std::printf(
            "work %3lld  %-5s %-8s %6.2f M/s  busier partition: %.2f of its share of events, %.2f of work  %6.1f ns "
            "CPU/event  exact\n",
            static_cast<long long>(work), stream.c_str(), of == &plain ? "plain" : "salt 2",
            median(*of, &figures::events_per_s) / 1e6, median(*of, &figures::events_of_busier),
            median(*of, &figures::work_of_busier), median(*of, &figures::cpu_ns));
      }
      std::fflush(stdout);
    }
  }
  return 0;
}
