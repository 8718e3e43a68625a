// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/actor.hpp"
#include "millrace/dead_letter.hpp"
#include "millrace/duration.hpp"
#include "millrace/failure_policy.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/registry.hpp"

#include <QtTest>
#include <cmath>
#include <limits>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct gauge : processor {
  param<std::uint8_t> small{this, "small", 1};
  param<double> ratio{this, "ratio", 0.5, {.min = 0.0, .max = 1.0}};
  param<bool> loud{this, "loud", false};
  param<std::string> mode{this, "mode", "a", {.choices = {"a", "b"}}};
  param<std::int64_t> pin{this, "pin", 0, {.max = 9999, .is_secret = true}};
};

std::string message_of(const result<void>& r) {
  return r ? "" : r.error().message;
}

}  // namespace

#define CONTAINS(text, part) QVERIFY2((text).find(part) != std::string::npos, (text).c_str())

class actor_parts_test : public QObject {
  Q_OBJECT
private slots:
  void paramsTakeWhatFits() {
    gauge g;
    QVERIFY(g.small.set(std::int64_t{255}).has_value());
    QCOMPARE(*g.small, std::uint8_t{255});
    QVERIFY(g.ratio.set(std::int64_t{1}).has_value());
    QCOMPARE(*g.ratio, 1.0);
    QVERIFY(g.loud.set(true).has_value());
    QVERIFY(g.mode.set(std::string{"b"}).has_value());
    QCOMPARE(to_string(g.mode.get()), std::string{"b"});
    QCOMPARE(actor_access_names(g), (QStringList{"small", "ratio", "loud", "mode", "pin"}));
  }

  void paramsRefuseWhatDoesNotFitAndStay() {
    gauge g;
    CONTAINS(message_of(g.small.set(std::int64_t{256})), "out of range");
    CONTAINS(message_of(g.small.set(std::int64_t{-1})), "'small'");
    QCOMPARE(*g.small, std::uint8_t{1});
    CONTAINS(message_of(g.ratio.set(1.5)), "a number from 0 to 1");
    CONTAINS(message_of(g.ratio.set(std::numeric_limits<double>::quiet_NaN())), "out of range");
    CONTAINS(message_of(g.ratio.set(std::string{"x"})), "takes number, not 'x'");
    CONTAINS(message_of(g.mode.set(std::string{"c"})), "one of 'a', 'b'");
    CONTAINS(message_of(g.loud.set(std::int64_t{1})), "yes/no");
    QCOMPARE(*g.mode, std::string{"a"});
  }

  void aSecretIsInNoMessage() {
    gauge g;
    CONTAINS(message_of(g.pin.set(std::int64_t{77'777})), "parameter 'pin' is ***, which is out of range");
    CONTAINS(message_of(g.pin.set(std::string{"77777"})), "takes integer, not '***'");
    QCOMPARE(g.pin.shown(g.pin.get()), std::string{"***"});
    QCOMPARE(g.small.shown(g.small.get()), std::string{"1"});
  }

  void everyActorHasADeadOutput() {
    gauge g;
    const auto& outputs = engine::actor_access::outputs(g);
    QCOMPARE(outputs.size(), std::size_t{1});
    QCOMPARE(outputs[engine::actor_access::dead_index]->name(), std::string{"dead"});
    QCOMPARE(static_cast<output_base*>(&engine::actor_access::dead(g)), outputs[engine::actor_access::dead_index]);
    QCOMPARE(outputs.front()->type(), record_type_of<dead_letter>());
  }

  void registryKnowsWhatIsRegistered() {
    const auto& registry = actor_registry::instance();
    QVERIFY(registry.find("test.count") != nullptr);
    QCOMPARE(registry.find("test.count")->info.title, std::string{"Count"});
    QVERIFY(registry.find("test.missing") == nullptr);
    QCOMPARE(registry.find("test.count")->make()->kind(), actor_kind::processor);
  }

  void registrySuggestsOnlyWhatIsNear() {
    const auto& registry = actor_registry::instance();
    QCOMPARE(registry.nearest("test.cuont"), std::string{"test.count"});
    QCOMPARE(registry.nearest("tset.by_key"), std::string{"test.by_key"});
    QCOMPARE(registry.nearest("acme.velocity"), std::string{});
    QCOMPARE(registry.nearest(""), std::string{});
    QCOMPARE(registry.nearest(std::string(100'000, 'x')), std::string{});
  }

  void failureActionsReadBack() {
    for (const auto a : {failure_action::resume, failure_action::retry, failure_action::restart, failure_action::stop,
                         failure_action::escalate}) {
      failure_action read{};
      QVERIFY(parse(to_string(a), read));
      QCOMPARE(read, a);
    }
    failure_action unchanged = failure_action::stop;
    QVERIFY(!parse("explode", unchanged));
    QCOMPARE(unchanged, failure_action::stop);
  }

  void durationsReadBack() {
    for (const auto d : {0ms, 1ms, 999ms, 1'000ms, 1'500ms, 60'000ms, 90'000ms, 3'600'000ms, 86'400'000ms}) {
      const auto read = parse_duration(to_text(d));
      QVERIFY(read.has_value());
      QCOMPARE(read->count(), d.count());
    }
    QCOMPARE(to_text(90'000ms), std::string{"90s"});
    QCOMPARE(to_text(300'000ms), std::string{"5m"});
  }

  void durationsNeedNumberAndUnit() {
    for (const auto* text : {"", "5", "s", "-1s", "1.5s", "1 s", "1w", "1sx", "1001d", "99999999999999999999ms"}) {
      const auto read = parse_duration(text);
      QVERIFY2(!read.has_value(), text);
      CONTAINS(read.error().message, "\"250ms\"");
    }
  }

private:
  static QStringList actor_access_names(actor& a) {
    QStringList names;
    for (const auto* p : engine::actor_access::params(a)) names << QString::fromStdString(p->name());
    return names;
  }
};

QTEST_APPLESS_MAIN(actor_parts_test)
#include "actor_parts_test.moc"
