// Files as Chaos Toolkit's documentation writes them, for programs that know nothing of Millrace: run unchanged, and
// what the journal says of them (https://chaostoolkit.org/reference/api/experiment/ and …/journal/).
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <nlohmann/json.hpp>
#include <set>

using nlohmann::json;

namespace {

constexpr int timeout_ms = 60'000;

json process(const char* path, const json& arguments) {
  return {{"type", "process"}, {"path", path}, {"arguments", arguments}, {"timeout", 30}};
}

json probe(const char* name, const json& tolerance, const json& provider) {
  return {{"type", "probe"}, {"name", name}, {"tolerance", tolerance}, {"provider", provider}};
}

json action(const char* name, const json& provider) {
  return {{"type", "action"}, {"name", name}, {"provider", provider}};
}

/// A file of texts and one of orders; the tolerances are those of the documentation.
json documented() {
  return {{"version", "1.0.0"},
          {"title", "Our default language is English"},
          {"description", "We find the expected English language in the file"},
          {"tags", {"files"}},
          {"contributions", {{"reliability", "high"}}},
          {"configuration",
           {{"orders", {{"type", "env"}, {"key", "ORDERS_FILE"}}},
            {"welcome", {{"type", "env"}, {"key", "NOBODY_SET_THIS"}, {"default", "hello"}}}}},
          {"steady-state-hypothesis",
           {{"title", "The files are in English and complete"},
            {"probes",
             {probe("lookup-text-in-lang-file", 0, process("grep", "welcome=hello default.locale.txt")),
              probe("english-is-printed", {{"type", "regex"}, {"pattern", "^welcome=hello$"}, {"target", "stdout"}},
                    process("grep", json::array({"welcome", "default.locale.txt"}))),
              probe("enough-orders", {{"type", "range"}, {"range", {3, 5}}, {"target", "stdout"}},
                    process("grep", json::array({"-c", "order", "${orders}"}))),
              probe("all-greetings",
                    {{"type", "jsonpath"},
                     {"path", "$.foo.*[?(@.baz)].baz"},
                     {"expect", {"hello", "bonjour"}},
                     {"target", "stdout"}},
                    process("cat", {{"greetings.json", ""}}))}}}},
          {"method",
           {action("lose-an-order", process("sed", json::array({"-i", "1d", "${orders}"}))),
            {{"type", "probe"},
             {"name", "orders-meanwhile"},
             {"background", true},
             {"provider", process("cat", json::array({"${orders}"}))}},
            {{"ref", "lookup-text-in-lang-file"}}}},
          {"rollbacks", {action("put-the-order-back", process("sed", json::array({"-i", "$a order 1", "${orders}"})))}},
          {"runtime", {{"rollbacks", {{"strategy", "always"}}}, {"hypothesis", {{"strategy", "default"}}}}}};
}

/// RFC 3339, UTC.
bool is_time(const json& v) {
  static const QRegularExpression form{"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$"};
  return v.is_string() && form.match(QString::fromStdString(v.get<std::string>())).hasMatch();
}

std::string problem_of_times(const json& entry) {
  for (const char* const name : {"start", "end"}) {
    if (!entry.contains(name) || !is_time(entry[name])) return std::string{name} + ": " + entry.dump();
  }
  if (!entry.contains("duration") || !entry["duration"].is_number()) return "duration: " + entry.dump();
  return entry["duration"] >= 0 ? "" : "a negative duration";
}

/// What the documentation says every activity's result MUST have.
std::string problem_of_activity(const json& entry, const json& wanted) {
  if (!entry.is_object() || entry.value("activity", json{}) != wanted) return "activity: " + entry.dump();
  if (auto wrong = problem_of_times(entry); !wrong.empty()) return wrong;
  const auto status = entry.value("status", "");
  if (status != "succeeded" && status != "failed") return "status: " + entry.dump();
  if (!entry.contains("output")) return "output is missing: " + entry.dump();
  const bool has_trace =
      entry.contains("exception") && (entry["exception"].is_array() || entry["exception"].is_string());
  return status == "failed" && !has_trace ? "exception: " + entry.dump() : "";
}

std::string problem_of_state(const json& state, const json& probes) {
  if (!state.is_object() || !state.value("steady_state_met", json{}).is_boolean()) return "steady_state_met";
  const auto& results = state["probes"];
  // "A steady state is not met at the first non-matching tolerance probe."
  const bool is_met = state["steady_state_met"];
  if (!results.is_array() || results.size() > probes.size() || (is_met && results.size() != probes.size())) {
    return "probes: " + state.dump();
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (auto wrong = problem_of_activity(results[i], probes[i]); !wrong.empty()) return wrong;
    const bool is_last = i + 1 == results.size();
    if (results[i].value("tolerance_met", json{}) != json(is_met || !is_last)) return "tolerance_met";
  }
  return {};
}

/// What the documentation says a journal MUST have.
std::string problem_of_journal(const json& j, const json& experiment) {
  if (j.value("experiment", json{}) != experiment) return "the experiment is not a copy of the run one";
  static const std::set<std::string> known{"completed", "failed", "aborted", "interrupted"};
  if (!known.contains(j.value("status", ""))) return "status";
  if (!j.value("deviated", json{}).is_boolean()) return "deviated";
  if (auto wrong = problem_of_times(j); !wrong.empty()) return wrong;
  for (const char* const name : {"platform", "node", "chaoslib-version"}) {
    if (!j.value(name, json{}).is_string()) return name;
  }
  if (!j.value("steady_states", json{}).is_object()) return "steady_states";
  const auto& probes = experiment["steady-state-hypothesis"]["probes"];
  for (const auto& [when, state] : j["steady_states"].items()) {
    if (when != "before" && when != "after") return "steady_states: " + when;
    if (auto wrong = problem_of_state(state, probes); !wrong.empty()) return when + ": " + wrong;
  }
  for (const char* const name : {"run", "rollbacks"}) {
    if (!j.value(name, json{}).is_array()) return name;
  }
  return {};
}

}  // namespace

class toolkit_test : public QObject {
  Q_OBJECT
private slots:
  void init() {
    folder_.emplace();
    QVERIFY(folder_->isValid());
    write("default.locale.txt", "title=shop\nwelcome=hello\n");
    write("orders.txt", "order 1\norder 2\norder 3\norder 4\n");
    const json greetings{{"foo", {{{"baz", "hello"}}, {{"other", 1}}, {{"baz", "bonjour"}}}}};
    write("greetings.json", QByteArray::fromStdString(greetings.dump()));
  }

  void runsWhatIsDocumentedUnchanged() {
    const auto e = documented();
    const auto r = run(e, {"--allow-processes"});
    QVERIFY2(r.code == 0, r.printed.constData());
    QVERIFY2(r.printed.startsWith("PASS") || r.printed.contains("\nPASS"), r.printed.constData());
    QCOMPARE(json::parse(read("experiment.json").toStdString()), e);
    QCOMPARE(QString::fromStdString(problem_of_journal(r.journal, e)), QString{});
    QCOMPARE(r.journal["status"], json("completed"));
    QCOMPARE(r.journal["deviated"], json(false));
    QCOMPARE(r.journal["run"].size(), std::size_t{3});
    QCOMPARE(QString::fromStdString(problem_of_activity(r.journal["run"][0], e["method"][0])), QString{});
    QCOMPARE(QString::fromStdString(problem_of_activity(r.journal["run"][1], e["method"][1])), QString{});
    QCOMPARE(r.journal["run"][1]["output"]["stdout"], json("order 2\norder 3\norder 4\n"));
    QCOMPARE(r.journal["run"][2]["tolerance_met"], json(true));
    QCOMPARE(r.journal["rollbacks"].size(), std::size_t{1});
    QCOMPARE(QString::fromStdString(problem_of_activity(r.journal["rollbacks"][0], e["rollbacks"][0])), QString{});
    QCOMPARE(read("orders.txt"), QByteArray{"order 2\norder 3\norder 4\norder 1\n"});
  }
  void whatDeviatesIsRolledBackAlways() {
    auto e = documented();
    e["method"][0] = action("lose-most", process("sed", json::array({"-i", "1,2d", "${orders}"})));
    const auto r = run(e, {"--allow-processes"});
    QVERIFY2(r.code == 1 && r.printed.contains("FAIL"), r.printed.constData());
    QCOMPARE(QString::fromStdString(problem_of_journal(r.journal, e)), QString{});
    QCOMPARE(r.journal["status"], json("failed"));
    QCOMPARE(r.journal["deviated"], json(true));
    QCOMPARE(r.journal["steady_states"]["before"]["steady_state_met"], json(true));
    QCOMPARE(r.journal["steady_states"]["after"]["steady_state_met"], json(false));
    QCOMPARE(r.journal["steady_states"]["after"]["probes"].size(), std::size_t{3});
    QCOMPARE(read("orders.txt"), QByteArray{"order 3\norder 4\norder 1\n"});
  }
  void theMethodIsNotPlayedWithoutASteadyState() {
    write("default.locale.txt", "welcome=bonjour\n");
    const auto e = documented();
    const auto r = run(e, {"--allow-processes"});
    QVERIFY2(r.code == 1 && r.printed.contains("INVALID"), r.printed.constData());
    QCOMPARE(QString::fromStdString(problem_of_journal(r.journal, e)), QString{});
    QCOMPARE(r.journal["status"], json("failed"));
    QVERIFY(r.journal["run"].empty());
    QVERIFY(!r.journal["steady_states"].contains("after"));
    QCOMPARE(r.journal["rollbacks"].size(), std::size_t{1});
    QCOMPARE(read("orders.txt"), QByteArray{"order 1\norder 2\norder 3\norder 4\norder 1\n"});
  }
  void aProgramThatCannotBeCalledFailsItsActivity() {
    auto e = documented();
    e["method"][0]["provider"]["path"] = "/nobody/has/this";
    const auto r = run(e, {"--allow-processes"});
    QVERIFY2(r.code == 1 && r.printed.contains("FAIL"), r.printed.constData());
    QCOMPARE(QString::fromStdString(problem_of_journal(r.journal, e)), QString{});
    QCOMPARE(QString::fromStdString(problem_of_activity(r.journal["run"][0], e["method"][0])), QString{});
    QCOMPARE(r.journal["run"][0]["status"], json("failed"));
  }
  void otherProgramsAreOnlyCalledWhenAllowed() {
    const auto r = run(documented(), {});
    QCOMPARE(r.code, 2);
    QVERIFY2(r.errors.contains("'lookup-text-in-lang-file' calls 'grep'"), r.errors.constData());
    QVERIFY2(r.errors.contains("--allow-processes"), r.errors.constData());
    QVERIFY(r.journal.is_null());
    QCOMPARE(read("orders.txt"), QByteArray{"order 1\norder 2\norder 3\norder 4\n"});
  }
  void aMistakeIsNamedByItsPointer() {
    auto e = documented();
    e["method"][1]["provider"].erase("path");
    auto r = run(e, {"--allow-processes"});
    QCOMPARE(r.code, 2);
    QVERIFY2(r.errors.contains("experiment.json: /method/1/provider: 'path' is missing"), r.errors.constData());
    QVERIFY(r.journal.is_null());
    e = documented();
    e["steady-state-hypothesis"]["probes"][2]["tolerance"]["range"] = {5, 3};
    r = run(e, {"--allow-processes"});
    QCOMPARE(r.code, 2);
    QVERIFY2(r.errors.contains("experiment.json: /steady-state-hypothesis/probes/2/tolerance: "), r.errors.constData());
  }
  /// The check of journals can fail.
  void aJournalThatIsWrongIsTold() {
    const auto e = documented();
    const auto r = run(e, {"--allow-processes"});
    for (const char* const name : {"experiment", "status", "start", "duration", "deviated", "steady_states", "run"}) {
      auto without = r.journal;
      without.erase(name);
      QVERIFY2(!problem_of_journal(without, e).empty(), name);
    }
    auto wrong = r.journal;
    wrong["steady_states"]["before"]["probes"][0]["tolerance_met"] = false;
    QVERIFY(!problem_of_journal(wrong, e).empty());
  }

private:
  struct ran {
    int code = -1;
    QByteArray printed;
    QByteArray errors;
    json journal;
  };
  void write(const char* name, const QByteArray& text) const {
    QFile file{folder_->filePath(name)};
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
  }
  [[nodiscard]] QByteArray read(const char* name) const {
    QFile file{folder_->filePath(name)};
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray{};
  }
  [[nodiscard]] ran run(const json& experiment, const QStringList& flags) const {
    write("experiment.json", QByteArray::fromStdString(experiment.dump(2)));
    QFile::remove(folder_->filePath("journal.json"));
    QProcess p;
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert("ORDERS_FILE", folder_->filePath("orders.txt"));
    p.setProcessEnvironment(environment);
    p.setWorkingDirectory(folder_->path());
    p.start(MILLRACE_COMMAND, QStringList{"chaos", "run", "experiment.json", "--journal", "journal.json"} + flags);
    if (!p.waitForFinished(timeout_ms)) {
      p.kill();
      p.waitForFinished();
      return {};
    }
    auto journal = json::parse(read("journal.json").toStdString(), nullptr, false);
    if (journal.is_discarded()) journal = nullptr;
    return {p.exitCode(), p.readAllStandardOutput(), p.readAllStandardError(), std::move(journal)};
  }

  std::optional<QTemporaryDir> folder_;
};

QTEST_GUILESS_MAIN(toolkit_test)
#include "toolkit_test.moc"
