// What fault points cost while nobody injects anything: the hot path's tasks in one thread, over queues in memory, with
// gates before the handlers and wrapped channels as every run has them, against the same tasks without.
//   bench_faults [pairs] [events of each measurement]      pairs in turns of order: processor time an event
//   bench_faults with|without EVENTS                       one of the two, for valgrind --tool=callgrind
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <string_view>
#include <vector>

#include "bench/hotpath_actors.hpp"
#include "millrace/chaos/fault_board.hpp"
#include "millrace/chaos/faulty_channels.hpp"
#include "millrace/engine/assembly.hpp"
#include "millrace/library.hpp"
#include "pairs.hpp"

using namespace millrace;

namespace {

/// A channel as a queue: nothing of it costs more than it must.
struct queue {
  std::deque<engine::frame> frames;
  std::deque<engine::credit> credit;
};

class queue_sender final : public engine::channel_sender {
public:
  explicit queue_sender(std::shared_ptr<queue> q) : queue_{std::move(q)} {}
  std::uint64_t send(engine::frame&& f) override {
    f.bytes = f.body ? f.body->bytes() : 0;
    const auto bytes = f.bytes;
    queue_->frames.push_back(std::move(f));
    return bytes;
  }
  bool take_credit(engine::credit& out) override {
    if (queue_->credit.empty()) return false;
    out = queue_->credit.front();
    queue_->credit.pop_front();
    return true;
  }

private:
  std::shared_ptr<queue> queue_;
};

class queue_receiver final : public engine::channel_receiver {
public:
  explicit queue_receiver(std::shared_ptr<queue> q) : queue_{std::move(q)} {}
  engine::receive_status receive(engine::frame& out) override {
    if (queue_->frames.empty()) return engine::receive_status::empty;
    out = std::move(queue_->frames.front());
    queue_->frames.pop_front();
    return engine::receive_status::received;
  }
  void give_credit(engine::credit c) override { queue_->credit.push_back(c); }
  [[nodiscard]] std::string failure() const override { return {}; }

private:
  std::shared_ptr<queue> queue_;
};

struct queues final : engine::channel_factory {
  result<ends> make(const engine::plan_channel&, generation) override {
    const auto q = std::make_shared<queue>();
    return ends{std::make_unique<queue_sender>(q), std::make_unique<queue_receiver>(q)};
  }
};

struct idle_host final : engine::task_host {
  void wake_at(std::int64_t) override {}
  engine::epoch_target target_of(epoch_id) override { return {}; }
  void snapshot_taken(engine::task_snapshot&&) override {}
  void snapshot_failed(epoch_id, const error&) override {}
  void ended() override {}
  void log(log_level, std::string) override {}
};

double cpu_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// The tasks of one run, stepped in turn.
class bench_run {
public:
  bench_run(std::shared_ptr<const engine::plan> plan, bool has_faults)
      : plan_{std::move(plan)},
        board_{{plan_.get(), time_, [](log_level, const std::string&) {}, [](task_id) { return true; },
                [](std::int64_t) {}, [](const auto&) {}}} {
    engine::task_environment e;
    e.time = time_.get();
    e.host_of = [this](task_id) -> engine::task_host& { return host_; };
    e.stats_of = [](task_id) { return std::make_shared<engine::task_stats>(); };
    if (has_faults) e.faults_of = [this](task_id t) { return chaos::task_gate{board_.task(t), t}; };
    chaos::faulty_channels wrapped{queues_, board_, *time_, e.host_of};
    auto& channels = has_faults ? static_cast<engine::channel_factory&>(wrapped) : queues_;
    auto made = engine::assemble(*plan_, 0, {1}, channels, e);
    if (!made) fail(made.error());
    tasks_ = *std::move(made);
    for (const auto& t : tasks_) {
      if (auto ok = t->restore({}); !ok) fail(ok.error());
    }
  }
  /// Processor time of an event in nanoseconds.
  double run(std::uint64_t events) {
    auto& seen = bench::result_of_hot_path().events;
    const auto until = [&](std::uint64_t n) {
      const auto goal = seen.load() + n;
      while (seen.load() < goal) {
        for (const auto& t : tasks_) {
          if (t->step() == engine::step_result::failed) fail(t->failure().what);
        }
      }
    };
    until(events / 10);
    const auto before = seen.load();
    const auto begun = cpu_ns();
    until(events);
    return (cpu_ns() - begun) / static_cast<double>(seen.load() - before);
  }

private:
  [[noreturn]] static void fail(const error& e) {
    std::fprintf(stderr, "%s\n", e.message.c_str());
    std::exit(1);
  }

  std::shared_ptr<engine::system_clock> time_ = std::make_shared<engine::system_clock>();
  std::shared_ptr<const engine::plan> plan_;
  chaos::fault_board board_;
  queues queues_;
  idle_host host_;
  std::vector<std::unique_ptr<engine::task>> tasks_;
};

}  // namespace

int main(int argc, char** argv) {
  link_library();
  const auto plan = bench::hot_path("faults", 0);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const auto events = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5'000'000ULL;
  if (mode == "with" || mode == "without") {
    std::printf("%.2f ns an event\n", bench_run{plan, mode == "with"}.run(events));
    return 0;
  }
  bench::compare_in_pairs(
      argc > 1 ? std::max(1, std::atoi(argv[1])) : 20,
      [&] {
        return bench_run{plan, true}.run(events);
      },
      [&] {
        return bench_run{plan, false}.run(events);
      });
  return 0;
}
