// What is asked for is kept within its limits, and goes when nobody wants it any more.
#include "millrace/inspect/watch_board.hpp"
#include "every_nth.hpp"
#include "millrace/inspect/channel_choice.hpp"
#include "sample_topology.hpp"
#include "still_clock.hpp"

#include <QtTest>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

std::string names(const engine::plan& plan, const std::string& text) {
  const auto found = inspect::choose_channels(plan, text);
  if (!found) return found.error().message;
  std::string out;
  for (const auto c : *found) out += (out.empty() ? "" : "; ") + plan.channels[c.value].name;
  return out;
}

struct table {
  std::shared_ptr<const engine::plan> plan = sample::plan_of(sample::mesh({.producers = 2, .partitions = 2}));
  std::shared_ptr<sample::still_clock> time = std::make_shared<sample::still_clock>();
  std::vector<std::string> lines;
  std::vector<std::int64_t> sweeps;
  inspect::watch_board board{{plan.get(), time, sample::make_every_nth,
                              [this](log_level, const std::string& l) { lines.push_back(l); },
                              [this](task_id t) { return plan->task_name(t) != "tally/1"; },
                              [this](std::int64_t at) { sweeps.push_back(at); }}};

  [[nodiscard]] task_id task(const std::string& name) const {
    for (const auto& t : plan->tasks) {
      if (plan->task_name(t.id) == name) return t.id;
    }
    qFatal("no such task");
  }
  [[nodiscard]] std::vector<channel_id> channels(const std::string& text) const {
    return *inspect::choose_channels(*plan, text);
  }
};

engine::frame frame_of(channel_id channel, std::uint64_t first, std::uint32_t count) {
  typed_builder<sample::reading> b{count};
  for (std::uint32_t i = 0; i < count; ++i) b.push(sample::reading{.key = "k", .number = std::int64_t(first + i)});
  engine::frame f{.channel = channel, .first = {first}, .count = count};
  f.body = b.finish();
  return f;
}

}  // namespace

class watch_board_test : public QObject {
  Q_OBJECT
private slots:
  void saysWhichChannelsAreMeant() {
    const table t;
    QCOMPARE(names(*t.plan, "route/1->tally/0"), std::string{"route/1.out -> tally/0.in"});
    QCOMPARE(names(*t.plan, " route/0.out -> tally "),
             std::string{"route/0.out -> tally/0.in; route/0.out -> tally/1.in"});
    QCOMPARE(t.channels("*->tally").size(), std::size_t{4});
    for (const auto* wrong : {"route", "route->", "->tally", "route/9->tally", "route.x->tally", "tally->route"}) {
      const auto said = names(*t.plan, wrong);
      QVERIFY2(said.find("route->tally") != std::string::npos, said.c_str());
    }
  }

  void offIsOff() {
    table t;
    QVERIFY(!t.board.task(t.task("tally/0"))->is_on());
    const auto tap = t.board.open_tap(t.channels("route->tally/0"), 10s);
    QVERIFY(t.board.task(t.task("tally/0"))->is_on());
    QVERIFY(!t.board.task(t.task("route/0"))->is_on());
    t.board.close_tap(**tap);
    QVERIFY(!t.board.task(t.task("tally/0"))->is_on());
  }

  void aTapKeepsWhatThereIsRoomForAndCountsTheRest() {
    table t;
    const auto channels = t.channels("route/0->tally/0");
    const auto tap = *t.board.open_tap(channels, 10s);
    auto& watch = *t.board.task(t.task("tally/0"));
    const auto batches = inspect::tap::glimpses_max + 10;
    for (std::size_t i = 0; i < batches; ++i) watch.see(frame_of(channels.front(), i * 4, 4), i == 0 ? 3 : 0);
    watch.see(frame_of({channels.front().value + 1}, 0, 4), 0);  // another channel's
    const auto seen = tap->take();
    QCOMPARE(seen.kept.size(), inspect::tap::glimpses_max);
    QCOMPARE(seen.passed, std::uint64_t{batches * 4 - 3});
    QCOMPARE(seen.kept.front().from, 3U);
    QVERIFY(tap->take().kept.empty());
    watch.see(frame_of(channels.front(), 5000, 4), 0);
    QCOMPARE(tap->take().kept.front().first, sequence{5000});
  }

  void aTapIsBoundedInBytesToo() {
    table t;
    const auto channels = t.channels("route/0->tally/0");
    const auto tap = *t.board.open_tap(channels, 10s);
    for (int i = 0; i < 3; ++i) {
      typed_builder<sample::reading> b{1};
      b.push(sample::reading{.key = std::string(3U << 20U, 'x')});
      engine::frame f{.channel = channels.front(), .count = 1};
      f.body = b.finish();
      t.board.task(t.task("tally/0"))->see(f, 0);
    }
    QCOMPARE(tap->take().kept.size(), std::size_t{1});
  }

  void whatNobodyRenewsGoes() {
    table t;
    const auto tap = *t.board.open_tap(t.channels("route->tally/0"), 10s);
    const auto id = *t.board.add_breakpoint({.channels = "route->tally/0", .when = "3", .lease = 10s});
    QCOMPARE(t.sweeps.back(), t.time->ns + (10'000'000'000));
    t.time->ns += 9'000'000'000;
    (void)tap->take();
    QVERIFY(t.board.renew(id).has_value());
    t.time->ns += 9'000'000'000;
    t.board.sweep();
    QCOMPARE(t.board.breakpoints().size(), std::size_t{1});
    QVERIFY(t.board.task(t.task("tally/0"))->is_on());
    t.time->ns += 2'000'000'000;
    t.board.sweep();
    QVERIFY(t.board.breakpoints().empty());
    QVERIFY(!t.board.task(t.task("tally/0"))->is_on());
    QCOMPARE(t.board.renew(id).error().code, errc::not_found);
    QVERIFY(t.lines.back().find("lease") != std::string::npos);
  }

  /// Memory of a batch is used again, and places are counted on each channel.
  void takesNoBatchForAnother() {
    table t;
    const auto wanted = t.channels("route/0->tally/0").front();
    const auto other = t.channels("route/1->tally/0").front();
    (void)*t.board.add_breakpoint({.channels = "route/0->tally/0", .when = "5"});
    auto& watch = *t.board.task(t.task("tally/0"));
    auto frame = frame_of(wanted, 1, 8);
    const auto stop = [&] {
      watch.see(frame, 0);
      return watch.stop_row(frame, 0, {});
    };
    QCOMPARE(stop(), 4U);
    frame.channel = other;
    QCOMPARE(stop(), 8U);
    frame.count = 3;
    QCOMPARE(stop(), 3U);
    frame.channel = wanted;
    QCOMPARE(stop(), 3U);
  }

  void refusesWhatIsWrong() {
    table t;
    QCOMPARE(t.board.add_breakpoint({.channels = "x->y", .when = {}}).error().code, errc::not_found);
    QCOMPARE(t.board.add_breakpoint({.channels = "route->tally/0", .when = "?"}).error().code, errc::parse_error);
    QCOMPARE(t.board.add_breakpoint({.channels = "route->tally/0", .when = "3", .lease = 2h}).error().code,
             errc::invalid_argument);
    const auto far = t.board.add_breakpoint({.channels = "route->tally", .when = {}});
    QVERIFY2(far.error().message.find("another node") != std::string::npos, far.error().message.c_str());
    QCOMPARE(t.board.open_tap(t.channels("route->tally"), 10s).error().code, errc::invalid_argument);
    QCOMPARE(t.board.clear(7).error().code, errc::not_found);
    QCOMPARE(t.board.go_on({}, false).error().code, errc::not_found);
    QVERIFY(!t.board.task(t.task("tally/0"))->is_on());
  }

  void thereAreNotTooMany() {
    table t;
    for (std::size_t i = 0; i < inspect::watch_board::breakpoints_max; ++i) {
      QVERIFY(t.board.add_breakpoint({.channels = "route->tally/0", .when = {}}).has_value());
      QVERIFY(t.board.open_tap(t.channels("route->tally/0"), 10s).has_value());
    }
    QCOMPARE(t.board.add_breakpoint({.channels = "route->tally/0", .when = {}}).error().code, errc::limit_exceeded);
    QCOMPARE(t.board.open_tap(t.channels("route->tally/0"), 10s).error().code, errc::limit_exceeded);
    QCOMPARE(*t.board.clear(0), inspect::watch_board::breakpoints_max);
    t.board.close();
    QVERIFY(!t.board.task(t.task("tally/0"))->is_on());
    QCOMPARE(t.board.add_breakpoint({.channels = "route->tally/0", .when = {}}).error().code, errc::unavailable);
  }

  /// One that hangs is still there, and goes on some time.
  void whoWasReplacedStopsNothingAndHidesNothing() {
    table t;
    const auto id = t.task("tally/0");
    const auto channels = t.channels("route/0->tally/0");
    const auto old = t.board.task(id);
    QVERIFY(t.board.add_breakpoint({"route/0->tally/0", {}, 30s}).has_value());
    const auto tap = *t.board.open_tap(channels, 30s);
    auto frame = frame_of(channels.front(), 0, 4);
    QCOMPARE(old->stop_row(frame, 0, {}), 0U);
    QVERIFY(old->go_on(false));
    const auto next = t.board.fresh(id);
    old->see(frame, 0);
    QCOMPARE(old->stop_row(frame, 1, {}), frame.count);
    QVERIFY2(!t.board.is_stopped() && t.board.stops().empty(), "it stands where nobody waits for it");
    QVERIFY2(tap->take().kept.empty(), "what it takes comes from no channel of now");
    next->see(frame, 0);
    QCOMPARE(next->stop_row(frame, 0, {}), 1U);  // the record before that one was let go
    QCOMPARE(next->stop_row(frame, 1, {}), 1U);
    QVERIFY(t.board.is_stopped());
    QVERIFY(!tap->take().kept.empty());
  }
};

QTEST_GUILESS_MAIN(watch_board_test)
#include "watch_board_test.moc"
