// Hours of watching in minutes: figures of a run as an engine sends them ten times a second are read, remembered, shown
// on the canvas, in the outline and in the charts, and painted now and then. Prints the memory of the process by the
// simulated hour, what a figure and a frame cost, and the longest the window was busy at a stretch.
//
// Run by hand: QT_QPA_PLATFORM=offscreen bench_watch [HOURS [ACTORS]]. Exit code 1: memory grew after the first hours.

#include <QApplication>
#include <QFile>
#include <QPixmap>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <vector>

#include "canvas/canvas_view.hpp"
#include "canvas/theme.hpp"
#include "charts/charts_panel.hpp"
#include "core/layered_layout.hpp"
#include "core/outline_model.hpp"

namespace {

using namespace millrace::workbench;
using nlohmann::json;

constexpr int figuresPerS = 10;
constexpr int framesEvery = 200;
/// Until then buffers of eight hours fill; what is allocated then, stays.
constexpr double growthMax = 1.03;

Drawing drawingOf(int count) {
  Drawing drawing;
  drawing.spec.name = "watched";
  for (int i = 0; i < count; ++i) {
    drawing.spec.add("node-" + std::to_string(i), "bench.type");
    if (i >= 8) drawing.spec.connect("node-" + std::to_string(i - 8 + i % 3), "node-" + std::to_string(i));
  }
  drawing.layout.places = layeredLayout(drawing.spec);
  return drawing;
}

json statusOf(const Drawing& drawing) {
  auto tasks = json::array();
  int i = 0;
  for (const auto& actor : drawing.spec.actors) {
    const char* kind = i < 8 ? "producer" : i % 5 == 0 ? "sink" : "processor";
    tasks.push_back({{"actor", actor.name},
                     {"kind", kind},
                     {"state", "running"},
                     {"in_per_s", i < 8 ? 0 : 900 + i},
                     {"out_per_s", 900 + i},
                     {"busy_share", 0.4},
                     {"blocked_share", 0.1},
                     {"credit_window", 1024},
                     {"credit_used", 100},
                     {"latency_p50_us", 4000},
                     {"latency_p99_us", 9000},
                     {"state_bytes", 65536},
                     {"watermark_ns", 1'790'000'000'000'000'000}});
    ++i;
  }
  return json::array({{{"topology", drawing.spec.name},
                       {"state", "running"},
                       {"uptime_s", 1},
                       {"restarts", 0},
                       {"snapshots", 1},
                       {"snapshot_ms", 12},
                       {"tasks", std::move(tasks)}}});
}

/// Bytes of memory that are really there.
double residentMiB() {
  QFile file{QStringLiteral("/proc/self/statm")};
  if (!file.open(QIODevice::ReadOnly)) return 0;
  return file.readAll().split(' ').value(1).toDouble() * 4096 / (1 << 20);
}

double cpuMs(std::clock_t t) {
  return 1e3 * static_cast<double>(t) / CLOCKS_PER_SEC;
}

}  // namespace

int main(int argc, char** argv) {
  QApplication app{argc, argv};
  if (!setUpLooks(app, true)) return 1;
  const double hours = argc > 1 ? std::max(0.01, std::atof(argv[1])) : 8;
  const int actors = argc > 2 ? std::clamp(std::atoi(argv[2]), 8, 2000) : 40;
  Document document{drawingOf(actors)};
  const ActorCatalogue catalogue;
  CanvasScene scene{document, catalogue};
  CanvasView view{scene};
  view.resize(1400, 800);
  view.show();
  view.fitAll();
  OutlineModel outline{catalogue};
  outline.setDocument(&document);
  ChartsPanel charts;
  charts.resize(1400, 320);
  charts.setVisible(true);
  RunHistory history;
  std::map<std::string, RunFigures> figures;
  auto status = statusOf(document.drawing());
  const auto total = static_cast<long>(hours * 3600 * figuresPerS);
  const long reportEvery = std::max(1L, total / 16);
  std::clock_t figureTime = 0, frameTime = 0, longest = 0;
  long frames = 0;
  std::vector<double> memory;
  for (long i = 0; i < total; ++i) {
    const auto begin = std::clock();
    auto& run = status[0];
    run["snapshots"] = i / figuresPerS + 1;
    run["restarts"] = i / (figuresPerS * 3600);
    for (auto& task : run["tasks"]) task["busy_share"] = static_cast<double>(i % 97) / 97;
    figures = readFigures(status, figures);
    const auto& now = figures.begin()->second;
    history.add(now, 1.79e9 + static_cast<double>(i) / figuresPerS);
    scene.showFigures(&now, false);
    outline.setFigures(&now);
    figureTime += std::clock() - begin;
    if (i % framesEvery == 0) {
      const auto painted = std::clock();
      charts.show(&history, &now);
      QCoreApplication::processEvents();
      (void)view.grab();
      frameTime += std::clock() - painted;
      ++frames;
    }
    longest = std::max(longest, std::clock() - begin);
    if (i % reportEvery == reportEvery - 1) {
      memory.push_back(residentMiB());
      std::printf("%5.1f h: %6.1f MiB, history %.2f MiB\n", static_cast<double>(i + 1) / figuresPerS / 3600,
                  memory.back(), static_cast<double>(history.bytes()) / (1 << 20));
      std::fflush(stdout);
    }
    // What a figure pointed to goes with the next one.
    scene.showFigures(nullptr, false);
    outline.setFigures(nullptr);
  }
  std::printf(
      "%ld figures of %d actors: %.3f ms each, a frame with charts %.1f ms (processor time); the window was busy "
      "for %.1f ms at most\n",
      total, actors, cpuMs(figureTime) / static_cast<double>(total), cpuMs(frameTime) / static_cast<double>(frames),
      cpuMs(longest));
  const bool isFlat = memory.size() < 8 || memory.back() <= growthMax * memory[memory.size() / 2];
  std::printf("memory is %s over the second half\n", isFlat ? "flat" : "NOT flat");
  return isFlat ? 0 : 1;
}
