#include <signal.h>

#include <QComboBox>
#include <stdexcept>

#include "core/topology_edits.hpp"
#include "pictures/picture_session.hpp"

namespace millrace::workbench {
namespace {

void runCalm(PictureSession& s) {
  s.draw({"generator", "window", "file_sink"});
  s.tab().view().fitAll();
  s.tab().scene().clearSelection();
  s.window().engine().run();
  s.waitForRun(8);
  s.shoot("running");
}

/// One actor more, one changed and one gone since it was deployed.
void differ(PictureSession& s) {
  auto& stack = s.tab().document().undoStack();
  const int steps = stack.index();
  s.tab().addTypeAt(QStringLiteral("millrace.null_sink"), {520, 240});
  s.tab().document().push(parallelismChange(s.tab().document(), "window", 4));
  s.tab().document().push(removal(s.tab().document(), {"file_sink"}, {}));
  s.tab().scene().clearSelection();
  s.window().engine().setDifferencesShown(true);
  s.tab().view().fitAll();
  s.shoot("differences");
  s.window().engine().setDifferencesShown(false);
  stack.setIndex(steps);
  s.tab().view().fitAll();
  PictureSession::pumpUntil([&s] { return s.tab().validator().isCurrent(); }, "it is not checked again");
}

void charts(PictureSession& s) {
  s.window().arrange(MainWindow::Arrangement::Observe);
  const auto look = [&](int view) {
    for (auto* box : s.window().findChildren<QComboBox*>()) {
      if (box->accessibleName() == QLatin1String("What is shown")) box->setCurrentIndex(view);
    }
  };
  for (const auto& [view, name] : {std::pair{0, "charts"}, {1, "heat-map"}, {2, "watermarks"}}) {
    look(view);
    s.waitForMore(0.3);
    s.shoot(name);
  }
  look(0);
}

/// A fault at work, then what came of it.
void strike(PictureSession& s) {
  s.window().arrange(MainWindow::Arrangement::Chaos);
  s.tab().scene().select({"window"});
  s.window().chaos().inject();
  Q_EMIT s.tab().faultChosen(QStringLiteral("slow"));
  s.tab().setFocus();
  PictureSession::pumpUntil([&s] { return s.tab().scene().node("window")->content().isFaulty; },
                            "the fault is not seen");
  s.shoot("chaos");
  PictureSession::pumpUntil([&s] { return !s.window().chaos().panel()->verdict().isEmpty(); }, "there is no verdict",
                            PictureSession::verdictMsMax);
  s.tab().setFocus();
  s.window().raisePanel(QStringLiteral("Metrics"));
  s.waitForMore(0.3);
  s.shoot("fault-band");
  s.window().raisePanel(QStringLiteral("Chaos"));
  s.shoot("verdict");
  s.window().arrange(MainWindow::Arrangement::Build);
  s.tab().scene().clearSelection();
}

void lose(PictureSession& s) {
  auto& session = s.window().engine().session();
  const auto engine = static_cast<pid_t>(session.processId());
  if (engine <= 0) throw std::runtime_error{"there is no engine"};
  ::kill(engine, SIGSTOP);
  PictureSession::pumpUntil([&] { return session.state() == EngineSession::State::Lost; }, "the engine is not missed");
  s.shoot("lost");
  ::kill(engine, SIGCONT);
  PictureSession::pumpUntil([&] { return session.state() == EngineSession::State::Connected; },
                            "the engine is not found again");
  s.window().engine().stop();
}

}  // namespace

void shootRunning(PictureSession& s) {
  runCalm(s);
  differ(s);
  charts(s);
  strike(s);
  lose(s);
}

}  // namespace millrace::workbench
