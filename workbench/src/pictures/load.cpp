#include "panels/diagnose_panel.hpp"
#include "pictures/picture_session.hpp"

namespace millrace::workbench {
namespace {

void jam(PictureSession& s) {
  s.open(jammed());
  s.window().engine().run();
  s.waitForRun(6);
  s.tab().scene().select({"quantiles"});
  const auto& causes = s.window().engine().diagnosis()->causes();
  PictureSession::askUntil([&] { s.window().engine().diagnose(); }, [&] { return causes.topLevelItemCount() > 0; },
                           "nobody says why");
  s.shoot("backpressure");
  s.window().engine().stop();
}

void manyRunning(PictureSession& s) {
  s.open(chains(40));
  s.tab().view().fitAll();
  s.window().engine().run();
  s.waitForRun(4);
  s.shoot("40-nodes");
  s.window().engine().stop();
}

void veryMany(PictureSession& s) {
  s.open(chains(400));
  s.tab().view().fitAll();
  s.shoot("400-nodes");
}

}  // namespace

void shootLoad(PictureSession& s) {
  jam(s);
  manyRunning(s);
  veryMany(s);
}

}  // namespace millrace::workbench
