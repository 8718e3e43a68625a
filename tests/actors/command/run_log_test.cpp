#include "command/run_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <QDateTime>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace millrace;
using command::json_log_line;
using command::log_format;
using command::log_settings;
using command::parse_log_format;
using command::run_log;
using nlohmann::json;

namespace {

/// What goes to standard error meanwhile goes to a file.
class error_output {
public:
  explicit error_output(const QString& file) : before_{::dup(STDERR_FILENO)} {
    const int to = ::open(file.toUtf8().constData(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (before_ < 0 || to < 0 || ::dup2(to, STDERR_FILENO) < 0) qFatal("standard error cannot be redirected");
    ::close(to);
  }
  ~error_output() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
  }
  error_output(const error_output&) = delete;
  error_output& operator=(const error_output&) = delete;

private:
  int before_;
};

}  // namespace

/// The log of runs and nodes, for people and for programs.
class run_log_test : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;

  [[nodiscard]] QList<QByteArray> lines(const QString& name) const {
    QFile file{folder_.filePath(name)};
    if (!file.open(QIODevice::ReadOnly)) return {};
    auto all = file.readAll().split('\n');
    if (all.back().isEmpty()) all.removeLast();
    return all;
  }
  [[nodiscard]] run_log opened(const char* name, log_settings settings) const {
    settings.file = folder_.filePath(name).toStdString();
    auto log = run_log::open(settings);
    if (!log) qFatal("%s", log.error().message.c_str());
    return *std::move(log);
  }

private slots:
  void linesAreForPeopleUnlessToldOtherwise() {
    const auto log = opened("text", {.node = "east"});
    log.write(log_level::warning, "count/3: slow");
    log.write(log_level::error, "orders", "count/3: gone");
    log.write(log_level::info, "nobody wants to know");
    const auto all = lines("text");
    QCOMPARE(all.size(), qsizetype{2});
    QVERIFY2(all[0].endsWith(" warning count/3: slow"), all[0]);
    QVERIFY2(all[1].endsWith(" error orders: count/3: gone"), all[1]);
  }

  void anObjectALine() {
    const auto before = QDateTime::currentDateTimeUtc().addMSecs(-1);
    {
      const auto log = opened("node", {.is_verbose = true, .format = log_format::json, .node = "east"});
      log.write(log_level::debug, "first");
      log.write(log_level::warning, "orders", "count/3: \"two\"\nlines");
    }
    const auto all = lines("node");
    QCOMPARE(all.size(), qsizetype{2});
    const auto first = json::parse(all[0].toStdString());
    const auto at = QDateTime::fromString(QString::fromStdString(first["time"]), Qt::ISODateWithMs);
    QVERIFY(at.isValid() && at.timeSpec() == Qt::UTC);
    QVERIFY(at >= before && at <= QDateTime::currentDateTimeUtc());
    QCOMPARE(first["level"].get<std::string>(), std::string{"debug"});
    QCOMPARE(first["node"].get<std::string>(), std::string{"east"});
    QCOMPARE(first["text"].get<std::string>(), std::string{"first"});
    QVERIFY(!first.contains("topology"));
    const auto second = json::parse(all[1].toStdString());
    QCOMPARE(second["level"].get<std::string>(), std::string{"warning"});
    QCOMPARE(second["topology"].get<std::string>(), std::string{"orders"});
    QCOMPARE(second["text"].get<std::string>(), std::string{"count/3: \"two\"\nlines"});
  }

  void aRunIsOfOneTopologyAndOfNoNode() {
    opened("run", {.format = log_format::json, .topology = "orders"}).write(log_level::error, "gone");
    const auto line = json::parse(lines("run").value(0).toStdString());
    QCOMPARE(line["topology"].get<std::string>(), std::string{"orders"});
    QVERIFY(!line.contains("node"));
  }

  void timesHaveMillisecondsAndTextsAreWhole() {
    constexpr std::int64_t second = 1'700'000'000'000'000'000;
    const auto time = [](std::int64_t ns) {
      return json::parse(json_log_line({ns}, log_level::info, "", "", "x"))["time"].get<std::string>();
    };
    QCOMPARE(time(second), std::string{"2023-11-14T22:13:20.000Z"});
    QCOMPARE(time(second + 7'999'999), std::string{"2023-11-14T22:13:20.007Z"});
    QCOMPARE(time(second + 999'000'000), std::string{"2023-11-14T22:13:20.999Z"});
    QCOMPARE(json_log_line({second}, log_level::info, "", "", "x"),
             std::string{R"({"time":"2023-11-14T22:13:20.000Z","level":"info","text":"x"})"});
    const auto odd = json::parse(json_log_line({second}, log_level::info, "n\xff", "", std::string{"a\0b\x1b\xc3", 5}));
    QCOMPARE(odd["node"].get<std::string>(), std::string{"n\xef\xbf\xbd"});
    const std::string whole{"a\0b\x1b\xef\xbf\xbd", 7};
    QCOMPARE(odd["text"].get<std::string>(), whole);
  }

  void whatIsLeftOutIsToldInTheSameFormat() {
    {
      const error_output to{folder_.filePath("error")};
      const auto log = run_log::open({.format = log_format::json, .node = "east"});
      QVERIFY(log);
      for (int i = 0; i < 500; ++i) log->write(log_level::warning, "again");
    }
    const auto all = lines("error");
    // Twenty a second, and one that says so: the loop may see seconds change.
    QVERIFY(all.size() >= 21 && all.size() < 400);
    bool is_told = false;
    for (const auto& text : all) {
      const auto line = json::parse(text.toStdString());
      QCOMPARE(line["node"].get<std::string>(), std::string{"east"});
      is_told = is_told || line["text"].get<std::string>().find("more log lines left out") != std::string::npos;
    }
    QVERIFY(is_told);
  }

  void refusesWhatItCannotDo() {
    const auto wrong = parse_log_format("xml");
    QVERIFY(!wrong && wrong.error().message.find("text and json") != std::string::npos);
    QVERIFY(parse_log_format("text").value() == log_format::text);
    QVERIFY(parse_log_format("json").value() == log_format::json);
    const auto log = run_log::open({.file = folder_.path().toStdString(), .format = log_format::json});
    QVERIFY(!log);
    QCOMPARE(log.error().code, errc::io_error);
  }
};

QTEST_APPLESS_MAIN(run_log_test)
#include "run_log_test.moc"
