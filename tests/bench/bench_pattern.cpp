// What a pattern costs an event: one key at a time, events in order, without an engine around it. Beside it a loop
// written by hand for the first pattern, as the limit.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "library/patterns/pattern_text.hpp"
#include "millrace/pattern.hpp"
#include "millrace/patterns/event_queue.hpp"
#include "millrace/patterns/key_matches.hpp"

namespace {

using namespace millrace;

struct tick {
  std::int64_t kind{};
  double price{};
  event_time at{};
};
MILLRACE_RECORD(tick, 1, kind, price, at)

std::vector<tick> ticks(std::size_t count) {
  std::vector<tick> all;
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    all.push_back({static_cast<std::int64_t>(state >> 60),
                   static_cast<double>(state >> 40 & 0xff),
                   {static_cast<std::int64_t>(i) * 1'000'000}});
  }
  return all;
}
const std::vector<tick> input = ticks(100'000);

class typed_run final : public patterns::conditions, public patterns::match_listener {
public:
  explicit typed_run(pattern<tick> p) : pattern_{std::move(p)} { key_.belong_to(automaton_); }
  void feed(const tick& t) {
    current_ = &t;
    queue_.add(t.at, 0, t);
    key_.feed(matcher_, queue_[0].event, t.at, *this, *this);
    queue_.drop_first(1);
  }
  [[nodiscard]] bool is_simple(std::uint32_t stage) const override { return pattern_.is_simple(stage); }
  [[nodiscard]] bool holds(std::uint32_t stage, const patterns::chain& earlier) const override {
    return pattern_.condition_of(stage)(*current_, {automaton_.what(), earlier, key_.events()});
  }
  void on_match(const patterns::chain&, event_time) override { ++matches; }
  void on_timeout(const patterns::chain&, event_time) override {}
  std::int64_t matches = 0;
  [[nodiscard]] std::size_t partials() const { return key_.store().partials().size(); }

private:
  pattern<tick> pattern_;
  patterns::automaton automaton_{pattern_.what()};
  patterns::matcher matcher_{automaton_, {.partial_max = 1'000'000}};
  patterns::event_queue<tick> queue_;
  patterns::key_matches<tick> key_;
  const tick* current_ = nullptr;
};

void run(benchmark::State& state, const pattern<tick>& p) {
  std::int64_t matches = 0;
  std::size_t partials = 0;
  for (auto _ : state) {
    typed_run r{p};
    for (const auto& t : input) r.feed(t);
    matches = r.matches;
    partials = r.partials();
  }
  state.SetItemsProcessed(state.iterations() * std::ssize(input));
  state.counters["matches"] = static_cast<double>(matches);
  state.counters["partials"] = static_cast<double>(partials);
}

const auto is_kind = [](std::int64_t k) { return [k](const tick& t) { return t.kind == k; }; };

/// One in sixteen begins, one in sixteen ends: about one partial match at a time.
void followed_by(benchmark::State& state) {
  auto p = pattern<tick>::begin("a", is_kind(1));
  p.followed_by("b", is_kind(2)).within(std::chrono::seconds{1}).skip_past_last();
  run(state, p);
}
BENCHMARK(followed_by);

/// Conditions that look at what was taken; `range` partial matches at a time.
void live_partials(benchmark::State& state) {
  auto p = pattern<tick>::begin("a", is_kind(1));
  p.followed_by("b", [](const tick& t, const match<tick>& so_far) {
     return t.price > 1000 + so_far.last()->price;
   }).within(std::chrono::milliseconds{16} * state.range(0));
  run(state, p);
}
BENCHMARK(live_partials)->Arg(10)->Arg(100)->Arg(1000);

/// A run of rises: greedy and consecutive, most events are taken.
void rising(benchmark::State& state) {
  auto p = pattern<tick>::begin("a", [](const tick&) { return true; });
  p.next("up", [](const tick& t, const match<tick>& so_far) { return t.price > so_far.last()->price; })
      .one_or_more()
      .greedy()
      .consecutive()
      .skip_past_last();
  run(state, p);
}
BENCHMARK(rising);

void by_hand(benchmark::State& state) {
  std::int64_t matches = 0;
  for (auto _ : state) {
    matches = 0;
    std::vector<event_time> begun;
    for (const auto& t : input) {
      if (t.kind == 1) begun.push_back(t.at);
      if (t.kind != 2) continue;
      std::erase_if(begun, [&](event_time b) { return t.at - b > std::chrono::seconds{1}; });
      matches += begun.empty() ? 0 : 1;
      begun.clear();
    }
    benchmark::DoNotOptimize(matches);
  }
  state.SetItemsProcessed(state.iterations() * std::ssize(input));
  state.counters["matches"] = static_cast<double>(matches);
}
BENCHMARK(by_hand);

/// A condition as text, with arithmetic and an earlier event.
void condition_as_text(benchmark::State& state) {
  const auto records = *parse_schema("input", "kind:int64,price:float64,name:string");
  const auto rule = *library::parse_pattern("a next b (kind == 2 and price > 1.5 * a.price or name == 'x')", records);
  const std::vector<library::stored_record> kept{
      library::stored_record{{value::of(std::int64_t{1}), value::of(1.0), value::of(std::string_view{"n"})}}};
  const library::stored_record current{{value::of(std::int64_t{2}), value::of(1.2), value::of(std::string_view{"n"})}};
  patterns::match_store store;
  (void)store.hold_slot();
  const auto tip = store.add(patterns::no_node, 0, 0, 1, {});
  for (auto _ : state) {
    benchmark::DoNotOptimize(rule->conditions[1].holds({&current, patterns::chain{store, tip}, kept}));
  }
}
BENCHMARK(condition_as_text);

}  // namespace

BENCHMARK_MAIN();
