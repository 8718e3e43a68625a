#include <QLineEdit>
#include <QTest>
#include <set>

#include "app/example_dialog.hpp"
#include "core/text.hpp"
#include "engine_witness.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

namespace {

/// So many run at a time.
constexpr std::size_t together = 6;
/// What they read is not on every machine, or there is nothing in it.
const std::set<QString> withoutInput{QStringLiteral("actors/journal.mill")};

}  // namespace

/// The gallery: every entry opens, and does what it is there for.
class GalleryTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void anExampleIsFoundByAFewLettersAndRuns() {
    testing::User user;
    user.key(Qt::Key_E, Qt::ControlModifier);
    QVERIFY(m_place.waitForDialog());
    user.type("streaks");
    user.key(Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(m_place.tab().document().spec().name, std::string{"streaks"}, patience);
    QCOMPARE(user.events(), 9);
    m_place.window().engine().run();
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && m_place.figures()->state == QLatin1String("finished"),
                             patience);
    const auto output = m_place.tab().document().baseFolder() + QStringLiteral("/streaks.output");
    QVERIFY(!testing::eventsBelow(output).empty());
  }

  void everyExampleOpensAndRuns() {
    auto waiting = examples(m_place.window().catalogueSource().catalogue());
    QVERIFY(waiting.size() > 50);
    if (!QFile::exists(QStringLiteral("/var/log/dpkg.log"))) {
      std::erase_if(waiting, [](const Example& e) { return e.id.startsWith(QLatin1String("machine_log/")); });
    }
    std::vector<Running> running;
    std::unique_ptr<testing::EngineWitness> engine;
    while (!waiting.empty() || !running.empty()) {
      while (!waiting.empty() && running.size() < together) {
        const auto example = waiting.back();
        waiting.pop_back();
        QVERIFY2(m_place.window().openExample(example), qPrintable(example.id));
        m_place.window().engine().run();
        running.push_back({example.id, m_place.tab().document().spec().name});
      }
      if (engine == nullptr) {
        QTRY_VERIFY_WITH_TIMEOUT(!session().address().isEmpty(), patience);
        engine = std::make_unique<testing::EngineWitness>(session().address());
      }
      std::string problem;
      const auto isAnyDone = [&] {
        return std::erase_if(running, [&](const Running& one) { return isDone(*engine, one, problem); }) != 0 ||
               !problem.empty();
      };
      QVERIFY2(m_place.waitFor(isAnyDone), qPrintable(running.front().id));
      QVERIFY2(problem.empty(), problem.c_str());
    }
    QCOMPARE(m_place.window().engine().banner()->text().contains(QStringLiteral("failed")), false);
  }

  void whatSomebodyChangedIsNotWrittenOver() {
    const auto all = examples(m_place.window().catalogueSource().catalogue());
    const auto root = m_place.path(QStringLiteral("mine"));
    const auto path = unpack(all.front(), root);
    QVERIFY(path.has_value());
    QFile file{*path};
    QVERIFY(file.open(QIODevice::WriteOnly));
    QVERIFY(file.write("changed") == 7);
    file.close();
    QVERIFY(unpack(all.front(), root).has_value());
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), QByteArray{"changed"});
  }

private:
  struct Running {
    QString id;
    std::string topology;
  };

  [[nodiscard]] EngineSession& session() const { return m_place.session(); }

  /// It has ended well, or its sources have given something and it goes on. `problem`: it failed.
  static bool isDone(testing::EngineWitness& engine, const Running& one, std::string& problem) {
    const auto status = engine.ask("status", one.topology);
    const auto state = status.value("state", "");
    if (state == "failed") problem = toStd(one.id) + ": " + status.value("message", "");
    if (state != "finished" && state != "running") return false;
    if (withoutInput.contains(one.id)) return true;
    std::uint64_t given = 0;
    for (const auto& task : status.value("tasks", nlohmann::json::array())) {
      if (task.value("kind", "") == "producer") given += task.value("events_out", std::uint64_t{0});
    }
    return given > 0;
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::GalleryTest)
#include "gallery_test.moc"
