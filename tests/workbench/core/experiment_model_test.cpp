// Parts, fields and the tree of an experiment.
#include "core/experiment_model.hpp"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>
#include <algorithm>

#include "core/call_arguments.hpp"
#include "core/experiment_fields.hpp"
#include "core/experiment_progress.hpp"

namespace millrace::workbench {
namespace {

using Json = nlohmann::ordered_json;
using Section = ExperimentSection;

/// Texts with ' in place of ".
std::string quoted(std::string text) {
  std::ranges::replace(text, '\'', '"');
  return text;
}

void tell(ExperimentProgress& p, const char* line) {
  p.take(QString::fromStdString(quoted(line)));
}

topology orders() {
  topology t;
  t.name = "orders";
  t.add("orders", "millrace.generator", {{"rate", 1000.0}});
  t.add("by_key", "millrace.by_key");
  t.add("sum", "millrace.window", {}, 2);
  t.add("out", "millrace.file_sink");
  return t.connect("orders", "by_key").connect("by_key", "sum").connect("sum", "out");
}

Json fresh() {
  return newExperiment({orders(), QStringLiteral("/tmp/orders.mill")});
}

const ExperimentField& fieldOf(const std::vector<ExperimentField>& fields, const std::string& label) {
  for (const auto& f : fields) {
    auto plain = f.label;
    std::erase(plain, '&');
    if (plain == label) return f;
  }
  qFatal("there is no field %s", label.c_str());
}

/// Types something into a field of a row, as the form does.
std::string put(Json& root, ExperimentRow row, const std::string& label, const std::optional<param_value>& value) {
  const auto fields = fieldsOf(root, row, orders());
  auto edited = editedValue(root, row);
  auto wrong = fieldOf(fields, label).put(edited, value);
  const auto pointer = row.section == Section::Configuration ? "/configuration" : pointerOf(root, row);
  if (wrong.empty()) root[Json::json_pointer{pointer}] = edited;
  return wrong;
}

std::string line(const Json& activity) {
  return lineOf(activity["provider"]["arguments"]);
}

}  // namespace

class ExperimentModelTest : public QObject {
  Q_OBJECT

  /// Shows each row, and empties and fills each field of it. How many edits were taken.
  static int editAll(const Json& root) {
    int edits = 0;
    for (int s = 0; s < experimentSections; ++s) {
      const auto section = static_cast<Section>(s);
      for (int item = -1; item < itemCount(root, section); ++item) {
        const ExperimentRow row{section, item};
        (void)titleOf(root, row);
        (void)detailOf(root, row);
        for (const auto& f : fieldsOf(root, row, orders())) {
          auto edited = editedValue(root, row);
          (void)f.put(edited, std::nullopt);
          edited = editedValue(root, row);
          if (f.put(edited, f.info.choices.empty() ? f.value : param_value{f.info.choices.back()}).empty()) ++edits;
        }
      }
    }
    (void)otherPrograms(root);
    return edits;
  }
  /// All places of a value, the value itself among them.
  static std::vector<std::string> placesIn(const Json& value, const std::string& at = {}) {
    std::vector<std::string> all{at};
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        const auto below = placesIn(value[i], at + "/" + std::to_string(i));
        all.insert(all.end(), below.begin(), below.end());
      }
    } else if (value.is_object()) {
      for (const auto& [name, item] : value.items()) {
        const auto below = placesIn(item, at + (Json::json_pointer{} / name).to_string());
        all.insert(all.end(), below.begin(), below.end());
      }
    }
    return all;
  }

private Q_SLOTS:
  /// Whatever stands where something else was expected: all rows are shown and edited, and nothing falls.
  void foreignValuesAreShownAndEdited() {
    auto whole = fresh();
    whole["configuration"] = {{"pace", 5}, {"place", {{"type", "env"}, {"key", "PLACE"}}}};
    whole["method"][0]["pauses"] = {{"before", 1}};
    whole["steady-state-hypothesis"]["probes"][0]["tolerance"] = {{"type", "range"}, {"range", {1, 2}}};
    const std::vector<Json> strangers{Json::array(), Json::array({Json::array()}), Json::object(), nullptr, 7, "x",
                                      false};
    int edits = 0;
    for (const auto& place : placesIn(whole)) {
      if (place.empty()) continue;  // such a file is refused when it is opened
      for (const auto& stranger : strangers) {
        auto root = whole;
        root[Json::json_pointer{place}] = stranger;
        try {
          edits += editAll(root);
        } catch (const std::exception& e) {
          QFAIL((place + " = " + stranger.dump() + ": " + e.what()).c_str());
        }
      }
    }
    QVERIFY(edits > 1000);
  }

  void whatItIsTriedOnIsAProgramToAskAbout() {
    auto root = fresh();
    QVERIFY(otherPrograms(root).isEmpty());
    root["extensions"][0]["program"] = "./mine";
    root["method"][0]["provider"]["path"] = "curl";
    QCOMPARE(otherPrograms(root), (QStringList{QStringLiteral("./mine"), QStringLiteral("curl")}));
  }

  void aNewOneBreaksWhatLiesBetweenAndHasAnEnd() {
    const auto root = fresh();
    QCOMPARE(line(root["method"][0]), std::string{"chaos inject orders kill --target by_key"});
    QCOMPARE(root["extensions"][0]["topology"].get<std::string>(), std::string{"/tmp/orders.mill"});
    QCOMPARE(root["extensions"][0]["settings"].dump(), std::string{"[\"orders.count=20000\"]"});
    QCOMPARE(root["runtime"]["rollbacks"]["strategy"].get<std::string>(), std::string{"always"});
    QCOMPARE(line(root["rollbacks"][0]), std::string{"chaos clear orders"});
  }

  void faultsAreThoseOfTheCatalogueWithTheirRanges() {
    auto root = fresh();
    const ExperimentRow fault{Section::Method, 0};
    QCOMPARE(fieldOf(fieldsOf(root, fault, orders()), "Fault").info.suggestions.size(), chaos::catalogue().size());
    QCOMPARE(put(root, fault, "Fault", std::string{"delay"}), std::string{});
    // Another place, another target, its own parameters, and it lasts.
    QCOMPARE(line(root["method"][0]), std::string{"chaos inject orders delay --with delay_ms=50 --for 2s"});
    QCOMPARE(root["method"][0]["name"].get<std::string>(), std::string{"inject-delay"});
    const auto fields = fieldsOf(root, fault, orders());
    const auto& target = fieldOf(fields, "Target").info.suggestions;
    QCOMPARE(target, (std::vector<std::string>{"orders->by_key", "by_key->sum", "sum->out", "*->*"}));
    QCOMPARE(put(root, fault, "Target", std::string{"by_key->sum"}), std::string{});
    const auto& delay = fieldOf(fields, "delay_ms");
    QCOMPARE(*delay.info.max, 60'000.0);
    QCOMPARE(put(root, fault, "delay_ms", 200.0), std::string{});
    QCOMPARE(put(root, fault, "Lasts", std::string{"500ms"}), std::string{});
    QCOMPARE(put(root, fault, "Hits at most", 3.0), std::string{});
    QCOMPARE(line(root["method"][0]),
             std::string{"chaos inject orders delay --with delay_ms=200 --for 500ms --target by_key->sum --hits 3"});
    QVERIFY(!put(root, fault, "Lasts", std::string{"soon"}).empty());
    QCOMPARE(targetsOf(orders(), chaos::fault_place::task),
             (std::vector<std::string>{"orders", "by_key", "sum", "sum/0", "sum/1", "out", "*"}));
    QCOMPARE(targetsOf(orders(), chaos::fault_place::producer), (std::vector<std::string>{"orders", "*"}));
  }

  void everyKindOfFaultCanBeChosen() {
    for (const auto& kind : chaos::catalogue()) {
      auto root = fresh();
      QCOMPARE(put(root, {Section::Method, 0}, "Fault", std::string{kind.name}), std::string{});
      QCOMPARE(injectedKind(root["method"][0])->kind, kind.kind);
      for (const auto& p : kind.parameters) QVERIFY(parameterOf(root["method"][0]["provider"]["arguments"], p.name));
    }
  }

  void optionsNobodyKnowsHereStayInACall() {
    Json words{"chaos", "inject", "run", "slow", "--with=delay_ms=5", "--key-file", "k", "--lease=9s", 7};
    QCOMPARE(*parameterOf(words, "delay_ms"), std::string{"5"});
    setParameter(words, "delay_ms", "6");
    setOption(words, "--lease", "8s");
    setOption(words, "--target", "a");
    setOption(words, "--key-file", std::nullopt);
    QCOMPARE(words.dump(), std::string{"[\"chaos\",\"inject\",\"run\",\"slow\",\"--with=delay_ms=6\",\"--lease=8s\",7,"
                                       "\"--target\",\"a\"]"});
    const Json odd{"a b", "", "say \"x\"", 5, "c\\d", "plain"};
    const auto again = argumentsOf(lineOf(odd), odd);
    QVERIFY(again.has_value());
    QCOMPARE(again->dump(), odd.dump());
    QVERIFY(!argumentsOf("a \"b", odd).has_value());
  }

  void tolerancesOfEachKind() {
    auto root = fresh();
    const ExperimentRow probe{Section::Hypothesis, 0};
    const auto tolerance = [&] { return root["steady-state-hypothesis"]["probes"][0]["tolerance"].dump(); };
    QCOMPARE(put(root, probe, "JSON path", std::string{"$.tasks[0].lag_ms"}), std::string{});
    QCOMPARE(put(root, probe, "Expected", std::string{"5"}), std::string{});
    QCOMPARE(put(root, probe, "Count", std::int64_t{1}), std::string{});
    QCOMPARE(tolerance(), quoted("{'type':'jsonpath','path':'$.tasks[0].lag_ms','expect':5,'count':1}"));
    QCOMPARE(put(root, probe, "Expected", std::string{"\"5\""}), std::string{});
    QCOMPARE(root["steady-state-hypothesis"]["probes"][0]["tolerance"]["expect"].dump(), std::string{"\"5\""});
    QCOMPARE(put(root, probe, "Tolerance is", std::string{"range"}), std::string{});
    QCOMPARE(put(root, probe, "Most", 12.5), std::string{});
    QCOMPARE(put(root, probe, "Looks at", std::string{"status"}), std::string{});
    QCOMPARE(tolerance(), quoted("{'type':'range','range':[0,12.5],'target':'status'}"));
    QVERIFY(!put(root, probe, "Least", std::nullopt).empty());
    QCOMPARE(put(root, probe, "Tolerance is", std::string{"regex"}), std::string{});
    QCOMPARE(put(root, probe, "Matches", std::string{"run.*"}), std::string{});
    QCOMPARE(tolerance(), quoted("{'type':'regex','pattern':'run.*'}"));
    QCOMPARE(put(root, probe, "Tolerance is", std::string{"exactly"}), std::string{});
    QCOMPARE(put(root, probe, "Expected", std::string{"true"}), std::string{});
    QCOMPARE(tolerance(), std::string{"true"});
    // The short form of a range stays short.
    root["steady-state-hypothesis"]["probes"][0]["tolerance"] = {1, 2};
    QCOMPARE(put(root, probe, "Least", -1.0), std::string{});
    QCOMPARE(tolerance(), std::string{"[-1,2]"});
  }

  void theRestOfIt() {
    auto root = fresh();
    QCOMPARE(put(root, {Section::Strategies}, "Steady state", std::string{"continuously"}), std::string{});
    QCOMPARE(put(root, {Section::Strategies}, "Rollbacks", std::nullopt), std::string{});
    QCOMPARE(root["runtime"].dump(), quoted("{'hypothesis':{'strategy':'continuously'}}"));
    QCOMPARE(put(root, {Section::Judgement}, "Output", std::string{"by key"}), std::string{});
    QCOMPARE(put(root, {Section::Judgement}, "Without faults", std::string{"orders.rate=0; a.b=c"}), std::string{});
    QCOMPARE(root["extensions"][0]["oracle"].dump(),
             quoted("{'order':'by_key','key':'key','settings':['orders.rate=0','a.b=c']}"));
    QCOMPARE(put(root, {Section::Judgement}, "Abort after", std::string{"90s"}), std::string{});
    QCOMPARE(root["extensions"][0]["abort"].dump(), quoted("{'after':'90s','restarts':100}"));
    QCOMPARE(put(root, {Section::Judgement}, "Output", std::string{"no"}), std::string{});
    QCOMPARE(root["extensions"][0]["oracle"].dump(), std::string{"false"});
    QCOMPARE(put(root, {Section::Method, 0}, "In the background", true), std::string{});
    QCOMPARE(put(root, {Section::Method, 0}, "Pause after", 2.0), std::string{});
    QCOMPARE(root["method"][0]["pauses"].dump(), quoted("{'after':2}"));
    QCOMPARE(put(root, {Section::Method, 0}, "Pause after", std::nullopt), std::string{});
    QVERIFY(!root["method"][0].contains("pauses"));
    root["configuration"] = {{"a", 1}, {"b", {{"type", "env"}, {"key", "B"}}}, {"c", 3}};
    QCOMPARE(put(root, {Section::Configuration, 1}, "Name", std::string{"bee"}), std::string{});
    QCOMPARE(put(root, {Section::Configuration, 0}, "Value", std::string{"text"}), std::string{});
    QCOMPARE(root["configuration"].dump(), quoted("{'a':'text','bee':{'type':'env','key':'B'},'c':3}"));
    QVERIFY(!put(root, {Section::Configuration, 2}, "Name", std::string{"a"}).empty());
    QVERIFY(!put(root, {Section::About}, "Title", std::string{}).empty());
  }

  void theTopologyIsFoundFromWhereTheExperimentIsSaved() {
    auto root = fresh();
    const auto at = [](const char* path) { return QString::fromLatin1(path); };
    QCOMPARE(*movedTopology(root, {}, at("/tmp")), std::string{"orders.mill"});
    QVERIFY(!movedTopology(root, {}, at("/home/me")));
    root["extensions"][0]["topology"] = "sub/orders.mill";
    QCOMPARE(*movedTopology(root, at("/tmp"), at("/home")), std::string{"/tmp/sub/orders.mill"});
    QCOMPARE(*movedTopology(root, at("/tmp"), at("/tmp/sub")), std::string{"orders.mill"});
    QVERIFY(!movedTopology(root, at("/tmp"), at("/tmp")));
    QVERIFY(!movedTopology(Json::object(), at("/tmp"), at("/home")));
  }

  void theTreeFollowsEveryEdit() {
    ExperimentDocument document{fresh()};
    ExperimentModel model;
    const QAbstractItemModelTester tester{&model, QAbstractItemModelTester::FailureReportingMode::QtTest};
    model.setDocument(&document);
    QCOMPARE(model.rowCount(), experimentSections);
    const auto method = model.indexOf({Section::Method});
    QCOMPARE(model.rowCount(method), 1);
    const QPersistentModelIndex kill{model.indexOf({Section::Method, 0})};
    document.insert(QStringLiteral("add"), "/method", 0, makePart(ExperimentPart::RunningProbe, orders()));
    QCOMPARE(kill.row(), 1);  // the view's place in it moved along
    document.set(QStringLiteral("value"), "/configuration/x", 1);
    document.move(QStringLiteral("move"), "/method", 0, 1);
    document.remove(QStringLiteral("remove"), "/method/0");
    document.remove(QStringLiteral("remove"), "/configuration/x");
    document.remove(QStringLiteral("remove"), "/steady-state-hypothesis");
    document.set(QStringLiteral("odd"), "/rollbacks", "no list");
    QCOMPARE(model.rowCount(model.indexOf({Section::Rollbacks})), 0);
    while (document.undoStack().canUndo()) document.undoStack().undo();
    while (document.undoStack().canRedo()) document.undoStack().redo();
    while (document.undoStack().canUndo()) document.undoStack().undo();
    QVERIFY(model.setData(model.indexOf({Section::Method, 0}), QStringLiteral("broken"), Qt::EditRole));
    QCOMPARE(document.root()["method"][0]["name"].get<std::string>(), std::string{"broken"});
    model.setDocument(nullptr);
    QCOMPARE(model.rowCount(), 0);
  }

  void mistakesAreAtTheRowTheyPointTo() {
    ExperimentDocument document{fresh()};
    ExperimentModel model;
    model.setDocument(&document);
    const QAbstractItemModelTester tester{&model, QAbstractItemModelTester::FailureReportingMode::QtTest};
    QSignalSpy changes{&model, &QAbstractItemModel::dataChanged};
    model.setProblems({{"/method/0/provider/path", QStringLiteral("a text is wanted here")}});
    QVERIFY(!changes.isEmpty());
    QCOMPARE(model.problemOf({Section::Method, 0}), QStringLiteral("a text is wanted here"));
    QVERIFY(model.problemOf({Section::Method}).isEmpty());
    QVERIFY(model.indexOf({Section::Method, 0}).data(ExperimentModel::healthRole).isValid());
    QVERIFY(!model.indexOf({Section::Rollbacks, 0}).data(ExperimentModel::healthRole).isValid());
    const auto& root = document.root();
    QCOMPARE(rowOf(root, "/extensions/0/abort/after"), ExperimentRow{Section::Judgement});
    QCOMPARE(rowOf(root, "/steady-state-hypothesis/title"), ExperimentRow{Section::Hypothesis});
    QCOMPARE(rowOf(root, "/runtime/rollbacks"), ExperimentRow{Section::Strategies});
    QCOMPARE(rowOf(root, "/method"), ExperimentRow{Section::Method});
    QCOMPARE(rowOf(root, ""), ExperimentRow{});
  }

  void programsOtherThanMillraceAreNamed() {
    auto root = fresh();
    QVERIFY(otherPrograms(root).isEmpty());
    QCOMPARE(put(root, {Section::Rollbacks, 0}, "Program", std::string{"rm"}), std::string{});
    QCOMPARE(otherPrograms(root), QStringList{QStringLiteral("rm")});
  }

  void progressIsReadLineByLine() {
    ExperimentProgress p;
    p.take(QStringLiteral("no JSON"));
    tell(p,
         "{'event':'begin','elapsed_ms':0,'title':'t','abort_after_ms':300000,'phases':"
         "[{'name':'oracle'},{'name':'baseline','expected_ms':1500},{'name':'fault','expected_ms':1000},"
         "{'name':'recovery','most_ms':15000}]}");
    QCOMPARE(p.phases().size(), std::size_t{4});
    QVERIFY(!p.present());
    QCOMPARE(p.expectedS(), 2.5);
    tell(p, "{'event':'phase','elapsed_ms':100,'name':'oracle'}");
    tell(p, "{'event':'phase','elapsed_ms':900,'name':'baseline'}");
    QCOMPARE(*p.present(), std::size_t{1});
    QCOMPARE(*p.phases()[0].endedS, 0.9);
    tell(p, "{'event':'phase','elapsed_ms':2400,'name':'fault'}");
    tell(p, "{'event':'activity','elapsed_ms':2500,'name':'k','type':'action','part':'method','state':'begun'}");
    QCOMPARE(p.steps().back().state, QStringLiteral("begun"));
    tell(p, "{'event':'activity','elapsed_ms':2600,'name':'k','type':'action','part':'method','state':'failed'}");
    QCOMPARE(p.steps().size(), std::size_t{1});
    QCOMPARE(p.steps().back().state, QStringLiteral("failed"));
    QVERIFY(p.steps().back().health == Health::Critical);
    tell(p, "{'event':'from the future','elapsed_ms':2700}");
    for (std::size_t i = 0; i < 2 * ExperimentProgress::stepsMax; ++i) {
      tell(p, "{'event':'steady_state','elapsed_ms':2800,'when':'during','is_met':true}");
    }
    QCOMPARE(p.steps().size(), ExperimentProgress::stepsMax);
    QVERIFY(!p.isOver());
    tell(p, "{'event':'verdict','elapsed_ms':3000,'report':{'verdict':'PASS'},'text':'PASS  t\\n'}");
    QVERIFY(p.isOver() && !p.present());
    QCOMPARE(p.report()["verdict"].get<std::string>(), std::string{"PASS"});
    QCOMPARE(p.reportText(), QStringLiteral("PASS  t\n"));
  }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::ExperimentModelTest)
#include "experiment_model_test.moc"
