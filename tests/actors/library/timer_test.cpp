// Before Qt, whose keyword `emit` is the name of a member here.
#include "library/sources/cron_times.hpp"
#include "millrace/text/time_text.hpp"
#include "text_rig.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

processing_time at(const char* text) {
  return {parse_event_time(text)->ns};
}

std::string text_of(processing_time t) {
  std::string out;
  append_iso_time(out, event_time{t.ns});
  return out;
}

}  // namespace

class timer_test : public QObject {
  Q_OBJECT
private slots:
  void ticksAtMultiplesOfItsDistance() {
    auto rig = started({{"interval", std::int64_t{1000}}, {"count", std::int64_t{4}}}, "2026-11-21T10:00:00.3Z");
    QCOMPARE(rig->poll(), poll_result::next::wait);
    QCOMPARE(rig->last_poll().after.count(), 700'000'000);
    rig->ctx().time = at("2026-11-21T10:00:02.5Z");
    QCOMPARE(rig->poll(), poll_result::next::wait);
    QCOMPARE(rig->output(), (lines{"0,1795255201000000000", "1,1795255202000000000"}));
    rig->ctx().time = at("2026-11-21T10:00:09Z");
    QCOMPARE(rig->poll(), poll_result::next::end);
    QCOMPARE(rig->output().size(), std::size_t{4});
  }

  void makesUpForTicksItMissed_data() {
    QTest::addColumn<QString>("missed");
    QTest::addColumn<int>("ticks");
    QTest::newRow("catch up") << "catch_up" << 5;
    QTest::newRow("skip") << "skip" << 0;
  }
  void makesUpForTicksItMissed() {
    QFETCH(QString, missed);
    QFETCH(int, ticks);
    const std::map<std::string, param_value> params{{"missed", missed.toStdString()}};
    auto rig = started(params, "2026-11-21T10:00:00.3Z");
    rig->ctx().time = at("2026-11-21T10:00:02.5Z");
    (void)rig->poll();
    QCOMPARE(rig->output().size(), std::size_t{2});
    byte_buffer out;
    msgpack::writer w{out};
    rig->as<producer>().save_position(w);
    text_rig second{{.id = "millrace.timer", .params = params}};
    msgpack::reader in{out.view()};
    QVERIFY(second.as<producer>().load_position(in));
    second.ctx().time = at("2026-11-21T10:00:07.5Z");
    second.as<>().open(second.ctx());
    QCOMPARE(second.poll(2, 1), ticks == 0 ? poll_result::next::wait : poll_result::next::more);
    QCOMPARE(second.poll(), poll_result::next::wait);
    QCOMPARE(second.output().size(), static_cast<std::size_t>(ticks));
    if (ticks != 0) QCOMPARE(second.output().front(), std::string{"2,1795255203000000000"});
    QCOMPARE(second.as<producer>().replays(), ticks == 0 ? replay::live : replay::replayable);
  }

  void onlyPartition0Ticks() {
    text_rig rig{{.id = "millrace.timer", .partition = 1, .parallelism = 2}};
    rig.as<>().open(rig.ctx());
    QCOMPARE(rig.poll(), poll_result::next::end);
  }

  void knowsTheTimesOfCron_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("from");
    QTest::addColumn<QString>("expected");
    const QString saturday = "2026-11-21T10:07:30Z";
    QTest::newRow("every minute") << "* * * * *" << saturday << "2026-11-21T10:08:00Z";
    QTest::newRow("later than itself") << "8 10 * * *"
                                       << "2026-11-21T10:08:00Z"
                                       << "2026-11-22T10:08:00Z";
    QTest::newRow("steps") << "*/15 * * * *" << saturday << "2026-11-21T10:15:00Z";
    QTest::newRow("from with step") << "20/20 * * * *" << saturday << "2026-11-21T10:20:00Z";
    QTest::newRow("lists") << "5,10 8-11 * * *" << saturday << "2026-11-21T10:10:00Z";
    QTest::newRow("weekdays") << "0 8 * * mon-fri" << saturday << "2026-11-23T08:00:00Z";
    QTest::newRow("Sunday as 7") << "0 8 * * 7" << saturday << "2026-11-22T08:00:00Z";
    QTest::newRow("month") << "0 0 1 JAN *" << saturday << "2027-01-01T00:00:00Z";
    QTest::newRow("leap day") << "0 0 29 2 *" << saturday << "2028-02-29T00:00:00Z";
    QTest::newRow("leap day on a Sunday") << "0 0 29 2 */7"
                                          << "2096-03-01T00:00:00Z"
                                          << "2128-02-29T00:00:00Z";
    QTest::newRow("day or weekday") << "0 0 1 * mon" << saturday << "2026-11-23T00:00:00Z";
  }
  void knowsTheTimesOfCron() {
    QFETCH(QString, text);
    QFETCH(QString, from);
    QFETCH(QString, expected);
    const auto times = library::cron_times::parse(text.toStdString(), {});
    QVERIFY2(times.has_value(), times ? "" : times.error().message.c_str());
    QCOMPARE(QString::fromStdString(text_of(times->after(at(from.toUtf8().constData())))), expected);
  }
  void keepsToItsZone() {
    const auto times = library::cron_times::parse("0 1 * * *", std::chrono::minutes{90});
    QCOMPARE(text_of(times->after(at("2026-11-21T10:07:30Z"))), std::string{"2026-11-21T23:30:00Z"});
  }

  void refusesTimes_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("said");
    QTest::newRow("four parts") << "* * * *"
                                << "has not five parts";
    QTest::newRow("minute") << "60 * * * *"
                            << "'60' is no minute";
    QTest::newRow("range") << "* 5-3 * * *"
                           << "'5-3' is no hour";
    QTest::newRow("step") << "*/0 * * * *"
                          << "'*/0' is no minute";
    QTest::newRow("name") << "* * * * someday"
                          << "'someday' is no weekday";
    QTest::newRow("never") << "0 0 30 feb *"
                           << "there is no such day";
  }
  void refusesTimes() {
    QFETCH(QString, text);
    QFETCH(QString, said);
    const text_rig rig{{.id = "millrace.timer", .params = {{"at", text.toStdString()}}}};
    const auto problem = QString::fromStdString(rig.problem());
    QVERIFY2(problem.startsWith("parameter 'at': ") && problem.contains(said), qPrintable(problem));
  }

private:
  static std::unique_ptr<text_rig> started(const std::map<std::string, param_value>& params, const char* now) {
    auto rig = std::make_unique<text_rig>(text_rig::setting{.id = "millrace.timer", .params = params});
    if (!rig->problem().empty()) qFatal("%s", rig->problem().c_str());
    rig->ctx().time = at(now);
    rig->as<>().open(rig->ctx());
    return rig;
  }
};

QTEST_APPLESS_MAIN(timer_test)
#include "timer_test.moc"
