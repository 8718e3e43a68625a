#include "app/screenshots.hpp"

#include <signal.h>

#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QTabWidget>

#include "app/node_pictures.hpp"
#include "app/picture_session.hpp"
#include "app/settings_dialog.hpp"
#include "core/layout_edits.hpp"
#include "core/text.hpp"
#include "panels/diagnose_panel.hpp"

namespace millrace::workbench {
namespace {

class Session : private PictureSession {
public:
  using PictureSession::PictureSession;

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
    shootSteering(*this);
    shootExperiment(*this);
    group();
    settings();
    takeNodePictures(
        window(), folder(),
        {[this](const char* name) { shoot(name); }, [this](QWidget& dialog, const char* name) { shoot(name, dialog); },
         pumpUntil, [this](topology spec) { open(std::move(spec)); }});
    shootBeginning(*this);
    for (const int count : {40, 400}) many(count);
  }

private:
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

  void runCalm() {
    tab().scene().clearSelection();
    window().engine().run();
    waitForRun(8);
    shoot("running");
  }

  /// Lua with a mistake in it.
  void script() {
    window().newDocument();
    tab().addType(QStringLiteral("millrace.generator"));
    tab().addType(QStringLiteral("millrace.map"));
    tab().document().push(parameterChange(
        tab().document(), "map", "set",
        param_value{std::string{"double = value * 2 -- twice\nshare:float64 = double / totl\nname = 'k' .. key"}}));
    tab().view().fitAll();
    tab().scene().select({"map"});
    pumpUntil([this] { return window().script().editor().problem().has_value(); }, "no mistake is found in Lua");
    window().arrange(MainWindow::Arrangement::Debug);
    window().raisePanel(QStringLiteral("Script"));
    shoot("script");
    window().arrange(MainWindow::Arrangement::Build);
    tab().document().undoStack().setClean();
    window().closeTab(1);
  }

  /// One actor more, one changed and one gone since it was deployed.
  void differ() {
    auto& stack = tab().document().undoStack();
    const int steps = stack.index();
    tab().addTypeAt(QStringLiteral("millrace.null_sink"), {520, 240});
    tab().document().push(parallelismChange(tab().document(), "window", 4));
    tab().document().push(removal(tab().document(), {"file_sink"}, {}));
    tab().scene().clearSelection();
    window().engine().setDifferencesShown(true);
    tab().view().fitAll();
    shoot("differences");
    window().engine().setDifferencesShown(false);
    stack.setIndex(steps);
    tab().view().fitAll();
  }

  void charts() {
    window().arrange(MainWindow::Arrangement::Observe);
    for (const auto& [view, name] : {std::pair{0, "charts"}, {1, "heat-map"}, {2, "watermarks"}}) {
      for (auto* box : window().findChildren<QComboBox*>()) {
        if (box->accessibleName() == QLatin1String("What is shown")) box->setCurrentIndex(view);
      }
      waitForMore(0.3);
      shoot(name);
    }
    for (auto* box : window().findChildren<QComboBox*>()) {
      if (box->accessibleName() == QLatin1String("What is shown")) box->setCurrentIndex(0);
    }
  }

  /// A fault at work, then what came of it.
  void chaos() {
    window().arrange(MainWindow::Arrangement::Chaos);
    tab().scene().select({"window"});
    window().chaos().inject();
    Q_EMIT tab().faultChosen(QStringLiteral("slow"));
    tab().setFocus();
    pumpUntil([this] { return tab().scene().node("window")->content().isFaulty; }, "the fault is not seen");
    shoot("chaos");
    pumpUntil([this] { return !window().chaos().panel()->verdict().isEmpty(); }, "there is no verdict");
    tab().setFocus();
    window().raisePanel(QStringLiteral("Metrics"));
    waitForMore(0.3);
    shoot("fault-band");
    window().raisePanel(QStringLiteral("Chaos"));
    shoot("verdict");
    window().arrange(MainWindow::Arrangement::Build);
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
    tab().document().push(collapsing(tab().document(), {"Large orders"}, true));
    tab().document().push(commenting(tab().document(), {0, 480}, "Sizes of windows are those of the old system.", id));
    tab().view().fitAll();
    tab().scene().selectGroup("Intake");
    window().raisePanel(QStringLiteral("Outline"));
    shoot("groups");
    tab().scene().select({"sum-0"});
    window().outline().view().setFocus();
    shoot("outline");
    tab().setFocus();
    window().commands().find(QStringLiteral("View/All commands"))->trigger();
    shoot("commands");
    tab().setFocus();
  }

  void settings() {
    SettingsDialog dialog{window().settings(), window().commands(), &window()};
    dialog.findChild<QTabWidget*>()->setCurrentIndex(1);
    shoot("settings", dialog);
  }

  void lose() {
    auto& session = window().engine().session();
    ::kill(static_cast<pid_t>(session.processId()), SIGSTOP);
    pumpUntil([&] { return session.state() == EngineSession::State::Lost; }, "the engine is not missed");
    shoot("lost");
    ::kill(static_cast<pid_t>(session.processId()), SIGCONT);
    pumpUntil([&] { return session.state() == EngineSession::State::Connected; }, "the engine is not found again");
    window().engine().stop();
  }

  void jam() {
    open(jammed());
    window().engine().run();
    waitForRun(6);
    tab().scene().select({"quantiles"});
    window().engine().diagnose();
    const auto& causes = window().engine().diagnosis()->causes();
    pumpUntil([&] { return causes.topLevelItemCount() > 0; }, "nobody says why");
    shoot("backpressure");
    window().engine().stop();
  }

  void many(int count) {
    open(chains(count));
    tab().view().fitAll();
    if (count <= 40) {
      window().engine().run();
      waitForRun(4);
    }
    shoot(count == 40 ? "40-nodes" : "400-nodes");
    if (count <= 40) window().engine().stop();
  }
};

}  // namespace

int makeScreenshots(const QString& folder) {
  if (!QDir{}.mkpath(folder)) {
    qCritical("the folder %s cannot be made", qPrintable(folder));
    return 1;
  }
  // Pictures do not depend on anybody's settings, nor on what an engine was left with (a topology that was paused stays
  // so), and change none.
  const QTemporaryDir home;
  qputenv("XDG_CONFIG_HOME", QFile::encodeName(home.filePath(QStringLiteral("config"))));
  qputenv("XDG_DATA_HOME", QFile::encodeName(home.filePath(QStringLiteral("data"))));
  try {
    Session{QFileInfo{folder}.absoluteFilePath()}.run();
  } catch (const std::exception& e) {
    qCritical("screenshots: %s", e.what());
    return 1;
  }
  return 0;
}

}  // namespace millrace::workbench
