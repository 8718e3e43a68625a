// What a frame of the workbench's canvas costs: new figures on every node, then all of it painted into a picture.
// Processor time, since the machine may do other things meanwhile. Run by hand: QT_QPA_PLATFORM=offscreen bench_canvas
// [FRAMES]

#include <QApplication>
#include <QPainter>
#include <cstdio>
#include <cstdlib>
#include <ctime>

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
  std::clock_t figuresTime = 0, paintTime = 0;
  for (int i = 0; i < frames; ++i) {
    const auto run = figuresOf(document.spec(), i);
    const auto begin = std::clock();
    scene.showFigures(&run, false);
    const auto shown = std::clock();
    QPainter painter{&picture};
    painter.setRenderHints(view.renderHints());
    view.render(&painter);
    figuresTime += shown - begin;
    paintTime += std::clock() - shown;
    scene.showFigures(nullptr, false);
  }
  const auto ms = [frames](std::clock_t t) { return 1e3 * static_cast<double>(t) / CLOCKS_PER_SEC / frames; };
  std::printf("%5d nodes, zoom %.2f: figures %.2f ms, painting %.2f ms a frame\n", count, view.zoom(), ms(figuresTime),
              ms(paintTime));
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
