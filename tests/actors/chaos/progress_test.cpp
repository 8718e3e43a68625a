// What `chaos run --progress` and `chaos validate --json` tell programs.
#include <signal.h>

#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;

constexpr int patience_ms = 60'000;

json call(std::vector<std::string> arguments) {
  return {{"type", "process"}, {"path", "millrace"}, {"arguments", std::move(arguments)}};
}

/// One fault, a probe in the background, and rollbacks whatever happens.
json experiment(int events, double pause_s) {
  const json is_running{{"type", "probe"},
                        {"name", "is-running"},
                        {"tolerance", {{"type", "jsonpath"}, {"path", "$.state"}, {"expect", "running"}}},
                        {"provider", call({"topology", "status", "orders", "--json"})}};
  auto looks = is_running;
  looks["name"] = "looks";
  looks["tolerance"] = 77;
  looks["background"] = true;
  const json inject{{"type", "action"},
                    {"name", "inject-kill"},
                    {"provider", call({"chaos", "inject", "orders", "kill", "--target", "totals/1"})},
                    {"pauses", {{"after", pause_s}}}};
  const json clear{{"type", "action"}, {"name", "clear"}, {"provider", call({"chaos", "clear", "orders"})}};
  return {{"title", "told"},
          {"description", "step by step"},
          {"steady-state-hypothesis", {{"title", "it runs"}, {"probes", json::array({is_running})}}},
          {"method", json::array({looks, inject})},
          {"rollbacks", json::array({clear})},
          {"runtime", {{"rollbacks", {{"strategy", "always"}}}}},
          {"extensions",
           json::array({{{"name", "millrace"},
                         {"topology", std::string{SAMPLES} + "/orders.mill"},
                         {"settings", {"orders.count=" + std::to_string(events)}},
                         {"warm_up", "100ms"},
                         {"baseline", "500ms"},
                         {"recovery", "15s"},
                         {"oracle", {{"order", "by_key"}, {"key", "key"}, {"settings", {"orders.rate=0"}}}}}})}};
}

std::vector<json> steps_of(const QByteArray& printed) {
  std::vector<json> out;
  for (const auto& line : printed.split('\n')) {
    if (!line.isEmpty()) out.push_back(json::parse(line.begin(), line.end()));
  }
  return out;
}

bool has_activity(const std::vector<json>& steps, const char* name, const char* part, const char* state) {
  return std::ranges::any_of(steps, [&](const json& s) {
    return s.at("event") == "activity" && s.at("name") == name && s.at("part") == part && s.at("state") == state;
  });
}

std::vector<std::string> phases_of(const std::vector<json>& steps) {
  std::vector<std::string> out;
  for (const auto& s : steps) {
    if (s.at("event") == "phase") out.push_back(s.at("name"));
  }
  return out;
}

}  // namespace

class progress_test : public QObject {
  Q_OBJECT
private slots:
  void cleanup() {
    if (program_.state() != QProcess::NotRunning) program_.kill();
    program_.waitForFinished();
  }

  void eachStepIsALineAndTheReportTheLast() {
    start(experiment(15'000, 0.5));
    QVERIFY(program_.waitForFinished(patience_ms));
    const auto steps = steps_of(program_.readAllStandardOutput());
    QVERIFY2(steps.size() > 10, program_.readAllStandardError());
    QCOMPARE(steps.front().at("event").get<std::string>(), std::string{"begin"});
    const std::vector<std::string> wanted{"oracle", "warm-up", "baseline", "fault", "recovery", "drain", "compare"};
    std::vector<std::string> planned;
    for (const auto& p : steps.front().at("phases")) planned.push_back(p.at("name"));
    QCOMPARE(planned, wanted);
    QCOMPARE(steps.front().at("phases").at(2).at("expected_ms").get<int>(), 500);
    QCOMPARE(steps.front().at("phases").at(3).at("expected_ms").get<int>(), 500);
    QCOMPARE(phases_of(steps), wanted);
    QVERIFY(has_activity(steps, "is-running", "hypothesis", "succeeded"));
    QVERIFY(has_activity(steps, "inject-kill", "method", "begun"));
    QVERIFY(has_activity(steps, "inject-kill", "method", "succeeded"));
    QVERIFY(has_activity(steps, "looks", "method", "deviated"));
    QVERIFY(has_activity(steps, "clear", "rollbacks", "begun"));
    const auto& last = steps.back();
    QCOMPARE(last.at("event").get<std::string>(), std::string{"verdict"});
    QCOMPARE(last.at("report").at("title").get<std::string>(), std::string{"told"});
    QVERIFY(last.at("text").get<std::string>().starts_with(last.at("report").at("verdict").get<std::string>()));
    for (std::size_t i = 1; i + 1 < steps.size(); ++i) {
      QVERIFY(steps[i].at("elapsed_ms") >= steps[i - 1].at("elapsed_ms"));
    }
  }

  /// As the workbench cancels it: rollbacks are played, and there is a verdict.
  void whatIsInterruptedRollsBackAndSaysSo() {
    start(experiment(1'000'000, 600));
    QByteArray printed;
    QTRY_VERIFY_WITH_TIMEOUT((printed += program_.readAllStandardOutput()).contains("\"inject-kill\""), patience_ms);
    program_.terminate();
    QVERIFY(program_.waitForFinished(patience_ms));
    const auto steps = steps_of(printed + program_.readAllStandardOutput());
    QVERIFY(has_activity(steps, "clear", "rollbacks", "succeeded"));
    QCOMPARE(steps.back().at("report").at("verdict").get<std::string>(), std::string{"ABORTED"});
  }

  void aMistakeHasItsPointer() {
    auto wrong = experiment(1, 0);
    wrong["method"][1]["provider"]["path"] = 5;
    const auto file = write(wrong);
    program_.start(MILLRACE_COMMAND, {"chaos", "validate", "--json", file});
    QVERIFY(program_.waitForFinished(patience_ms));
    QCOMPARE(program_.exitCode(), 2);
    const auto told = json::parse(program_.readAllStandardOutput().toStdString());
    QCOMPARE(told.at("ok").get<bool>(), false);
    QCOMPARE(told.at("problems").at(0).at("where").get<std::string>(), std::string{"/method/1/provider/path"});
    QCOMPARE(told.at("problems").at(0).at("what").get<std::string>(), std::string{"a text is wanted here"});
    QCOMPARE(told.at("problems").at(0).at("file").get<std::string>(), file.toStdString());
  }

private:
  QString write(const json& what) const {
    const auto path = folder_.filePath("e.json");
    std::ofstream{path.toStdString()} << what.dump();
    return path;
  }
  void start(const json& what) {
    program_.start(MILLRACE_COMMAND, {"chaos", "run", write(what), "--progress"});
    QVERIFY(program_.waitForStarted());
  }

  QTemporaryDir folder_;
  QProcess program_;
};

QTEST_GUILESS_MAIN(progress_test)
#include "progress_test.moc"
