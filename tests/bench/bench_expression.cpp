// What an event costs in actors that are told in Lua what to do, beside the native filter on the same condition:
// batches of 256 through one actor's handlers, without an engine around it. Processor time.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/key.hpp"
#include "millrace/library.hpp"
#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/wiring.hpp"

namespace {

using namespace millrace;

constexpr std::uint32_t batch_events = 256;

class quiet_context final : public context {
public:
  explicit quiet_context(engine::keyed_state& state) : context("bench", 0, 1, state, 1) {}
  processing_time now() const override { return {}; }
  void log(log_level, std::string_view) override {}
  void set_aside(const malformed_input&) override {}
};

/// Takes what the actor emits and lets it go.
class drain final : public engine::output_listener {
public:
  void batch_full(output_base& out) override { (void)out.builder()->finish(); }
  void emit_current(output_base&) override {}
};

record_type_ptr trades() {
  return dynamic_record_type(std::make_shared<const schema>(
      parse_schema("trade", "symbol:string,price:float64,amount:int64,at:event_time").value()));
}

batch_ptr batch_of(const record_type_ptr& type) {
  static const std::vector<std::string> symbols{"AAA", "BBB", "CCC", "X"};
  const auto made = type->make_builder(batch_events);
  for (std::uint32_t i = 0; i < batch_events; ++i) {
    made->begin_row();
    const bool ok = made->set(0, value::of(std::string_view{symbols[i % 4]})) &&
                    made->set(1, value::of(static_cast<double>(i * 37 % 200))) &&
                    made->set(2, value::of(std::int64_t{i})) &&
                    made->set(3, value::of(event_time{1'790'000'000'000'000'000 + i}));
    if (!ok) std::abort();
  }
  return made->finish();
}

void run(benchmark::State& state, const char* id, const std::map<std::string, param_value>& params) {
  link_library();
  const auto actor = actor_registry::instance().find(id)->make();
  for (auto* p : engine::actor_access::params(*actor)) {
    const auto given = params.find(p->name());
    if (given != params.end() && !p->set(given->second)) std::abort();
  }
  const auto type = trades();
  wiring w{{{"in", type}}, ""};
  if (const auto ok = actor->configure(w); !ok) {
    std::fprintf(stderr, "%s\n", ok.error().message.c_str());
    std::abort();
  }
  drain listener;
  for (auto* out : engine::actor_access::outputs(*actor)) {
    if (out->type() != nullptr) out->bind(listener, batch_events);
  }
  auto& keyed = engine::actor_access::state(*actor);
  quiet_context context{keyed};
  const auto records = batch_of(type);
  auto& in = *engine::actor_access::inputs(*actor).front();
  std::vector<std::uint64_t> hashes(batch_events);
  std::vector<key_bytes> keys(batch_events);
  if (in.is_keyed()) {
    const auto key = key_of(type, in.key_fields()).value();
    if (!key->hashes(*records, hashes.data()) || !key->keys(*records, keys.data())) std::abort();
  }
  const bool pause = false;
  for (auto _ : state) {
    engine::batch_run one{context, *records, keyed,       in.is_keyed() ? hashes.data() : nullptr, keys.data(), 0,
                          &pause,  nullptr,  batch_events};
    in.process(one);
  }
  state.SetItemsProcessed(state.iterations() * batch_events);
  state.counters["ns_per_event"] = benchmark::Counter(static_cast<double>(state.iterations()) * batch_events / 1e9,
                                                      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void native_filter(benchmark::State& s) {
  run(s, "millrace.filter", {{"field", "price"}, {"comparison", ">"}, {"value", "100"}});
}
void filter_by(benchmark::State& s) {
  run(s, "millrace.filter_by", {{"where", "price > 100"}});
}
void filter_by_two_fields(benchmark::State& s) {
  run(s, "millrace.filter_by", {{"where", "price > 100 and symbol ~= 'X'"}});
}
void map(benchmark::State& s) {
  run(s, "millrace.map", {{"set", "total = price * amount; fee = total * 0.01"}});
}
void flat_map(benchmark::State& s) {
  run(s, "millrace.flat_map",
      {{"fields", "symbol:string,total:float64,at:event_time"},
       {"body", "ctx:emit{symbol = e.symbol, total = e.price * e.amount}"}});
}
void script_with_state(benchmark::State& s) {
  run(s, "millrace.script",
      {{"key", "symbol"},
       {"fields", "symbol:string,n:int64,at:event_time"},
       {"script",
        "function on_event(e, ctx) local n = (ctx.state.n or 0) + 1 ctx.state.n = n "
        "ctx:emit{symbol = e.symbol, n = n} end"}});
}
void script_loop_of_1000(benchmark::State& s) {
  run(s, "millrace.flat_map", {{"body", "local x = 0 for i = 1, 1000 do x = x + i * e.price % 7 end"}});
}

BENCHMARK(native_filter);
BENCHMARK(filter_by);
BENCHMARK(filter_by_two_fields);
BENCHMARK(map);
BENCHMARK(flat_map);
BENCHMARK(script_with_state);
BENCHMARK(script_loop_of_1000);

}  // namespace

BENCHMARK_MAIN();
