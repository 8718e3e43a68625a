// What a frame of the workbench's canvas costs: new figures on every node, then all of it painted into a picture.
// Run by hand: QT_QPA_PLATFORM=offscreen bench_canvas [FRAMES]

#include <QApplication>
#include <QElapsedTimer>
#include <QPainter>
#include <cstdio>
#include <cstdlib>

#include "canvas/canvas_view.hpp"
#include "canvas/theme.hpp"
#include "core/layered_layout.hpp"

namespace {

using namespace millrace::workbench;

Drawing drawingOf(int count) {
  Drawing drawing;
  drawing.spec.name = "bench";
  for (int i = 0; i < count; ++i) {
    drawing.spec.add("node-" + std::to_string(i), "bench.type");
    if (i >= 8) drawing.spec.connect("node-" + std::to_string(i - 8 + i % 3), "node-" + std::to_string(i));
  }
  drawing.layout.places = layeredLayout(drawing.spec);
  return drawing;
}

RunFigures figuresOf(const millrace::topology& spec, int frame) {
  RunFigures run;
  run.state = QStringLiteral("running");
  for (const auto& a : spec.actors) {
    auto& f = run.actors[a.name];
    f.health = static_cast<Health>(frame % 4);
    f.inPerS = 21'000 + frame;
    f.busy = 0.4;
    f.blocked = 0.3;
    f.fill = 0.7;
    f.behindMs = 1200;
    for (std::size_t i = 0; i < Trail::sizeMax; ++i) f.rates.add(static_cast<float>(i % 7 + 20));
  }
  return run;
}

void measure(int count, double zoom, int frames) {
  Document document{drawingOf(count)};
  const ActorCatalogue catalogue;
  CanvasScene scene{document, catalogue};
  CanvasView view{scene};
  view.resize(1400, 800);
  view.fitAll();
  if (zoom > 0) view.zoomTo(zoom);
  QImage picture{view.size(), QImage::Format_RGB32};
  QElapsedTimer clock;
  qint64 figuresNs = 0, paintNs = 0;
  for (int i = 0; i < frames; ++i) {
    const auto run = figuresOf(document.spec(), i);
    clock.start();
    scene.showFigures(&run, false);
    figuresNs += clock.nsecsElapsed();
    clock.start();
    QPainter painter{&picture};
    painter.setRenderHints(view.renderHints());
    view.render(&painter);
    paintNs += clock.nsecsElapsed();
    scene.showFigures(nullptr, false);
  }
  std::printf("%5d nodes, zoom %.2f: figures %.2f ms, painting %.2f ms a frame\n", count, view.zoom(),
              static_cast<double>(figuresNs) / 1e6 / frames, static_cast<double>(paintNs) / 1e6 / frames);
}

}  // namespace

int main(int argc, char** argv) {
  QApplication app{argc, argv};
  if (!setUpLooks(app, true)) return 1;
  const int frames = argc > 1 ? std::max(1, std::atoi(argv[1])) : 50;
  for (const int count : {3, 40, 400, 2000}) measure(count, 0, frames);
  measure(400, 1, frames);
  return 0;
}
