#include "app/screenshots.hpp"

#include <signal.h>

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QMouseEvent>
#include <QStandardPaths>
#include <functional>

#include "app/main_window.hpp"
#include "app/make_window.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr qint64 stateMsMax = 30'000;

void pumpUntil(const std::function<bool()>& isReached, const char* what) {
  QElapsedTimer waited;
  waited.start();
  while (!isReached()) {
    if (waited.elapsed() > stateMsMax) throw std::runtime_error{what};
    QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents);
  }
}

/// `lanes` chains of source, router, window, filter and sink, up to `count` actors; some sinks are shared.
topology chains(int count) {
  topology t;
  t.name = "nodes-" + std::to_string(count);
  for (int i = 0; static_cast<int>(t.actors.size()) < count; ++i) {
    const auto n = std::to_string(i);
    t.add("orders-" + n, "millrace.generator", {{"rate", 500.0}, {"seed", i}});
    t.add("spread-" + n, "millrace.by_key");
    t.add("sum-" + n, "millrace.window", {{"key", std::string{"key"}}, {"size", std::string{"1s"}}}, 2);
    t.add("large-" + n, "millrace.filter",
          {{"field", std::string{"count"}}, {"value", std::string{"1"}}, {"comparison", std::string{">="}}});
    t.connect("orders-" + n, "spread-" + n).connect("spread-" + n, "sum-" + n).connect("sum-" + n, "large-" + n);
    if (i % 2 == 0) t.add("out-" + n, "millrace.null_sink");
    t.connect("large-" + n, "out-" + std::to_string(i - i % 2));
  }
  return t;
}

topology jammed() {
  topology t;
  t.name = "jammed";
  t.add("orders", "millrace.generator", {{"keys", 5000}});
  t.add("spread", "millrace.by_key");
  t.add("quantiles", "millrace.quantiles",
        {{"key", std::string{"key"}}, {"value", std::string{"value"}}, {"size", std::string{"1s"}}}, 2);
  t.add("out", "millrace.null_sink");
  return t.connect("orders", "spread").connect("spread", "quantiles").connect("quantiles", "out");
}

class Session {
public:
  explicit Session(QString folder) : m_folder{std::move(folder)}, m_window{makeWindow()} {
    m_window->show();
    pumpUntil([this] { return !m_window->catalogueSource().catalogue().isEmpty(); }, "the engine lists no actors");
  }

  void run() {
    shoot("empty");
    edit();
    runCalm();
    lose();
    jam();
    for (const int count : {40, 400}) many(count);
  }

private:
  DocumentTab& tab() { return m_window->current(); }

  void shoot(const char* name) {
    for (const bool isDark : {true, false}) {
      m_window->setDark(isDark);
      for (const int scale : {1, 2}) {
        QCoreApplication::processEvents();
        QPixmap picture{m_window->size() * scale};
        picture.setDevicePixelRatio(scale);
        m_window->render(&picture);
        const auto file =
            QStringLiteral("%1/%2-%3-%4x.png")
                .arg(m_folder, QString::fromLatin1(name), isDark ? QStringLiteral("dark") : QStringLiteral("light"))
                .arg(scale);
        if (!picture.save(file)) throw std::runtime_error{"a picture cannot be written"};
      }
    }
    m_window->setDark(true);
  }

  void open(topology spec) {
    const auto path = m_folder + QLatin1Char('/') + toQt(spec.name) + QStringLiteral(".mill");
    DocumentFile file{1};
    Drawing fragment{std::move(spec), {}};
    std::vector<std::string> added;
    auto renamed = file.document().edit();
    renamed.rename(fragment.spec.name);
    file.document().push(renamed.take({}));
    file.document().push(insertion(file.document(), fragment, {}, {}, added));
    if (!file.save(path)) throw std::runtime_error{"a topology cannot be saved"};
    QFile::remove(DocumentFile::layoutPath(path));  // laid out on opening
    m_window->openFile(path);
    QFile::remove(path);
  }

  void mouse(QEvent::Type type, QPoint at, Qt::MouseButtons buttons) {
    auto* viewport = tab().view().viewport();
    const auto button = type == QEvent::MouseMove ? Qt::NoButton : Qt::LeftButton;
    QMouseEvent event{type, at, viewport->mapToGlobal(at), button, buttons, Qt::NoModifier};
    QCoreApplication::sendEvent(viewport, &event);
  }

  /// A wire in the hand over a port that refuses it, and a parameter that validation complains about.
  void edit() {
    for (const auto* type : {"generator", "window", "file_sink"}) {
      tab().addType(QStringLiteral("millrace.") + QString::fromLatin1(type));
    }
    tab().document().push(parameterChange(tab().document(), "window", "size", param_value{std::string{"soon"}}));
    tab().view().fitAll();
    tab().scene().select({"window"});
    pumpUntil([this] { return tab().validator().isCurrent() && !tab().validator().problems().empty(); },
              "no problem is found");
    const auto from = tab().view().mapFromScene(tab().scene().node("window")->anchorOf("out", true));
    const auto to = tab().view().mapFromScene(tab().scene().node("by_key")->anchorOf("in", false));
    mouse(QEvent::MouseButtonPress, from, Qt::LeftButton);
    mouse(QEvent::MouseMove, to, Qt::LeftButton);
    shoot("type-error");
    mouse(QEvent::MouseButtonRelease, from, Qt::NoButton);
    tab().document().undoStack().undo();
  }

  void waitForRun(double seconds) {
    pumpUntil(
        [&] {
          const auto* run = m_window->engine().figures();
          return run != nullptr && run->isActive() && run->uptimeS > seconds;
        },
        "the topology does not run");
  }

  void runCalm() {
    tab().scene().clearSelection();
    m_window->engine().run();
    waitForRun(8);
    shoot("running");
  }

  void lose() {
    auto& session = m_window->engine().session();
    ::kill(static_cast<pid_t>(session.processId()), SIGSTOP);
    pumpUntil([&] { return session.state() == EngineSession::State::Lost; }, "the engine is not missed");
    shoot("lost");
    ::kill(static_cast<pid_t>(session.processId()), SIGCONT);
    pumpUntil([&] { return session.state() == EngineSession::State::Connected; }, "the engine is not found again");
    m_window->engine().stop();
  }

  void jam() {
    open(jammed());
    m_window->engine().run();
    waitForRun(6);
    tab().scene().select({"orders"});
    shoot("backpressure");
    m_window->engine().stop();
  }

  void many(int count) {
    open(chains(count));
    tab().view().fitAll();
    if (count <= 40) {
      m_window->engine().run();
      waitForRun(4);
    }
    shoot(count == 40 ? "40-nodes" : "400-nodes");
    if (count <= 40) m_window->engine().stop();
  }

  QString m_folder;
  std::unique_ptr<MainWindow> m_window;
};

}  // namespace

int makeScreenshots(const QString& folder) {
  if (!QDir{}.mkpath(folder)) {
    qCritical("the folder %s cannot be made", qPrintable(folder));
    return 1;
  }
  try {
    Session{QFileInfo{folder}.absoluteFilePath()}.run();
  } catch (const std::exception& e) {
    qCritical("screenshots: %s", e.what());
    return 1;
  }
  return 0;
}

}  // namespace millrace::workbench
