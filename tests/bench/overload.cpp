// A producer twice as fast as the slowest actor, for as long as `--duration` says: memory must stay flat, nothing may
// be lost, and the table must show who is blocked. Takes the options of `millrace run`, for example
//   overload --data-dir /tmp/overload.data --duration 10m
#include <chrono>
#include <thread>

#include "millrace/port.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/run.hpp"
#include "millrace/state.hpp"
#include "millrace/topology.hpp"

namespace {

constexpr double handled_per_second = 20'000;

struct reading {
  std::int64_t key{};
  double value{};
  millrace::event_time at{};
};
MILLRACE_RECORD(reading, 1, key, value, at)

/// Takes its time, as a call to a slow service does.
struct slow : millrace::processor {
  millrace::in<reading> readings{this, "in", &slow::on_batch};
  millrace::out<reading> done{this, "out"};

  void on_batch(millrace::context&, std::span<const reading> batch) {
    std::this_thread::sleep_for(std::chrono::duration<double>{static_cast<double>(batch.size()) / handled_per_second});
    for (const auto& r : batch) done.emit(r);
  }
  bool is_blocking() const noexcept override { return true; }
};
MILLRACE_ACTOR(slow, {.id = "overload.slow", .title = "Slow"})

}  // namespace

int main(int argc, char** argv) {
  millrace::topology t;
  t.name = "overload";
  t.add("readings", "millrace.generator", {{"rate", 2 * handled_per_second}, {"keys", std::int64_t{1000}}});
  t.add("slow", "overload.slow");
  t.add("drop", "millrace.null_sink");
  t.connect("readings", "slow").connect("slow", "drop");
  return millrace::run(std::move(t), argc, argv);
}
