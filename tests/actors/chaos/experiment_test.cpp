// Files of experiments: what is taken, and where a mistake is.
#include "chaos/experiment.hpp"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>
#include <set>

#include "millrace/chaos/catalogue.hpp"

using namespace millrace;
using chaos::read_experiment;
using nlohmann::json;

namespace {

/// As Chaos Toolkit's documentation writes them.
json documented() {
  return {
      {"version", "1.0.0"},
      {"title", "The service survives"},
      {"description", "It goes on when its file is gone"},
      {"tags", {"a"}},
      {"configuration",
       {{"where", "/tmp"}, {"pause", 2}, {"who", {{"type", "env"}, {"key", "NOBODY_SET_THIS"}, {"default", "me"}}}}},
      {"steady-state-hypothesis",
       {{"title", "It answers"},
        {"probes",
         {{{"type", "probe"},
           {"name", "it-answers"},
           {"tolerance", {4, 9}},
           {"provider",
            {{"type", "process"},
             {"path", "count"},
             {"arguments", {{"--in", "${where}/x"}, {"-q", ""}}},
             {"timeout", 3}}}}}}}},
      {"method",
       {{{"type", "action"},
         {"name", "gone"},
         {"background", true},
         {"provider", {{"type", "process"}, {"path", "rm"}, {"arguments", {"-f", "${where}/${who}"}}}},
         {"pauses", {{"before", 1.5}, {"after", "${pause}"}}}},
        {{"ref", "it-answers"}}}},
      {"rollbacks",
       {{{"type", "action"},
         {"name", "back"},
         {"provider", {{"type", "process"}, {"path", "touch"}, {"arguments", "-a x"}}}}}},
      {"runtime",
       {{"rollbacks", {{"strategy", "always"}}}, {"hypothesis", {{"strategy", "continuously"}, {"frequency", 2}}}}},
      {"extensions",
       {{{"name", "millrace"},
         {"topology", "t.mill"},
         {"oracle", {{"order", "by_key"}, {"key", "id"}, {"settings", {"in.rate=0"}}}}}}}};
}

std::string mistake(const char* pointer, const json& value) {
  auto text = documented();
  text[json::json_pointer{pointer}] = value;
  const auto read = read_experiment(text, "/home");
  return read ? "none" : read.error().message;
}

std::string without(const char* parent, const char* name) {
  auto text = documented();
  text[json::json_pointer{parent}].erase(name);
  const auto read = read_experiment(text, "/home");
  return read ? "none" : read.error().message;
}

}  // namespace

class experiment_test : public QObject {
  Q_OBJECT
private slots:
  void takesWhatIsDocumented() {
    const auto e = read_experiment(documented(), "/home");
    QVERIFY2(e, e ? "" : e.error().message.c_str());
    QCOMPARE(e->title, "The service survives");
    QCOMPARE(e->probes.size(), std::size_t{1});
    QCOMPARE(e->probes[0].arguments, (std::vector<std::string>{"--in", "/tmp/x", "-q"}));
    QCOMPARE(e->probes[0].timeout.count(), 3000);
    QCOMPARE(e->method.size(), std::size_t{2});
    QCOMPARE(e->method[0].arguments, (std::vector<std::string>{"-f", "/tmp/me"}));
    QCOMPARE(e->method[0].before.count(), 1500);
    QCOMPARE(e->method[0].after.count(), 2000);
    QVERIFY(e->method[0].is_background);
    QCOMPARE(e->method[1].name, "it-answers");
    QCOMPARE(e->rollbacks[0].arguments, (std::vector<std::string>{"-a", "x"}));
    QVERIFY(e->rolls_back == chaos::rollback_strategy::always);
    QVERIFY(e->looks == chaos::hypothesis_strategy::continuously);
    QCOMPARE(e->trial.topology, "/home/t.mill");
    QCOMPARE(e->trial.key, "id");
    QCOMPARE(e->trial.oracle_settings, (std::vector<std::string>{"in.rate=0"}));
    QVERIFY(e->text == documented());
  }
  void namesThePlaceOfAMistake() {
    QVERIFY(without("", "title").starts_with("/: 'title' is missing"));
    QVERIFY(without("", "method").starts_with("/: 'method' is missing"));
    QVERIFY(without("/method/0/provider", "path").starts_with("/method/0/provider: 'path' is missing"));
    QVERIFY(
        without("/steady-state-hypothesis/probes/0", "tolerance").starts_with("/steady-state-hypothesis/probes/0: "));
    QVERIFY(mistake("/method/0/provider/type", "shell").starts_with("/method/0/provider/type: 'shell'"));
    QVERIFY(mistake("/method/0/pauses/before", -1).starts_with("/method/0/pauses/before: "));
    QVERIFY(mistake("/method/0/background", "yes").starts_with("/method/0/background: "));
    QVERIFY(mistake("/method/1/ref", "nobody").starts_with("/method/1/ref: "));
    QVERIFY(mistake("/method/0/provider/arguments/0", "${nobody}").starts_with("/method/0/provider/arguments/0: "));
    QVERIFY(mistake("/rollbacks/0/type", "probe").starts_with("/rollbacks/0/type: only actions"));
    QVERIFY(mistake("/runtime/rollbacks/strategy", "maybe").starts_with("/runtime/rollbacks/strategy: "));
    QVERIFY(mistake("/steady-state-hypothesis/probes/0/tolerance", {9, 4}).find("/tolerance: ") != std::string::npos);
    QVERIFY(mistake("/extensions/0/topologie", "x").find("did you mean 'topology'?") != std::string::npos);
    QVERIFY(mistake("/configuration/who/type", "vault").starts_with("/configuration/who/type: "));
    QVERIFY(mistake("/extensions/0/oracle/settings", 3).starts_with("/extensions/0/oracle/settings: a list"));
    QVERIFY(mistake("/method", 3).starts_with("/method: a list"));
    QVERIFY(!read_experiment(json::array(), "/"));
  }
  void yamlIsTheSame() {
    const QTemporaryDir folder;
    const auto path = folder.filePath("e.yaml").toStdString();
    std::ofstream{path}
        << "title: t\ndescription: d\nmethod:\n  - type: action\n    name: n\n    provider: {type: process, "
           "path: p, arguments: [a, 2, \"3\", true]}\n    pauses: {after: 1.5}\n";
    const auto e = chaos::load_experiment(path);
    QVERIFY2(e, e ? "" : e.error().message.c_str());
    QCOMPARE(e->method[0].arguments, (std::vector<std::string>{"a", "2", "3", "true"}));
    QCOMPARE(e->method[0].after.count(), 1500);
    std::ofstream{path} << "title: [\n";
    QVERIFY(chaos::load_experiment(path).error().message.find("line") != std::string::npos);
    QCOMPARE(chaos::load_experiment(path + "x").error().code, errc::not_found);
  }
  void everyKindHasASampleThatPasses() {
    std::set<std::string> injected;
    std::set<std::string> verdicts;
    for (const auto& file : std::filesystem::directory_iterator{SAMPLES}) {
      if (file.path().extension() != ".yaml") continue;
      const auto e = chaos::load_experiment(file.path().string());
      QVERIFY2(e, e ? "" : e.error().message.c_str());
      verdicts.insert(e->trial.expect.empty() ? "PASS" : e->trial.expect);
      if (!e->trial.expect.empty()) continue;
      for (const auto& a : e->method) {
        if (a.arguments.size() > 3 && a.arguments[1] == "inject") injected.insert(a.arguments[3]);
      }
    }
    for (const auto& kind : chaos::catalogue()) QVERIFY2(injected.contains(kind.name), kind.name);
    QCOMPARE(verdicts, (std::set<std::string>{"ABORTED", "DEGRADED", "FAIL", "INVALID", "PASS"}));
  }
  /// Kinds that lose nothing with no protection at all: docs/chaos.md says why of each.
  void everyOtherKindHasAControlThatMustFail() {
    const std::set<std::string> harmless{
        "hang",          "slow",          "stall",         "burst",     "poison-malformed", "poison-nested",
        "poison-schema", "barrier-delay", "jitter",        "partition", "bandwidth",        "credit-stall",
        "disk-slow",     "clock-freeze",  "process-pause", "cpu",       "memory",           "descriptors"};
    std::set<std::string> controlled;
    std::ifstream reference{DOCS "/chaos.md"};
    std::string text{std::istreambuf_iterator<char>{reference}, {}};
    const auto reasons = text.find("The other kinds can lose nothing");
    QVERIFY(reasons != std::string::npos);
    text.erase(0, reasons);
    for (const auto& file : std::filesystem::directory_iterator{SAMPLES}) {
      if (file.path().extension() != ".yaml") continue;
      const auto e = chaos::load_experiment(file.path().string());
      QVERIFY2(e, e ? "" : e.error().message.c_str());
      if (e->controls.empty() && e->trial.expect != "FAIL") continue;
      for (const auto& c : e->controls) {
        QCOMPARE(c.trial.expect, "FAIL");
        QVERIFY2(!c.trial.because.empty(), c.title.c_str());
      }
      for (const auto& a : e->method) {
        if (a.arguments.size() > 3 && a.arguments[1] == "inject") controlled.insert(a.arguments[3]);
      }
    }
    for (const auto& kind : chaos::catalogue()) {
      QVERIFY2(controlled.contains(kind.name) != harmless.contains(kind.name), kind.name);
      if (harmless.contains(kind.name))
        QVERIFY2(text.find(std::string{"`"} + kind.name + "`") != std::string::npos, kind.name);
    }
  }
  void aControlIsTheSameWithoutAProtection() {
    auto text = documented();
    text["extensions"][0]["settings"] = {"in.count=10"};
    text["extensions"][0]["controls"] = {
        {{"without", "trim"}, {"because", "twice"}},
        {{"topology", "other.mill"}, {"settings", {"in.keys=2"}}, {"because", "lost"}}};
    const auto e = read_experiment(text, "/home");
    QVERIFY2(e, e ? "" : e.error().message.c_str());
    QVERIFY(e->trial.without.empty());
    QCOMPARE(e->controls.size(), std::size_t{2});
    const auto& first = e->controls[0];
    QCOMPARE(first.title, "The service survives; control, without trim");
    QCOMPARE(first.trial.without, (std::vector<std::string>{"trim"}));
    QCOMPARE(first.trial.topology, "/home/t.mill");
    QCOMPARE(first.method.size(), e->method.size());
    QCOMPARE(first.trial.expect, "FAIL");
    QCOMPARE(first.trial.because, "twice");
    const auto& second = e->controls[1];
    QCOMPARE(second.trial.topology, "/home/other.mill");
    QCOMPARE(second.trial.settings, (std::vector<std::string>{"in.count=10", "in.keys=2"}));
    QVERIFY(second.trial.without.empty());
    const auto wrong = [&](const json& control) {
      text["extensions"][0]["controls"] = {control};
      const auto read = read_experiment(text, "/home");
      return read ? "none" : read.error().message;
    };
    QVERIFY(wrong({{"without", "luck"}, {"because", "x"}}).starts_with("/extensions/0/controls/0/without: 'luck'"));
    QVERIFY(wrong({{"without", "trim"}}).starts_with("/extensions/0/controls/0: 'because' is missing"));
    QVERIFY(wrong({{"because", "x"}}).starts_with("/extensions/0/controls/0: a control takes something away"));
    QVERIFY(wrong({{"withot", "trim"}, {"because", "x"}}).find("did you mean 'without'?") != std::string::npos);
  }
  void whatGrowsWithoutEndIsRefused() {
    const QTemporaryDir folder;
    const auto path = folder.filePath("e.yaml").toStdString();
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
      const auto before = "*a" + std::to_string(i - 1);
      text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
      for (int n = 0; n < 9; ++n) text += ", " + before;
      text += "]\n";
    }
    std::ofstream{path} << text;
    QVERIFY(!chaos::load_experiment(path));
  }
};

QTEST_GUILESS_MAIN(experiment_test)
#include "experiment_test.moc"
