#include <QCoreApplication>
#include <QScrollBar>

#include "pictures/picture_session.hpp"

namespace millrace::workbench {

namespace {

/// Tasks that stand at a breakpoint, and what the inspector has about failures.
void shootStanding(PictureSession& s, const stream_spec& wire) {
  auto& window = s.window();
  auto* panel = window.steering().wire();
  const auto* drawn = s.tab().scene().wire(wire);
  panel->setBreakpointOn(wire, QStringLiteral("number % 50 == 0"));
  PictureSession::pumpUntil([&] { return drawn->standing() > 0; }, "nothing stands at the breakpoint");
  s.shoot("breakpoint");
  panel->setBreakpointOn(wire, std::nullopt);
  PictureSession::pumpUntil([&] { return !drawn->hasBreakpoint(); }, "the breakpoint stays");
  s.tab().scene().select({"rule"});
  QCoreApplication::processEvents();
  auto* bar = window.inspector().verticalScrollBar();
  bar->setValue(bar->maximum());
  s.shoot("failure-policy");
}

}  // namespace

void shootSteering(PictureSession& s) {
  auto& window = s.window();
  s.open(ruled());
  window.engine().run();
  s.waitForRun(3);
  window.arrange(MainWindow::Arrangement::Debug);
  const stream_spec wire{"payments", "out", "rule", "in"};
  s.tab().scene().selectStream(wire);
  PictureSession::askUntil(
      [&] {
        if (!window.steering().wire()->isLooking()) window.steering().lookAt(wire);
      },
      [&] { return window.steering().wire()->list().topLevelItemCount() > 20; }, "no records of a wire come");
  s.shoot("wire");
  window.steering().wire()->setLooking(false);
  shootStanding(s, wire);

  auto& letters = *window.steering().letters();
  s.tab().scene().select({"rule"});
  window.steering().showLetters("rule");
  PictureSession::pumpUntil([&] { return letters.list().topLevelItemCount() > 0; }, "no dead letters come");
  letters.list().selectAll();
  s.shoot("dead-letters");

  auto& savepoints = *window.steering().savepoints();
  window.raisePanel(MainWindow::tr("Savepoints"));
  savepoints.takeSavepoint();
  PictureSession::pumpUntil([&] { return savepoints.count() > 0; }, "no savepoint is written");
  s.shoot("savepoints");

  window.raisePanel(MainWindow::tr("Run log"));
  PictureSession::pumpUntil([&] { return window.watch().log()->model().rowCount() > 3; }, "nothing is logged");
  s.shoot("run-log");

  window.chaos().inject();
  Q_EMIT s.tab().faultChosen(QStringLiteral("throw"));
  s.tab().setFocus();
  window.raisePanel(MainWindow::tr("Events"));
  PictureSession::pumpUntil([&] { return window.watch().eventModel().rowCount() > 2; }, "nothing happens");
  // The verdict brings its panel to the front.
  PictureSession::pumpUntil([&] { return !window.chaos().panel()->verdict().isEmpty(); }, "there is no verdict",
                            PictureSession::verdictMsMax);
  window.raisePanel(MainWindow::tr("Events"));
  s.shoot("events");

  s.tab().scene().select({"audit"});
  // What was thrown sends tasks back, and nothing can be asked of a run that is on its way.
  PictureSession::pumpUntil(
      [&] {
        const auto* run = window.engine().figures();
        return run != nullptr && run->state == QLatin1String("running");
      },
      "it does not come back");
  const auto isMuted = [&] {
    const auto* run = window.engine().figures();
    return run != nullptr && run->actors.at("audit").isMuted;
  };
  const auto isPaused = [&] {
    const auto* run = window.engine().figures();
    return run != nullptr && run->isPaused();
  };
  PictureSession::askUntil(
      [&] {
        if (!isMuted()) window.steering().toggleMute();
      },
      isMuted, "it is not muted");
  PictureSession::askUntil(
      [&] {
        if (!isPaused()) window.steering().togglePause();
      },
      isPaused, "it is not paused");
  s.tab().scene().clearSelection();
  s.shoot("paused");
  window.steering().togglePause();
  window.engine().stop();
  window.arrange(MainWindow::Arrangement::Build);
}

}  // namespace millrace::workbench
