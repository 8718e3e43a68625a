#include <QTest>
#include <algorithm>

#include "command/figures.hpp"
#include "command/status_table.hpp"
#include "command/task_times.hpp"
#include "console/terminal.hpp"
#include "node/status_json.hpp"
#include "node/status_view.hpp"

using namespace millrace;
using namespace millrace::command;
using namespace millrace::node;
using namespace std::chrono_literals;
using nlohmann::json;

/// What the live table is made of: rates, figures and the layout in any size of terminal.
class status_table_test : public QObject {
  Q_OBJECT

  using time_point = status_history::time_point;

  static runtime::run_status status_of(std::size_t tasks, std::uint64_t events, std::uint64_t incarnation = 1) {
    runtime::run_status s;
    s.topology = "numbers";
    s.state = "running";
    for (std::size_t i = 0; i < tasks; ++i) {
      runtime::task_status t;
      t.actor = "count";
      t.partition = static_cast<std::uint32_t>(i);
      t.name = "count/" + std::to_string(i);
      t.kind = "processor";
      t.phase = engine::task_phase::running;
      t.incarnation = incarnation;
      t.events_in = events;
      t.events_out = events;
      t.credit_used = 3;
      t.credit_window = 8;
      t.state_rows = 1'234'567;
      t.watermark = {1'700'000'000'000'000'000};
      s.tasks.push_back(t);
    }
    return s;
  }
  static status_view view_of(std::size_t tasks) {
    status_history history;
    history.add(status_of(tasks, 0), time_point{});
    history.add(status_of(tasks, 12'345), time_point{1s});
    return history.view();
  }
  static std::vector<std::string> lines_of(std::size_t tasks, console::extent room) {
    status_table table{style{true}};
    return table.lines(view_of(tasks), room, {1'700'000'001'000'000'000}, "Ctrl-C ends.");
  }
  static bool has(const std::vector<std::string>& lines, std::string_view text) {
    return std::ranges::any_of(lines, [&](const auto& l) { return l.find(text) != std::string::npos; });
  }

private slots:
  void whatOthersWroteSteersNoTerminal() {
    using console::printable;
    QCOMPARE(printable("Grüße, 42 %"), std::string{"Grüße, 42 %"});
    QCOMPARE(printable("a\x1b[2Jb\nc\x7f"), std::string{"a?[2Jb?c?"});
    QCOMPARE(printable("a\xc2\x9b"
                       "2Jb"),
             std::string{"a?2Jb"});  // CSI as one character
    QCOMPARE(printable("ab\xe2\x80\xae"
                       "dc"),
             std::string{"ab?dc"});  // writes from right to left
    QCOMPARE(printable("\xe2\x82"), std::string{"\xe2\x82"});
  }

  void ratesAreThoseOfTheLastSecond() {
    status_history history;
    history.add(status_of(1, 0), time_point{});
    history.add(status_of(1, 5'000), time_point{1s});
    history.add(status_of(1, 5'100), time_point{2s});
    QCOMPARE(history.view().tasks[0].in_per_s, 100.0);
    QCOMPARE(history.view().tasks[0].now.events_in, std::uint64_t{5'100});
  }
  void aRestartedTaskNeverCountsBackwards() {
    status_history history;
    history.add(status_of(1, 5'000), time_point{});
    history.add(status_of(1, 200, 2), time_point{500ms});
    QCOMPARE(history.view().tasks[0].now.events_in, std::uint64_t{5'200});
    QCOMPARE(history.view().tasks[0].in_per_s, 400.0);
    history.add(status_of(1, 300, 2), time_point{1s});
    QCOMPARE(history.view().tasks[0].now.events_in, std::uint64_t{5'300});
  }

  void fitsEveryTerminal() {
    for (const std::size_t columns : {20U, 40U, 60U, 80U, 100U, 140U, 200U}) {
      for (const std::size_t rows : {5U, 10U, 24U, 50U}) {
        const auto lines = lines_of(16, {columns, rows});
        QVERIFY(lines.size() < rows);
        for (const auto& line : lines) QVERIFY2(console::cells(line) <= columns, line.c_str());
      }
    }
  }
  void theNarrowTableKeepsWhatMatters() {
    const auto lines = lines_of(2, {60, 24});
    QVERIFY(has(lines, "count/1"));
    QVERIFY(has(lines, "12.3k"));
    QVERIFY(has(lines, "running"));
    QVERIFY(!has(lines, "watermark"));
    QVERIFY(has(lines_of(2, {160, 24}), "watermark"));
  }
  void aLowTerminalMergesPartitions() {
    const auto lines = lines_of(40, {100, 12});
    QVERIFY(has(lines, "count ×40"));
    QVERIFY(has(lines, "494k"));
  }
  void withoutColourThereAreNoEscapes() {
    status_table table{style{false}};
    for (const auto& line : table.lines(view_of(2), {140, 24}, {}, "")) QVERIFY(line.find('\x1b') == std::string::npos);
  }

  void timesOfTasksStandInColumns() {
    auto view = view_of(3);
    auto& sink = view.tasks[1];
    sink.p50 = 850us;
    sink.p99 = 12'340us;
    sink.queue = 40us;
    sink.service = 9us;
    view.tasks[2].now.watermark = event_time::max();
    auto tasks = json::array();
    for (const auto& t : view.tasks) tasks.push_back(task_json(t, {1'700'000'004'500'000'000}));
    const std::string plain =
        "  task       lag     p50      p99  queue  service  credit wait  snapshot\n"
        "  count/0  4.5 s\n"
        "  count/1  4.5 s  850 µs  12.3 ms  40 µs     9 µs         0 µs      0 µs\n";
    QCOMPARE(task_times(tasks), plain);
    // Of a topology on several nodes there is one more.
    view.tasks[1].network = 3ms;
    tasks[1] = task_json(view.tasks[1], {1'700'000'004'500'000'000});
    QVERIFY(task_times(tasks).find("0 µs  3.00 ms\n") != std::string::npos);
    tasks[1]["watermark_lag_ms"] = -1;
    QVERIFY(task_times(tasks).find("  ahead  ") != std::string::npos);
  }
  void whatIsNotKnownIsNotShown() {
    const auto times = [](const char* text) { return task_times(json::parse(text)); };
    QCOMPARE(times("[]"), std::string{});
    QCOMPARE(times(R"([{"name":"a/0"},{"name":"b/0","latency_p50_us":0,"watermark_lag_ms":null}])"), std::string{});
    QCOMPARE(times(R"([{"name":"a/0","latency_p99_us":1e300}])").substr(0, 11), std::string{"  task     "});
    QVERIFY_EXCEPTION_THROWN(times(R"([{"name":"a/0","latency_split_us":7}])"), json::exception);
  }

  void figuresHaveThreeDigitsAndAUnit_data() {
    QTest::addColumn<QString>("shown");
    QTest::addColumn<QString>("expected");
    const auto row = [](const std::string& shown, const char* expected) {
      QTest::newRow(expected) << QString::fromStdString(shown) << QString{expected};
    };
    row(count_text(0), "0");
    row(count_text(0.25), "0.2");
    row(count_text(999.4), "999");
    row(count_text(999.6), "1.00k");
    row(count_text(12'345), "12.3k");
    row(count_text(37e6), "37.0M");
    row(exact_text(1'234'567), "1,234,567");
    row(exact_text(123), "123");
    row(bytes_text(65'520), "65.5 KB");
    row(span_text(850us), "850 µs");
    row(span_text(12'340us), "12.3 ms");
    row(span_text(4500ms), "4.5 s");
    row(span_text(200s), "3m 20s");
    row(span_text(std::chrono::hours{24 * 365 * 3}), "3 years");
    row(clock_text(3683s), "1:01:23");
    row(time_text(1'700'000'000'000'000'000), "2023-11-14 22:13:20");
  }
  void figuresHaveThreeDigitsAndAUnit() {
    QFETCH(QString, shown);
    QFETCH(QString, expected);
    QCOMPARE(shown, expected);
  }
};

QTEST_APPLESS_MAIN(status_table_test)
#include "status_table_test.moc"
