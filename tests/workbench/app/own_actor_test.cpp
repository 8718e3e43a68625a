#include <QDir>
#include <QProcess>
#include <QPushButton>
#include <QTest>

#include "core/text.hpp"
#include "engine_witness.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

namespace {

/// Compilers on a machine with other work.
constexpr int compiling = 150'000;

QPushButton* button(QWidget& panel, const char* words) {
  for (auto* button : panel.findChildren<QPushButton*>()) {
    if (button->text().remove(QLatin1Char('&')) == QLatin1String(words)) return button;
  }
  return nullptr;
}

}  // namespace

/// Journey 8: an actor of one's own in C++, from the template to a run.
class OwnActorTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void initTestCase() {
    // Headers and libraries as the package millrace-dev has them.
    QProcess install;
    install.start(QStringLiteral("cmake"),
                  {QStringLiteral("--install"), QStringLiteral(MILLRACE_BUILD_FOLDER), QStringLiteral("--component"),
                   QStringLiteral("development"), QStringLiteral("--prefix"), m_prefix.path()});
    QVERIFY(install.waitForFinished(patience));
    QVERIFY2(install.exitCode() == 0, install.readAllStandardError());
    qputenv("CMAKE_PREFIX_PATH", QFile::encodeName(m_prefix.path()));
  }
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void anActorIsWrittenBuiltAndRun() {
    // Something runs already, and is to go on.
    topology other;
    other.name = "other";
    other.settings.snapshot_interval = std::chrono::milliseconds{300};
    other.add("events", "millrace.generator", {{"rate", 100.0}});
    other.add("out", "millrace.null_sink");
    QVERIFY(m_place.run(other.connect("events", "out")));
    const auto process = session().processId();

    testing::User user;
    m_place.window().raisePanel(QStringLiteral("Own actors"));
    panel().name().setFocus();
    user.type("own_mean");
    user.key(Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(panel().editor().toPlainText().contains(QStringLiteral("struct own_mean")), patience);

    // A mistake is shown where it stands.
    const auto good = panel().editor().toPlainText();
    auto bad = good;
    bad.replace(QStringLiteral("const auto n = ++*count;"), QStringLiteral("const auto n = ++*no_such_state;"));
    panel().editor().selectAll();
    panel().editor().insertPlainText(bad);
    user.click(button(panel(), "Build"));
    QTRY_VERIFY_WITH_TIMEOUT(panel().notes().topLevelItemCount() > 0 && !project().isBusy(), compiling);
    auto* note = panel().notes().topLevelItem(0);
    QCOMPARE(note->text(0), QStringLiteral("own_mean.hpp"));
    QVERIFY2(note->text(2).contains(QStringLiteral("no_such_state")), qPrintable(note->text(2)));
    QVERIFY(panel().message().contains(QStringLiteral("cannot be built")));
    QVERIFY(catalogue().find("user.own_mean") == nullptr);
    Q_EMIT panel().notes().itemActivated(note, 0);
    QVERIFY(panel().editor().textCursor().block().text().contains(QStringLiteral("no_such_state")));

    // Mended, it is in the palette, and the engine knows it; what ran goes on.
    panel().editor().selectAll();
    panel().editor().insertPlainText(good);
    user.click(button(panel(), "Build"));
    QTRY_VERIFY_WITH_TIMEOUT(catalogue().find("user.own_mean") != nullptr, compiling);
    QCOMPARE(panel().notes().topLevelItemCount(), 0);
    QVERIFY(panel().progress().value() > 0);
    QCOMPARE(catalogue().find("user.own_mean")->category, std::string{"Mine"});
    QVERIFY(m_place.window().palette().hasType(QStringLiteral("Mine"), QStringLiteral("user.own_mean")));
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Connected && session().processId() != process,
                             patience);
    testing::EngineWitness engine{session().address()};
    QTRY_VERIFY_WITH_TIMEOUT(engine.state("other") == "running", patience);

    // In a topology of its own, by keys.
    m_place.window().newDocument();
    for (const auto* letters : {"gen", "ownmean", "fsi"}) {
      user.key(Qt::Key_Tab);
      user.type(letters);
      user.key(Qt::Key_Return);
    }
    const auto name = m_place.tab().document().spec().name;
    user.key(Qt::Key_F5);
    const auto output = m_place.tab().document().baseFolder() + QStringLiteral("/out/file_sink");
    QTRY_VERIFY_WITH_TIMEOUT(testing::eventsBelow(output).size() > 10, patience);
    QCOMPARE(engine.state(name), std::string{"running"});
    QVERIFY(engine.task(name, "own_mean").value("events_out", 0) > 0);
    QCOMPARE(user.events(), 9 + 2 + (1 + 3 + 1) + (1 + 7 + 1) + (1 + 3 + 1) + 1);
  }

  void whatIsNoNameIsSaid() {
    Q_EMIT panel().makeWanted(QStringLiteral("Own-Actor"), QStringLiteral("sink"));
    QTRY_VERIFY_WITH_TIMEOUT(panel().message().contains(QStringLiteral("is no name for an actor")), patience);
    QVERIFY(!project().isOpen());
  }

  /// Closing the window, and going to another project.
  void whatWasTypedIsKept() {
    Q_EMIT panel().makeWanted(QStringLiteral("own_first"), QStringLiteral("sink"));
    QTRY_VERIFY_WITH_TIMEOUT(project().isOpen() && !project().isBusy(), patience);
    const auto folder = project().folder();
    const auto first = folder + QLatin1Char('/') + project().sources().front();
    panel().editor().appendPlainText(QStringLiteral("// of mine"));
    Q_EMIT panel().makeWanted(QStringLiteral("own_second"), QStringLiteral("sink"));
    QTRY_VERIFY_WITH_TIMEOUT(project().folder() != folder && !project().isBusy(), patience);
    QVERIFY(textOfFile(first).endsWith("// of mine"));
    const auto second = project().folder() + QLatin1Char('/') + project().sources().front();
    panel().editor().appendPlainText(QStringLiteral("// of mine, too"));
    m_place.window().close();
    QVERIFY(textOfFile(second).endsWith("// of mine, too"));
  }

  void aBuildIsGivenUp() {
    Q_EMIT panel().makeWanted(QStringLiteral("own_sink"), QStringLiteral("sink"));
    QTRY_VERIFY_WITH_TIMEOUT(project().isOpen() && !project().isBusy(), patience);
    click("Build");
    QVERIFY(project().isBusy());
    click("Cancel");
    QVERIFY(!project().isBusy());
    QVERIFY(panel().message().contains(QStringLiteral("given up")));
    QVERIFY(!QFile::exists(ActorProject::pluginFolder() + QStringLiteral("/libown_sink.so")));
  }

private:
  [[nodiscard]] EngineSession& session() const { return m_place.session(); }
  [[nodiscard]] OwnActorPanel& panel() const { return *m_place.window().ownActors().panel(); }
  [[nodiscard]] ActorProject& project() const { return m_place.window().ownActors().project(); }
  [[nodiscard]] const ActorCatalogue& catalogue() const { return m_place.window().catalogueSource().catalogue(); }
  [[nodiscard]] static QByteArray textOfFile(const QString& path) {
    QFile file{path};
    return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed() : QByteArray{};
  }
  void click(const char* words) { QTest::mouseClick(button(panel(), words), Qt::LeftButton); }

  QTemporaryDir m_prefix;
  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::OwnActorTest)
#include "own_actor_test.moc"
