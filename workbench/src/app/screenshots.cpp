#include "app/screenshots.hpp"

#include <signal.h>

#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QElapsedTimer>
#include <QMouseEvent>
#include <QStandardPaths>
#include <QTabWidget>
#include <QTemporaryDir>
#include <functional>

#include "app/main_window.hpp"
#include "app/make_window.hpp"
#include "app/node_pictures.hpp"
#include "app/settings_dialog.hpp"
#include "core/layout_edits.hpp"
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
    script();
    runCalm();
    differ();
    charts();
    chaos();
    lose();
    jam();
    group();
    settings();
    takeNodePictures(*m_window, m_folder,
                     {[this](const char* name) { shoot(name); },
                      [this](QWidget& dialog, const char* name) { shootDialog(dialog, name); }, pumpUntil,
                      [this](topology spec) { open(std::move(spec)); }});
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
        save(picture, QStringLiteral("%1-%2-%3x")
                          .arg(QString::fromLatin1(name), isDark ? QStringLiteral("dark") : QStringLiteral("light"))
                          .arg(scale));
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

  /// Lua with a mistake in it.
  void script() {
    m_window->newDocument();
    tab().addType(QStringLiteral("millrace.generator"));
    tab().addType(QStringLiteral("millrace.map"));
    tab().document().push(parameterChange(
        tab().document(), "map", "set",
        param_value{std::string{"double = value * 2 -- twice\nshare:float64 = double / totl\nname = 'k' .. key"}}));
    tab().view().fitAll();
    tab().scene().select({"map"});
    pumpUntil([this] { return m_window->script().editor().problem().has_value(); }, "no mistake is found in Lua");
    m_window->arrange(MainWindow::Arrangement::Debug);
    m_window->raisePanel(QStringLiteral("Script"));
    shoot("script");
    m_window->arrange(MainWindow::Arrangement::Build);
    tab().document().undoStack().setClean();
    m_window->closeTab(1);
  }

  /// One actor more, one changed and one gone since it was deployed.
  void differ() {
    auto& stack = tab().document().undoStack();
    const int steps = stack.index();
    tab().addTypeAt(QStringLiteral("millrace.null_sink"), {520, 240});
    tab().document().push(parallelismChange(tab().document(), "window", 4));
    tab().document().push(removal(tab().document(), {"file_sink"}, {}));
    tab().scene().clearSelection();
    m_window->engine().setDifferencesShown(true);
    tab().view().fitAll();
    shoot("differences");
    m_window->engine().setDifferencesShown(false);
    stack.setIndex(steps);
    tab().view().fitAll();
  }

  void charts() {
    m_window->arrange(MainWindow::Arrangement::Observe);
    for (const auto& [view, name] : {std::pair{0, "charts"}, {1, "heat-map"}, {2, "watermarks"}}) {
      for (auto* box : m_window->findChildren<QComboBox*>()) {
        if (box->accessibleName() == QLatin1String("What is shown")) box->setCurrentIndex(view);
      }
      const auto waited = m_window->engine().figures()->uptimeS;
      pumpUntil([&] { return m_window->engine().figures()->uptimeS > waited + 0.3; }, "no figures come");
      shoot(name);
    }
    for (auto* box : m_window->findChildren<QComboBox*>()) {
      if (box->accessibleName() == QLatin1String("What is shown")) box->setCurrentIndex(0);
    }
  }

  /// A fault at work, then what came of it.
  void chaos() {
    m_window->arrange(MainWindow::Arrangement::Chaos);
    tab().scene().select({"window"});
    m_window->chaos().inject();
    Q_EMIT tab().faultChosen(QStringLiteral("slow"));
    pumpUntil([this] { return tab().scene().node("window")->content().isFaulty; }, "the fault is not seen");
    shoot("chaos");
    pumpUntil([this] { return !m_window->chaos().panel()->verdict().isEmpty(); }, "there is no verdict");
    tab().setFocus();
    m_window->raisePanel(QStringLiteral("Metrics"));
    const auto waited = m_window->engine().figures()->uptimeS;
    pumpUntil([&] { return m_window->engine().figures()->uptimeS > waited + 0.3; }, "no figures come");
    shoot("fault-band");
    m_window->raisePanel(QStringLiteral("Chaos"));
    shoot("verdict");
    m_window->arrange(MainWindow::Arrangement::Build);
    tab().scene().clearSelection();
  }

  /// Frames, one of them collapsed, and a comment.
  void group() {
    open(chains(10));
    std::string title, id;
    tab().document().push(grouping(tab().document(), {"orders-0", "spread-0"}, title));
    tab().document().push(*groupRenaming(tab().document(), title, "Intake"));
    tab().document().push(grouping(tab().document(), {"sum-1", "large-1"}, title));
    tab().document().push(*groupRenaming(tab().document(), title, "Large orders"));
    tab().document().push(collapsing(tab().document(), "Large orders", true));
    tab().document().push(commenting(tab().document(), {0, 480}, "Sizes of windows are those of the old system.", id));
    tab().view().fitAll();
    tab().scene().selectGroup("Intake");
    m_window->raisePanel(QStringLiteral("Outline"));
    shoot("groups");
  }

  void settings() {
    SettingsDialog dialog{m_window->settings(), m_window->commands(), m_window.get()};
    dialog.findChild<QTabWidget*>()->setCurrentIndex(1);
    shootDialog(dialog, "settings");
  }

  void shootDialog(QWidget& dialog, const char* name) {
    if (!dialog.isVisible()) dialog.show();
    for (const bool isDark : {true, false}) {
      m_window->setDark(isDark);
      QCoreApplication::processEvents();
      save(dialog.grab(),
           QStringLiteral("%1-%2-1x")
               .arg(QString::fromLatin1(name), isDark ? QStringLiteral("dark") : QStringLiteral("light")));
    }
    m_window->setDark(true);
  }

  void save(const QPixmap& picture, const QString& name) {
    if (!picture.save(QStringLiteral("%1/%2.png").arg(m_folder, name))) {
      throw std::runtime_error{"a picture cannot be written"};
    }
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
  // Pictures do not depend on anybody's settings, and change none.
  const QTemporaryDir config;
  qputenv("XDG_CONFIG_HOME", QFile::encodeName(config.path()));
  try {
    Session{QFileInfo{folder}.absoluteFilePath()}.run();
  } catch (const std::exception& e) {
    qCritical("screenshots: %s", e.what());
    return 1;
  }
  return 0;
}

}  // namespace millrace::workbench
