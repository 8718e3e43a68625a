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
    const auto checked = validate(t);
    if (!checked.ok()) qFatal("%s", to_string(checked.problems.front()).c_str());
    hand_channels channels;
    idle_host host;
    sample::still_clock time;
    auto made = engine::assemble(*checked.plan, 0, {1}, channels,
                                 {&time,
                                  [&](task_id) -> engine::task_host& { return host; },
                                  [](task_id) { return std::make_shared<engine::task_stats>(); },
                                  256,
                                  {},
                                  {}});
    if (!made) qFatal("%s", made.error().message.c_str());
    for (auto& task : *made) {
      if (auto ok = task->restore({}); !ok) qFatal("%s", ok.error().message.c_str());
    }
    std::pair<std::uint64_t, std::uint64_t> got{};
    const auto counting = [](std::uint64_t& n) {
      return [&n](const batch_ptr& b) {
        n += b->size();
        return b;
      };
    };
    channels.wires.at("spread/0.out -> taken/0.in")->on_the_way = counting(got.first);
    channels.wires.at("spread/0.out -> taken/1.in")->on_the_way = counting(got.second);
    constexpr int rounds_max = 20'000;
    for (int round = 0; round < rounds_max && got.first + got.second < count; ++round) {
      for (auto& task : *made) {
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

  /// The control: dealt out in turn, it gets as much as the other.
  void dealtOutInTurnItGetsHalf() {
    const auto [slow, fast] = shares_with("millrace.round_robin");
    QCOMPARE(slow, fast);
    QCOMPARE(slow + fast, std::uint64_t{count});
  }
};

QTEST_GUILESS_MAIN(least_loaded_test)
#include "least_loaded_test.moc"
