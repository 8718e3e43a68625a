#include <QSignalSpy>
#include <QTest>

#include "engine/wire_sampler.hpp"
#include "panels/run_log_panel.hpp"
#include "workbench_setup.hpp"

namespace millrace::workbench {

using nlohmann::json;

/// Answers that do not come, or are not what they are expected to be: an engine of another version, another target.
class AnswersTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { m_surroundings.emplace(); }
  void cleanup() { m_surroundings.reset(); }

  void whatIsOfAnotherTypeIsReadAsNothing() {
    RunLogPanel panel;
    json asked;
    connect(&panel, &RunLogPanel::wanted, this, [&](const std::string&, const json& args) { asked = args; });
    panel.show();
    panel.setTopology("orders", {"sum"});
    QTRY_VERIFY(!asked.is_null());
    Command answered;
    answered.verb = "logs";
    answered.args = asked;
    answered.state = Command::State::Done;
    answered.answer = {{"last", "many"},
                       {"records",
                        {{{"text", nullptr}, {"at", 7}, {"level", json::array()}, {"actor", "sum"}, {"partition", "x"}},
                         {{"text", "a text"}, {"at", "2026-03-01T08:00:00Z"}, {"level", "info"}},
                         "no record"}}};
    panel.take(answered);
    QCOMPARE(panel.model().rowCount(), 2);
  }

  /// The answer to what the engine before was asked never comes.
  void aSampleEndsWithItsTarget() {
    EngineSession session;
    session.setTarget(target("one"));
    WireSampler sampler{session};
    QSignalSpy failed{&sampler, &WireSampler::failed};
    const stream_spec wire{"events", "out", "sum", "in"};
    for (int times = 1; times <= 2; ++times) {
      sampler.start("orders", wire);
      QCOMPARE(failed.count(), times - 1);
      session.setTarget(target(times == 1 ? "two" : "three"));
      QCOMPARE(failed.count(), times);
    }
  }

private:
  /// Nobody listens there.
  [[nodiscard]] Target target(const char* name) const {
    return {
        QLatin1String(name), QStringLiteral("ipc://%1/%2").arg(m_surroundings->path({}), QLatin1String(name)), {}, {}};
  }

  std::optional<testing::Surroundings> m_surroundings;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::AnswersTest)
#include "answers_test.moc"
