// What millrace.least_loaded sees of partitions of which one is slow, with channels moved by hand.
#include "engine/hand_channel.hpp"
#include "engine/still_clock.hpp"
#include "millrace/library.hpp"
#include "millrace/topology.hpp"
#include "millrace/validation.hpp"

#include <QtTest>
#include <algorithm>
#include <map>

using namespace millrace;
using engine::epoch_target;

namespace {

class hand_channels final : public engine::channel_factory {
public:
  result<ends> make(const engine::plan_channel& channel, generation) override {
    auto w = std::make_shared<sample::hand_wire>();
    wires[channel.name] = w;
    return ends{std::make_unique<sample::hand_sender>(w), std::make_unique<sample::hand_receiver>(w)};
  }
  std::map<std::string, std::shared_ptr<sample::hand_wire>> wires;
};

class idle_host final : public engine::task_host {
public:
  void wake_at(std::int64_t) override {}
  epoch_target target_of(epoch_id epoch) override { return {.epoch = epoch}; }
  void snapshot_taken(engine::task_snapshot&&) override {}
  void snapshot_failed(epoch_id, const error&) override {}
  void ended() override {}
  void log(log_level, std::string) override {}
};

/// The tasks of a topology, channels and steps by hand.
struct two_partitions {
  explicit two_partitions(const topology& t) : checked{validate(t)} {
    if (!checked.ok()) qFatal("%s", to_string(checked.problems.front()).c_str());
    auto made = engine::assemble(*checked.plan, 0, {1}, channels,
                                 {&time,
                                  [this](task_id) -> engine::task_host& { return host; },
                                  [](task_id) { return std::make_shared<engine::task_stats>(); },
                                  256,
                                  {},
                                  {}});
    if (!made) qFatal("%s", made.error().message.c_str());
    tasks = *std::move(made);
    for (auto& task : tasks) {
      if (auto ok = task->restore({}); !ok) qFatal("%s", ok.error().message.c_str());
    }
  }
  [[nodiscard]] engine::task& task(const std::string& name) {
    return **std::ranges::find(tasks, name, [](const auto& t) { return t->name(); });
  }

  validation checked;
  hand_channels channels;
  idle_host host;
  sample::still_clock time;
  std::vector<std::unique_ptr<engine::task>> tasks;
};

}  // namespace

class least_loaded_test : public QObject {
  Q_OBJECT

  static constexpr std::int64_t count = 200'000;

  /// How many events each of two partitions got, of which the first takes some every 8th time only.
  std::pair<std::uint64_t, std::uint64_t> shares_with(const std::string& router) {
    topology t;
    t.name = "two";
    t.add("made", "millrace.generator", {{"count", count}});
    t.add("spread", router);
    t.add("taken", "millrace.null_sink", {}, 2);
    t.connect("made", "spread").connect("spread", "taken");
    two_partitions two{t};
    std::pair<std::uint64_t, std::uint64_t> got{};
    const auto counting = [](std::uint64_t& n) {
      return [&n](const batch_ptr& b) {
        n += b->size();
        return b;
      };
    };
    two.channels.wires.at("spread/0.out -> taken/0.in")->on_the_way = counting(got.first);
    two.channels.wires.at("spread/0.out -> taken/1.in")->on_the_way = counting(got.second);
    constexpr int rounds_max = 20'000;
    for (int round = 0; round < rounds_max && got.first + got.second < count; ++round) {
      for (auto& task : two.tasks) {
        if (task->name() != "taken/0" || round % 8 == 0) (void)task->step();
      }
    }
    return got;
  }

private slots:
  void initTestCase() { link_library(); }

  void aSlowPartitionGetsLess() {
    const auto [slow, fast] = shares_with("millrace.least_loaded");
    QCOMPARE(slow + fast, std::uint64_t{count});
    QVERIFY2(slow < fast / 2, (std::to_string(slow) + " of " + std::to_string(count)).c_str());
  }

  /// A sender that was rebuilt cuts its batches elsewhere: what was seen before has had its turn.
  void whoTakesTurnsCountsNothingTwice() {
    topology t;
    t.name = "two";
    t.add("made", "millrace.generator", {{"count", 1000}});
    t.add("spread", "millrace.round_robin");
    t.add("taken", "millrace.null_sink", {}, 2);
    t.connect("made", "spread").connect("spread", "taken");
    two_partitions two{t};
    auto& wire = *two.channels.wires.at("made/0.out -> spread/0.in");
    (void)two.task("made/0").step();
    QVERIFY(wire.frames.size() >= 2 && wire.frames[0].count > 3 && wire.frames[1].count > 0);
    auto first = wire.frames[0];
    auto overlapping = first;
    const auto builder = first.body->type().make_builder(4);
    for (auto row = first.count - 3; row < first.count; ++row) builder->append_from(*first.body, row);
    builder->append_from(*wire.frames[1].body, 0);
    overlapping.body = builder->finish();
    overlapping.first.value += first.count - 3;
    overlapping.count = 4;
    const auto n = first.count + 1;
    wire.frames = {std::move(first), std::move(overlapping)};
    for (int i = 0; i < 3; ++i) (void)two.task("spread/0").step();
    const auto taken = [&](const char* channel) {
      std::uint32_t sum = 0;
      for (const auto& f : two.channels.wires.at(channel)->frames) sum += f.count;
      return sum;
    };
    QCOMPARE(taken("spread/0.out -> taken/0.in"), (n + 1) / 2);
    QCOMPARE(taken("spread/0.out -> taken/1.in"), n / 2);
  }

  /// The control: dealt out in turn, it gets as much as the other.
  void dealtOutInTurnItGetsHalf() {
    const auto [slow, fast] = shares_with("millrace.round_robin");
    QCOMPARE(slow, fast);
    QCOMPARE(slow + fast, std::uint64_t{count});
  }
};

QTEST_GUILESS_MAIN(least_loaded_test)
#include "least_loaded_test.moc"
