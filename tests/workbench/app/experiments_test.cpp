#include <QDir>
#include <QFileInfo>
#include <QProcess>
#include <QTest>
#include <QTimer>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;
using Section = ExperimentSection;

namespace {

QByteArray bytesOf(const QString& path) {
  QFile file{path};
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray{};
}

/// Texts with ' in place of ".
std::string quoted(std::string text) {
  std::ranges::replace(text, '\'', '"');
  return text;
}

}  // namespace

/// Experiments designed, run, followed and reported in the window, against the engine's own command.
class ExperimentsTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() {
    QVERIFY(m_place.open());
    const auto sample = bytesOf(QStringLiteral(MILLRACE_SAMPLES "/chaos/orders.mill"));
    QVERIFY(m_place.write(QStringLiteral("orders.mill"), sample));
    QVERIFY(m_place.window().openFile(m_place.path(QStringLiteral("orders.mill"))));
  }
  void cleanup() { m_place.close(); }

  /// From nothing to a verdict: menus, tree, fields and the file dialog by keys.
  void designedByKeysAloneItIsValidAndPasses() {
    testing::User user;
    user.key(Qt::Key_K, Qt::ControlModifier);
    user.type("new experiment");
    user.key(Qt::Key_Return);
    QVERIFY(panel().tree().hasFocus());
    // How it is judged is the last row.
    user.key(Qt::Key_End);
    QCOMPARE(panel().currentRow(), ExperimentRow{Section::Judgement});
    user.key(Qt::Key_Return);
    tab(user, 1);
    user.type("orders.count=15000");
    tab(user, 3);
    user.type("100ms");
    tab(user, 1);
    user.type("1s");
    tab(user, 4);
    user.key(Qt::Key_Down);  // the output is compared by key
    tab(user, 2);
    user.type("orders.rate=0");
    user.key(Qt::Key_Escape);
    QVERIFY(panel().tree().hasFocus());
    const auto& root = experiments().document()->root();
    QCOMPARE(root["extensions"][0]["oracle"].dump(),
             quoted("{'order':'by_key','key':'key','settings':['orders.rate=0']}"));
    QCOMPARE(root["extensions"][0]["settings"].dump(), quoted("['orders.count=15000']"));
    QCOMPARE(root["extensions"][0]["warm_up"].dump() + root["extensions"][0]["baseline"].dump(), quoted("'100ms''1s'"));
    // The fault: another target.
    user.key(Qt::Key_Home);
    for (int i = 0; i < 5; ++i) user.key(Qt::Key_Down);
    QCOMPARE(panel().currentRow(), (ExperimentRow{Section::Method, 0}));
    user.key(Qt::Key_Return);
    tab(user, 2);
    user.key(Qt::Key_A, Qt::ControlModifier);
    user.type("totals/1");
    user.key(Qt::Key_Escape);
    // A probe behind it, from the menu.
    user.key(Qt::Key_Insert);
    user.key(Qt::Key_Down);
    user.key(Qt::Key_Down);
    user.key(Qt::Key_Return);
    QCOMPARE(panel().currentRow(), (ExperimentRow{Section::Method, 1}));
    user.key(Qt::Key_A, Qt::ControlModifier);
    user.type("still-running");
    user.key(Qt::Key_Escape);
    user.key(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(root["method"][1]["name"].get<std::string>(), std::string{"is-running"});
    user.key(Qt::Key_Y, Qt::ControlModifier);
    QCOMPARE(root["method"][1]["name"].get<std::string>(), std::string{"still-running"});
    QCOMPARE(root["method"][0]["provider"]["arguments"].dump(),
             quoted("['chaos','inject','orders','kill','--target','totals/1']"));

    const auto path = m_place.path(QStringLiteral("designed.json"));
    answerDialog([&] {
      user.key(Qt::Key_A, Qt::ControlModifier);
      user.type(path.toUtf8().constData());
      user.key(Qt::Key_Return);
    });
    user.key(Qt::Key_S, Qt::ControlModifier);
    // Without a window manager nobody gives the keyboard back.
    m_place.window().activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&m_place.window()));
    QVERIFY(QFileInfo::exists(path));
    QVERIFY(!experiments().document()->isModified());
    QCOMPARE(validate(path), 0);

    user.key(Qt::Key_F5);
    const auto& report = runToItsEnd();
    QVERIFY2(report.is_object(), qPrintable(m_errors));
    // How fast it was says nothing on a machine with other work; all else does.
    const auto verdict = report.at("verdict").get<std::string>();
    QVERIFY2(verdict == "PASS" || verdict == "DEGRADED", report.dump().c_str());
    QVERIFY(report.at("output").at("expected") > 100);
    QCOMPARE(report.at("output").at("lost").get<int>() + report.at("output").at("duplicated").get<int>(), 0);
    QVERIFY(report.at("faults").at(0).at("hits") > 0);
    reportsAreSaved();
  }

  void whileItRunsThePhasesAreSeenAndCancelRollsBack() {
    auto root = newExperiment({m_place.tab().document().spec(), m_place.tab().document().path()});
    root["method"][0]["pauses"]["after"] = 600;
    root["extensions"][0]["settings"] = {"orders.count=1000000"};
    root["extensions"][0]["oracle"] = false;
    root["extensions"][0]["warm_up"] = "10ms";
    root["extensions"][0]["baseline"] = "300ms";
    QVERIFY(m_place.write(QStringLiteral("long.json"), QByteArray::fromStdString(root.dump())));
    experiments().runFile(m_place.path(QStringLiteral("long.json")));
    const auto& progress = experiments().running().progress();
    const auto isIn = [&](const char* name) {
      return progress.present() && progress.phases()[*progress.present()].name == QLatin1String(name);
    };
    QTRY_VERIFY_WITH_TIMEOUT(isIn("fault"), patience);
    QTRY_VERIFY_WITH_TIMEOUT(stepIs(QStringLiteral("action inject-kill"), QStringLiteral("succeeded")), patience);
    QCOMPARE(progress.phases().size(), std::size_t{5});
    QVERIFY(progress.phases()[0].endedS && progress.phases()[1].endedS && !progress.phases()[2].endedS);
    QCOMPARE(*progress.phases()[2].expectedS, 600.0);
    auto* timeline = card().findChild<QWidget*>(QStringLiteral("timeline"));
    QVERIFY(timeline != nullptr && timeline->isVisibleTo(&card()));
    QVERIFY2(timeline->accessibleDescription().startsWith(QLatin1String("fault, 3 of 5")),
             qPrintable(timeline->accessibleDescription()));
    // The second one is refused, and not forgotten to be told.
    experiments().runFile(m_place.path(QStringLiteral("long.json")));
    press(QStringLiteral("Cancel"));
    const auto& report = runToItsEnd();
    QCOMPARE(report.at("verdict").get<std::string>(), std::string{"ABORTED"});
    QVERIFY(card().verdict().contains(QStringLiteral("ABORTED")));
    QVERIFY(stepIs(QStringLiteral("action clear-all-faults"), QStringLiteral("succeeded")));
  }

  void mistakesAreShownWhereTheyAre() {
    experiments().makeNew();
    auto& document = *experiments().document();
    QTRY_VERIFY_WITH_TIMEOUT(experiments().check().isCurrent(), patience);
    QVERIFY(panel().notice().isEmpty());
    document.set(QStringLiteral("wrong"), "/method/0/pauses/after", "soon");
    QTRY_VERIFY_WITH_TIMEOUT(!panel().notice().isEmpty(), patience);
    QVERIFY2(panel().notice().contains(QStringLiteral("a number is wanted here")), qPrintable(panel().notice()));
    QVERIFY(!panel().model().problemOf({Section::Method, 0}).isEmpty());
    document.undoStack().undo();
    QTRY_VERIFY_WITH_TIMEOUT(panel().notice().isEmpty(), patience);
    QVERIFY(panel().model().problemOf({Section::Method, 0}).isEmpty());
  }

  void yamlThatCannotBeKeptIsToldOfBeforeItIsSaved() {
    auto sample = bytesOf(QStringLiteral(MILLRACE_SAMPLES "/chaos/kill.yaml"));
    QVERIFY(m_place.write(QStringLiteral("plain.yaml"), sample));
    QVERIFY(experiments().open(m_place.path(QStringLiteral("plain.yaml"))));
    QVERIFY(panel().notice().isEmpty());
    experiments().document()->set(QStringLiteral("title"), "/title", "changed");
    QVERIFY(experiments().save());
    QVERIFY(bytesOf(m_place.path(QStringLiteral("plain.yaml"))).contains("title: changed"));
    QCOMPARE(validate(m_place.path(QStringLiteral("plain.yaml"))), 0);
    QVERIFY(m_place.write(QStringLiteral("noted.yaml"), "# why\n" + sample));
    QVERIFY(experiments().open(m_place.path(QStringLiteral("noted.yaml"))));
    QVERIFY2(panel().notice().contains(QStringLiteral("noted.json")), qPrintable(panel().notice()));
    QVERIFY(experiments().save());
    QCOMPARE(bytesOf(m_place.path(QStringLiteral("noted.yaml"))), "# why\n" + sample);
    QCOMPARE(validate(m_place.path(QStringLiteral("noted.json"))), 0);
  }

  void whatCannotBeRunSaysWhy() {
    const auto text = quoted(
        "{'title': 't', 'description': 'd', 'method': [{'type': 'probe', 'name': 'p', 'provider': "
        "{'type': 'http', 'url': 'http://localhost'}}]}");
    QVERIFY(m_place.write(QStringLiteral("http.json"), QByteArray::fromStdString(text)));
    experiments().runFile(m_place.path(QStringLiteral("http.json")));
    QTRY_VERIFY_WITH_TIMEOUT(!experiments().running().isRunning(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(card().text().contains(QStringLiteral("write it as a process")), patience);
  }

private:
  [[nodiscard]] ExperimentDesk& experiments() const { return m_place.window().experiments(); }
  [[nodiscard]] ExperimentPanel& panel() const { return *experiments().panel(); }
  [[nodiscard]] ChaosPanel& card() const { return *m_place.window().chaos().panel(); }

  static void tab(testing::User& user, int times) {
    for (int i = 0; i < times; ++i) user.key(Qt::Key_Tab);
  }
  /// Done when a dialog has the keyboard; what opens it waits for its end.
  static void answerDialog(std::function<void()> act) {
    QTimer::singleShot(0, qApp, [act = std::move(act)] {
      if (testing::Workplace::waitForDialog()) act();
    });
  }
  void press(const QString& words) {
    for (auto* button : card().findChildren<QPushButton*>()) {
      if (button->isVisibleTo(&card()) && button->text().remove(QLatin1Char('&')) == words) return button->click();
    }
    QFAIL(qPrintable(QStringLiteral("there is no button ") + words));
  }
  [[nodiscard]] bool stepIs(const QString& what, const QString& state) const {
    const auto& steps = experiments().running().progress().steps();
    return std::ranges::any_of(steps, [&](const auto& s) { return s.what == what && s.state == state; });
  }
  static int validate(const QString& path) {
    QProcess process;
    process.start(QStringLiteral(MILLRACE_COMMAND), {QStringLiteral("chaos"), QStringLiteral("validate"), path});
    return process.waitForFinished(patience) ? process.exitCode() : -1;
  }
  const nlohmann::json& runToItsEnd() {
    if (!testing::Workplace::waitFor([this] { return !experiments().running().isRunning(); })) m_errors = card().text();
    if (!experiments().running().progress().isOver()) m_errors = card().text();
    return experiments().running().progress().report();
  }
  void reportsAreSaved() {
    const auto save = [this](const char* name) {
      const auto path = m_place.path(QString::fromLatin1(name));
      return experiments().saveReport(path) ? bytesOf(path) : QByteArray{};
    };
    const auto page = save("report.html");
    QVERIFY(page.contains("<svg") && page.contains("</html>"));
    QVERIFY(nlohmann::json::parse(save("report.json").toStdString()).contains("verdict"));
    QVERIFY(nlohmann::json::parse(save("report.journal.json").toStdString()).contains("chaoslib-version"));
    const auto text = save("report.txt");
    QVERIFY2(text.startsWith("PASS") || text.startsWith("DEGRADED"), text);
  }

  testing::Workplace m_place;
  QString m_errors;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::ExperimentsTest)
#include "experiments_test.moc"
