#include <QMessageBox>
#include <QTest>
#include <atomic>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <zmq.hpp>

#include "core/text.hpp"
#include "file_size_limit.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

namespace {

constexpr auto pollTime = std::chrono::milliseconds{20};

/// Listens where an engine would, and answers as it is told to.
class FalseEngine {
public:
  enum class Manner { Garbage, OtherVersion, StrangeFigures };

  FalseEngine(const QString& address, Manner manner)
      : m_thread{
            [this, address = toStd(address), manner](const std::stop_token& stop) { serve(stop, address, manner); }} {}
  [[nodiscard]] int answers() const noexcept { return m_answers; }
  [[nodiscard]] bool isListening() const noexcept { return m_isListening; }

private:
  void serve(const std::stop_token& stop, const std::string& address, Manner manner) {
    zmq::context_t context;
    zmq::socket_t socket{context, zmq::socket_type::router};
    socket.set(zmq::sockopt::linger, 0);
    socket.bind(address);
    m_isListening = true;
    std::mt19937 random{17};
    while (!stop.stop_requested()) {
      zmq::pollitem_t item{socket.handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, pollTime);
      if ((item.revents & ZMQ_POLLIN) == 0) continue;
      zmq::message_t peer, body;
      if (!socket.recv(peer) || !socket.recv(body)) continue;
      const auto* bytes = static_cast<const std::uint8_t*>(body.data());
      const auto request = nlohmann::json::from_msgpack(bytes, bytes + body.size(), true, false);
      const auto answers = answersTo(request, manner, random);
      for (const auto& answer : answers) {
        socket.send(zmq::buffer(peer.data(), peer.size()), zmq::send_flags::sndmore);
        socket.send(zmq::buffer(answer), zmq::send_flags::none);
        ++m_answers;
      }
    }
  }

  static std::vector<std::vector<std::uint8_t>> answersTo(const nlohmann::json& request, Manner manner,
                                                          std::mt19937& random) {
    using nlohmann::json;
    std::vector<std::vector<std::uint8_t>> answers;
    if (manner == Manner::Garbage) {
      for (std::size_t size = 0; size < 40; ++size) {
        std::vector<std::uint8_t> noise(size * size);
        for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
        answers.push_back(std::move(noise));
      }
      return answers;
    }
    const auto id = request.is_object() ? request.value("id", 0U) : 0U;
    const auto verb = request.is_object() ? request.value("verb", "") : std::string{};
    if (manner == Manner::OtherVersion) {
      return {json::to_msgpack({{"v", 99}, {"id", id}, {"ok", true}, {"result", json::object()}})};
    }
    const json result = verb == "hello"       ? json{{"v", 1}, {"session", "s"}}
                        : verb == "subscribe" ? json{{"subscription", 1}}
                                              : json::array({"done"});
    answers.push_back(json::to_msgpack({{"v", 1}, {"id", id}, {"ok", true}, {"result", result}}));
    const std::vector<json> strange{json{5}, json{"x", nullptr}, json{{"topology", 7}},
                                    json{{{"topology", "t"}, {"tasks", 3}}},
                                    json{{{"topology", "t"}, {"tasks", {{{"actor", json::array()}}}}}}};
    for (const auto& data : strange) {
      answers.push_back(
          json::to_msgpack({{"v", 1}, {"subscription", 1}, {"topic", "telemetry"}, {"skipped", 0}, {"data", data}}));
    }
    return answers;
  }

  std::atomic<int> m_answers{0};
  std::atomic<bool> m_isListening{false};
  std::jthread m_thread;
};

}  // namespace

/// Whatever the engine or the disk does, the window lives, says so, and goes on editing.
class RobustnessTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() {
    m_place.surround();
    m_address = QStringLiteral("ipc://") + m_place.path(QStringLiteral("false.sock"));
    // In the place of the program: its node is the false engine, everything else the real one.
    const auto program = m_place.path(QStringLiteral("millrace"));
    QFile script{program};
    QVERIFY(script.open(QIODevice::WriteOnly));
    script.write(
        QStringLiteral("#!/bin/sh\n[ \"$1\" = node ] || exec %1 \"$@\"\necho listening on %2\nexec sleep 600\n")
            .arg(QStringLiteral(MILLRACE_COMMAND), m_address)
            .toUtf8());
    script.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    script.close();
    qputenv("MILLRACE_COMMAND", QFile::encodeName(program));
    QVERIFY(m_place.openWindow());
    tab().addTypeAt(QStringLiteral("millrace.generator"), {0, 0});
  }
  void cleanup() { m_place.close(); }

  void garbageFramesAreNoEngine() {
    const FalseEngine engine{m_address, FalseEngine::Manner::Garbage};
    loseAndEdit(engine);
  }

  void anotherVersionIsNamed() {
    const FalseEngine engine{m_address, FalseEngine::Manner::OtherVersion};
    loseAndEdit(engine);
    QVERIFY2(m_place.window().engine().banner()->text().contains(QStringLiteral("version")) ||
                 session().message().contains(QStringLiteral("version")),
             qPrintable(session().message()));
  }

  /// What is run is answered by something else than an object, too.
  void figuresAndAnswersThatCannotBeReadAreLeftOut() {
    const FalseEngine engine{m_address, FalseEngine::Manner::StrangeFigures};
    QTRY_VERIFY_WITH_TIMEOUT(engine.isListening(), patience);
    m_place.window().engine().run();
    QTRY_VERIFY_WITH_TIMEOUT(session().ageMs().has_value(), patience);
    QTRY_COMPARE_WITH_TIMEOUT(session().pendingCommands(), std::size_t{0}, patience);
    QVERIFY(session().deployed(tab().document().spec().name) != nullptr);
    // After them comes nothing: first stale, then lost.
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Lost, patience);
    edit();
  }

  void anEngineThatCannotBeStartedIsSaid() {
    qputenv("MILLRACE_COMMAND", "/no/such/millrace");
    m_place.window().engine().run();
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Lost, patience);
    QVERIFY(!m_place.window().engine().banner()->isHidden());
    edit();
  }

  void anEngineThatDoesNotComeUpIsGivenUp() {
    const auto program = m_place.path(QStringLiteral("stuck"));
    QFile script{program};
    QVERIFY(script.open(QIODevice::WriteOnly));
    script.write("#!/bin/sh\nprintf 'a plugin ' >&2\nprintf 'hangs' >&2\nexec sleep 600\n");
    script.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    script.close();
    qputenv("MILLRACE_COMMAND", QFile::encodeName(program));
    m_place.window().engine().run();
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Lost, patience);
    QVERIFY2(session().message().contains(QStringLiteral("did not come up")), qPrintable(session().message()));
    // Its last words, whole.
    const auto* log = m_place.window().engine().log();
    QTRY_VERIFY_WITH_TIMEOUT(log->toPlainText().contains(QStringLiteral("a plugin hangs")), patience);
    edit();
  }

  void aFullDiskOnSavingIsSaidAndNothingIsLost() {
    const auto path = m_place.path(QStringLiteral("kept.mill"));
    QVERIFY(tab().file().save(path).has_value());
    QFile file{path};
    QVERIFY(file.open(QIODevice::ReadOnly));
    const auto before = file.readAll();
    edit();
    QString said;
    QTimer answer;
    connect(&answer, &QTimer::timeout, this, [&said] {
      if (auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget())) {
        said = box->text();
        box->accept();
      }
    });
    answer.start(10);
    bool isSaved = true;
    {
      const support::file_size_limit full{16};
      isSaved = m_place.window().save();
    }
    QVERIFY(!isSaved);
    QVERIFY2(said.contains(QStringLiteral("make room")), qPrintable(said));
    QVERIFY(tab().document().isModified());
    file.seek(0);
    QCOMPARE(file.readAll(), before);
    QVERIFY(m_place.window().save());
    QVERIFY(!tab().document().isModified());
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] EngineSession& session() const { return m_place.session(); }

  void loseAndEdit(const FalseEngine& engine) {
    QTRY_VERIFY_WITH_TIMEOUT(engine.isListening(), patience);
    m_place.window().engine().run();
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Lost, patience);
    QVERIFY(engine.answers() > 0);
    QVERIFY(m_place.window().engine().banner()->text().contains(QStringLiteral("Engine lost")));
    edit();
  }
  void edit() {
    const auto actors = tab().document().spec().actors.size();
    tab().addTypeAt(QStringLiteral("millrace.null_sink"), {400, 0});
    QCOMPARE(tab().document().spec().actors.size(), actors + 1);
    tab().document().undoStack().undo();
    QCOMPARE(tab().document().spec().actors.size(), actors);
    tab().document().undoStack().redo();
  }

  QString m_address;
  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::RobustnessTest)
#include "robustness_test.moc"
