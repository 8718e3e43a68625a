// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_rig.hpp"

#include <QtTest>

#include "library/net/header_list.hpp"
#include "library/net/patient_caller.hpp"

using namespace millrace;
using namespace millrace::library;
using namespace std::chrono_literals;
using state = circuit_breaker::state;

namespace {

constexpr processing_time begin{1'000'000'000'000};

result<http_answer> status(unsigned s) {
  http_answer a;
  a.status = s;
  return a;
}

/// A caller whose pauses move the context's clock and are written down.
struct virtual_time {
  testing::text_rig rig{{.id = "millrace.null_sink"}};
  std::vector<std::chrono::nanoseconds> pauses;
  outside_calls::sleeper sleep = [this](std::chrono::nanoseconds d) {
    pauses.push_back(d);
    rig.ctx().time = rig.ctx().time + d;
  };
};

}  // namespace

/// When calls are made, with time that only the test moves.
class retry_test : public QObject {
  Q_OBJECT
private slots:
  void theBreakerOpensAfterFailuresInARow() {
    circuit_breaker b{{.failures = 3, .open_for = 5s, .open_max = 15s}};
    b.failed(begin);
    b.failed(begin);
    b.succeeded();
    b.failed(begin);
    b.failed(begin);
    QCOMPARE(b.now(), state::closed);
    b.failed(begin);
    QCOMPARE(b.now(), state::open);
    QVERIFY(!b.allows(begin + 4999ms));
    QCOMPARE(b.until_allowed(begin + 4s), std::chrono::nanoseconds{1s});
  }

  void aProbeClosesItOrOpensItForLonger() {
    circuit_breaker b{{.failures = 1, .open_for = 5s, .open_max = 15s}};
    b.failed(begin);
    auto at = begin + 5s;
    QVERIFY(b.allows(at));
    QCOMPARE(b.now(), state::half_open);
    QVERIFY(!b.allows(at));  // one probe
    b.failed(at);
    QCOMPARE(b.until_allowed(at), std::chrono::nanoseconds{10s});
    at = at + 10s;
    QVERIFY(b.allows(at));
    b.failed(at);
    QCOMPARE(b.until_allowed(at), std::chrono::nanoseconds{15s});  // the limit
    at = at + 15s;
    QVERIFY(b.allows(at));
    b.succeeded();
    QCOMPARE(b.now(), state::closed);
    b.failed(at);
    QCOMPARE(b.until_allowed(at), std::chrono::nanoseconds{5s});  // as at first
  }

  void aProbeNobodyReportsOnMakesRoomForAnother() {
    circuit_breaker b{{.failures = 1, .open_for = 5s}};
    b.failed(begin);
    QVERIFY(b.allows(begin + 5s));
    QVERIFY(!b.allows(begin + 9s));
    QVERIFY(b.allows(begin + 10s));
  }

  void withoutALimitItStaysClosed() {
    circuit_breaker b{{.failures = 0}};
    for (int i = 0; i < 1000; ++i) b.failed(begin);
    QVERIFY(b.allows(begin));
  }

  void pausesDoubleWithinTheirJitterUpToTheLimitAndTheDeadline() {
    random_source random{7};
    retry_schedule s{{.first = 100ms, .max = 1s, .deadline = 20s}, begin};
    auto now = begin;
    std::chrono::nanoseconds most = 100ms;
    int pauses = 0;
    while (const auto p = s.pause(now, random)) {
      QVERIFY(*p >= most / 2 && *p <= most);
      most = std::min<std::chrono::nanoseconds>(most * 2, 1s);
      now = now + *p;
      ++pauses;
      QVERIFY(now < begin + 20s);
    }
    QVERIFY(pauses > 20);
    QVERIFY(now >= begin + 19s);
  }

  void theOtherSidesWishCounts() {
    random_source random{7};
    retry_schedule s{{.first = 100ms, .max = 1s, .deadline = 20s}, begin};
    QCOMPARE(s.pause(begin, random, 7s), std::optional<std::chrono::nanoseconds>{7s});
    QVERIFY(!s.pause(begin + 7s, random, 30s));
  }

  void theSamePausesForTheSameSeed() {
    random_source a{3};
    random_source b{3};
    retry_schedule x{{}, begin};
    retry_schedule y{{}, begin};
    for (int i = 0; i < 5; ++i) QCOMPARE(x.pause(begin, a), y.pause(begin, b));
  }

  void callsAgainUntilItIsDone() {
    virtual_time t;
    patient_caller caller{{.failures = 10}, {.deadline = 60s}, t.sleep};
    int calls = 0;
    const auto r = caller.call(t.rig.ctx(), [&]() -> result<http_answer> {
      ++calls;
      if (calls == 1) return retryable_error(errc::unavailable, "refused");
      return status(calls == 2 ? 503 : calls == 3 ? 429 : 200);
    });
    QCOMPARE(r->status, 200U);
    QCOMPARE(calls, 4);
    QCOMPARE(t.pauses.size(), std::size_t{3});
  }

  void refusedAndUselessAnswersAreNotRepeated() {
    for (const unsigned s : {400U, 413U, 422U, 401U, 404U, 301U}) {
      virtual_time t;
      patient_caller caller{{}, {}, t.sleep};
      int calls = 0;
      const auto r = caller.call(t.rig.ctx(), [&] { return ++calls, status(s); });
      QCOMPARE(calls, 1);
      QCOMPARE(verdict_of(r), s == 400 || s == 413 || s == 422 ? call_verdict::refused : call_verdict::useless);
    }
  }

  void anOpenBreakerIsWaitedFor() {
    virtual_time t;
    patient_caller caller{{.failures = 2, .open_for = 5s}, {.first = 10ms, .max = 20ms, .deadline = 4s}, t.sleep};
    int calls = 0;
    const auto fails = [&] { return ++calls, status(500); };
    QCOMPARE(caller.call(t.rig.ctx(), fails)->status, 500U);
    QCOMPARE(calls, 2);  // then it opened, for longer than the deadline
    QCOMPARE(caller.breaker().now(), state::open);
    QCOMPARE(t.rig.ctx().lines.size(), std::size_t{2});  // that it tries again, and that it opened
    const auto before = t.rig.ctx().time;
    QCOMPARE(caller.call(t.rig.ctx(), [&] { return ++calls, status(200); })->status, 200U);
    QVERIFY(t.rig.ctx().time - before > 4s);
    QCOMPARE(calls, 3);
    QCOMPARE(caller.breaker().now(), state::closed);
  }

  void retryAfterIsObeyed() {
    virtual_time t;
    patient_caller caller{{}, {.deadline = 60s}, t.sleep};
    int calls = 0;
    (void)caller.call(t.rig.ctx(), [&] {
      auto r = status(++calls == 1 ? 503 : 200);
      r->headers.emplace_back("retry-after", "9");
      return r;
    });
    QCOMPARE(t.pauses, std::vector<std::chrono::nanoseconds>{9s});
  }

  void addressesAndHeadersAreChecked() {
    QVERIFY(check_url("https://example.org/x?y=z", "url"));
    for (const std::string bad : {"ftp://x/", "example.org", "http://", "http:///x", "https://a b/"}) {
      const auto r = check_url(bad, "url");
      QVERIFY2(!r && r.error().message.rfind("parameter 'url'", 0) == 0, bad.c_str());
    }
    const auto named = check_url("https://anna:hunter2@example.org/", "url");
    QVERIFY(!named && named.error().message.find("hunter2") == std::string::npos);
    QCOMPARE(shown_url("https://example.org/x?token=1"), std::string{"https://example.org/x"});
    QCOMPARE(*parse_headers("X-A: 1; X-B:two", "headers"), (header_fields{{"X-A", "1"}, {"X-B", "two"}}));
    for (const std::string bad : {"X-A", "X A: 1", "Authorization: Bearer hunter2", "Content-Type: x", ": x"}) {
      const auto r = parse_headers(bad, "headers");
      QVERIFY2(!r && r.error().message.find("hunter2") == std::string::npos, bad.c_str());
    }
  }
};

QTEST_APPLESS_MAIN(retry_test)
#include "retry_test.moc"
