#include "millrace/testing/actor_harness.hpp"

#include "millrace/dead_letter.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/producer.hpp"
#include "millrace/routers.hpp"
#include "millrace/sink.hpp"
#include "trial_velocity.hpp"

#include <QtTest>

using namespace millrace;
using testing::actor_harness;

namespace {

trial::payment payment(const std::string& account, std::int64_t number, std::int64_t at_ms) {
  return {account, number, 100, {at_ms * 1'000'000}};
}
event_time at_ms(std::int64_t ms) {
  return {ms * 1'000'000};
}

/// Counts by a key of any record; reminds by the clock.
struct reminder final : processor {
  in<record_view> any{this, "in", &reminder::on_record};
  out<trial::alert> reminders{this, "out"};
  void on_record(context& c, const record_view& r) {
    reminders.emit({std::string{r.field("account").as_string()}, c.now().ns, r.field("n").as_int64()});
  }
};

struct numbers final : producer {
  out<trial::alert> out_{this, "out"};
  poll_result poll(context&, std::size_t) override {
    if (next_ == 5) return poll_result::end();
    out_.emit({"n", next_++, 0});
    return poll_result::more();
  }
  void save_position(msgpack::writer& out) const override { out.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return std::to_string(next_); }
  std::int64_t next_ = 0;
};

struct keeping_sink final : sink {
  in<trial::alert> alerts{this, "in", &keeping_sink::on_alert};
  delivery delivers() const noexcept override { return delivery::transactional; }
  void on_alert(context&, const trial::alert&) { ++pending; }
  result<std::string> prepare(context&, epoch_id) override { return std::to_string(std::exchange(pending, 0)); }
  result<void> commit(context&, epoch_id, const std::string& handle) override {
    committed += std::stoi(handle);
    return {};
  }
  int pending = 0;
  int committed = 0;
};

}  // namespace

class actor_harness_test : public QObject {
  Q_OBJECT
private slots:
  void pushesEventsAndTimeAndReadsOutputs() {
    actor_harness<trial::velocity> check{{.params = {{"limit", 2}}}};
    check.push(payment("a", 1, 1));
    check.push_all(std::vector{payment("a", 2, 2), payment("b", 3, 3)});
    QVERIFY(check.take().empty());
    check.watermark(at_ms(20));
    const auto alerts = check.take<trial::alert>();
    QCOMPARE(alerts.size(), std::size_t{1});
    QCOMPARE(alerts[0], (trial::alert{"a", 0, 2}));
    QCOMPARE(check.output_watermark(), at_ms(20));
    check.end_of_input();
    QVERIFY(check.has_ended());
  }

  void showsStateByKey() {
    actor_harness<trial::velocity> check;
    check.push(payment("a", 1, 1));
    check.push(payment("a", 2, 25));
    QCOMPARE(check.key_count(), std::size_t{1});
    QCOMPARE(check.state(&trial::velocity::cents, "a").value(), std::int64_t{200});
    QCOMPARE(check.state(&trial::velocity::counts, "a"), (std::map<std::int64_t, std::int64_t>{{0, 1}, {1, 1}}));
    QCOMPARE(check.state(&trial::velocity::close, "a").value(), at_ms(20));
    QVERIFY(!check.state(&trial::velocity::cents, "b"));
  }

  void restoresASnapshotInTheMiddle() {
    actor_harness<trial::velocity> check{{.params = {{"limit", 2}}}};
    check.push(payment("a", 1, 1));
    const auto kept = check.snapshot();
    QVERIFY(kept.bytes() > 0);
    check.push(payment("a", 2, 2));
    check.restore(kept);
    QCOMPARE(check.state(&trial::velocity::cents, "a").value(), std::int64_t{100});
    check.push(payment("a", 2, 2));
    check.watermark(at_ms(20));
    QCOMPARE(check.take<trial::alert>(), (std::vector<trial::alert>{{"a", 0, 2}}));
    check.restart();
    QCOMPARE(check.key_count(), std::size_t{0});
  }

  void followsTheFailurePolicy() {
    actor_harness<trial::velocity> check{
        {.params = {{"fails_at", 2}}, .on_failure = {.action = failure_action::resume}}};
    check.push(payment("a", 1, 1));
    check.push(payment("a", 2, 2));
    const auto dead = check.take<dead_letter>("dead");
    QCOMPARE(dead.size(), std::size_t{1});
    QCOMPARE(dead[0].reason, std::string{"payment 2"});

    actor_harness<trial::velocity> strict{{.params = {{"fails_at", 2}}}};
    const auto kept = strict.snapshot();
    QVERIFY_EXCEPTION_THROWN(strict.push(payment("a", 2, 2)), testing::actor_failed);
    strict.restore(kept);
    strict.push(payment("a", 1, 1));
  }

  void retriesWhenTimeGoesOn() {
    actor_harness<trial::velocity> check{
        {.params = {{"fails_at", 2}},
         .on_failure = {.action = failure_action::retry, .max_attempts = 2, .backoff = std::chrono::milliseconds{50}}}};
    check.push(payment("a", 2, 2));
    check.advance(std::chrono::milliseconds{49});
    QVERIFY(check.take("dead").empty());
    check.set_param("fails_at", -1);
    check.advance(std::chrono::milliseconds{1});
    QVERIFY(check.take("dead").empty());
    QCOMPARE(check.state(&trial::velocity::cents, "a").value(), std::int64_t{100});
  }

  void pushesDynamicRecords() {
    auto shape = parse_schema("click", "account:string,n:int64");
    actor_harness<reminder> r{{.inputs = {{"in", dynamic_record_type(std::make_shared<schema>(*shape))}}}};
    r.advance(std::chrono::seconds{1});
    r.push_fields("in", {{"account", "x"}, {"n", std::int64_t{7}}});
    QCOMPARE(r.take<trial::alert>(), (std::vector<trial::alert>{{"x", r.now().ns, 7}}));
    QVERIFY_EXCEPTION_THROWN(r.push_fields("in", {{"nobody", 1.0}}), std::invalid_argument);
  }

  void runsProducersSinksAndRouters() {
    actor_harness<numbers> source;
    source.poll();
    QCOMPARE(source.take().size(), std::size_t{5});
    QVERIFY(source.has_ended());

    actor_harness<keeping_sink> sink;
    sink.push(trial::alert{"a", 1, 1});
    const auto kept = sink.snapshot();
    QCOMPARE(sink->committed, 0);
    sink.complete();
    QCOMPARE(sink->committed, 1);

    actor_harness<routers::round_robin> deal{{.inputs = {{"in", record_type_of<trial::alert>()}}, .partitions = 2}};
    deal.push_all(std::vector<trial::alert>{{"a", 0, 0}, {"b", 1, 0}, {"c", 2, 0}});
    const auto dealt = deal.take();
    QCOMPARE(dealt.size(), std::size_t{3});
    QCOMPARE(std::ranges::count(dealt.entries(), 0U, &testing::collected::entry::partition), 2);
  }

  void saysWhatIsWrongWithTheSetup() {
    QVERIFY_EXCEPTION_THROWN((actor_harness<trial::velocity>{{.params = {{"limit", 0}}}}), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN(actor_harness<reminder>{}, std::invalid_argument);
    actor_harness<trial::velocity> check;
    QVERIFY_EXCEPTION_THROWN(check.push("nowhere", payment("a", 1, 1)), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)check.take("nothing"), std::invalid_argument);
  }
};

QTEST_APPLESS_MAIN(actor_harness_test)
#include "actor_harness_test.moc"
