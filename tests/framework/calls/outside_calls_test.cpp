// Calls to something outside that fails: when they are made again, when they are not, and what is told of them. Time is
// the test's.
#include "millrace/calls/outside_calls.hpp"

#include <QtTest>
#include <string>
#include <vector>

#include "millrace/calls/call_listener.hpp"
#include "millrace/engine/keyed_state.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using state = circuit_breaker::state;

namespace {

/// A context that keeps what it is told; pauses move its clock.
class told_context final : public context, public call_listener {
public:
  explicit told_context(engine::keyed_state& rows) : context("caller", 0, 1, rows, 1) {}
  [[nodiscard]] processing_time now() const override { return time; }
  void log(log_level, std::string_view text) override { lines.emplace_back(text); }
  void set_aside(const malformed_input&) override {}
  void on_call(bool has_failed, state circuit) override {
    failures += has_failed ? 1 : 0;
    ++calls;
    newest = circuit;
  }

  processing_time time{1'000'000'000};
  std::vector<std::string> lines;
  int calls = 0;
  int failures = 0;
  state newest = state::closed;
};

struct caller {
  explicit caller(outside_calls::setting s)
      : calls{std::move(s), [this](std::chrono::nanoseconds d) {
                pauses.push_back(d);
                c.time = c.time + d;
              }} {}
  /// Fails so often, then works.
  [[nodiscard]] result<void> call(int failing, errc code = errc::unavailable) {
    return calls.make(c, [&, code]() -> result<void> {
      ++attempts;
      if (attempts > failing) return {};
      if (code == errc::unavailable) return retryable_error(code, "it is away");
      return fatal_error(code, "it does not want that");
    });
  }

  engine::keyed_state rows;
  told_context c{rows};
  std::vector<std::chrono::nanoseconds> pauses;
  int attempts = 0;
  outside_calls calls;
};

outside_calls::setting patient() {
  outside_calls::setting s;
  s.breaker = {.failures = 3, .open_for = 5s, .open_max = 20s};
  s.retry = {.first = 100ms, .max = 1s, .deadline = 60s};
  return s;
}

}  // namespace

class outside_calls_test : public QObject {
  Q_OBJECT
private slots:
  void whatFailsIsTriedAgainAfterPausesThatGrow() {
    caller it{patient()};
    QVERIFY(it.call(2));
    QCOMPARE(it.attempts, 3);
    QCOMPARE(it.pauses.size(), std::size_t{2});
    QVERIFY(it.pauses[0] >= 50ms && it.pauses[0] <= 100ms && it.pauses[1] >= 100ms && it.pauses[1] <= 200ms);
    QVERIFY(it.c.calls == 3 && it.c.failures == 2 && it.c.newest == state::closed);
  }

  void whatNoRepetitionMendsIsNotTriedAgain() {
    caller it{patient()};
    const auto r = it.call(9, errc::invalid_argument);
    QCOMPARE(r.error().code, errc::invalid_argument);
    QCOMPARE(it.attempts, 1);
    QVERIFY2(it.c.failures == 0, "it answered: the other side is there");
  }

  void anOpenCircuitIsWaitedFor() {
    caller it{patient()};
    QVERIFY(it.call(3));
    QVERIFY(it.pauses.back() >= 5s);
    QCOMPARE(it.c.lines,
             (std::vector<std::string>{"it is away; trying again", "the circuit is open, calls wait: it is away",
                                       "the circuit is closed again"}));
    QCOMPARE(it.c.newest, state::closed);
  }

  void whoHasSomethingElseToDoIsToldAtOnce() {
    auto s = patient();
    s.open = outside_calls::when_open::skip;
    caller it{s};
    QVERIFY(!it.call(1'000));
    QCOMPARE(it.attempts, 3);
    const auto pauses = it.pauses.size();
    const auto r = it.call(1'000);
    QCOMPARE(r.error().code, errc::unavailable);
    QVERIFY2(it.attempts == 3 && it.pauses.size() == pauses, "nobody is asked while the circuit is open");
    it.c.time = it.c.time + 5s;
    QVERIFY(!it.call(1'000));
    QVERIFY2(it.attempts == 4, "one call goes through to see");
  }

  void theDeadlineEndsIt() {
    auto s = outside_calls::of_server(2s);
    s.breaker.failures = 0;
    caller it{s};
    const auto begun = it.c.time;
    const auto r = it.call(1'000);
    QCOMPARE(QString::fromStdString(r.error().message), QString{"it is away; given up after 2 s ('retry')"});
    QVERIFY(it.attempts > 3 && it.c.time - begun < 2s);
  }

  void theOtherSideMayAskForAPause() {
    caller it{patient()};
    int attempts = 0;
    const auto last = it.calls.make(it.c, [&]() -> call_outcome { return {++attempts == 1, "busy", 7s}; });
    QVERIFY(last && !last->is_again);
    QVERIFY(it.pauses == std::vector<std::chrono::nanoseconds>{7s});
  }
};

QTEST_APPLESS_MAIN(outside_calls_test)
#include "outside_calls_test.moc"
