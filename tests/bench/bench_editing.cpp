// What a person waits for while drawing: from a gesture (keys, mouse) until the frame that shows it is painted, in the
// real window with all its panels. For each gesture the time on the clock and the GUI thread's processor time, median
// and longest; then the longest time the event loop did not come back while validation and the crash journal followed.
// Run by hand: QT_QPA_PLATFORM=offscreen MILLRACE_COMMAND=…/millrace bench_editing [ROUNDS [NODES]]

#include <QAbstractItemModel>
#include <QClipboard>
#include <QLineEdit>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <stdexcept>

#include "app/make_window.hpp"
#include "canvas/theme.hpp"
#include "core/layered_layout.hpp"
#include "core/text.hpp"

namespace {

using namespace millrace::workbench;
using millrace::param_value;
using millrace::stream_spec;

constexpr double waitMsMax = 30'000;
constexpr std::size_t selectedCount = 50;

double msOf(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return 1e3 * static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_nsec);
}

/// Chains of five actors, as large topologies have them, side by side.
millrace::topology chains(int count) {
  millrace::topology t;
  t.name = "bench";
  for (int i = 0; static_cast<int>(t.actors.size()) < count; ++i) {
    const auto n = std::to_string(i);
    t.add("orders-" + n, "millrace.generator", {{"rate", 500.0}, {"seed", i}});
    t.add("spread-" + n, "millrace.by_key");
    t.add("sum-" + n, "millrace.window", {{"key", std::string{"key"}}, {"size", std::string{"1s"}}}, 2);
    t.add("large-" + n, "millrace.filter",
          {{"field", std::string{"count"}}, {"value", std::string{"1"}}, {"comparison", std::string{">="}}});
    t.add("out-" + n, "millrace.null_sink");
    t.connect("orders-" + n, "spread-" + n).connect("spread-" + n, "sum-" + n).connect("sum-" + n, "large-" + n);
    t.connect("large-" + n, "out-" + n);
  }
  return t;
}

/// Sees when a widget is asked to paint itself.
class Frames : public QObject {
public:
  int count = 0;

protected:
  bool eventFilter(QObject* /*watched*/, QEvent* event) override {
    if (event->type() == QEvent::Paint) ++count;
    return false;
  }
};

struct Measured {
  QString gesture;
  std::vector<double> wall, cpu;
};

double middle(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

class Bench {
public:
  explicit Bench(int count) : m_window{makeWindow()} {
    m_window->show();
    m_window->activateWindow();
    waitFor([this] { return !m_window->catalogueSource().catalogue().isEmpty(); }, "the engine lists no actors");
    waitFor([this] { return m_window->isActiveWindow(); }, "the window has not the keyboard");
    const auto path = m_folder.filePath(QStringLiteral("bench.mill"));
    QFile file{path};
    const auto text = to_text(chains(count));
    if (!file.open(QIODevice::WriteOnly) || file.write(text.data(), static_cast<qint64>(text.size())) < 0 ||
        !file.flush() || !m_window->openFile(path)) {
      throw std::runtime_error{"the topology cannot be opened"};
    }
    tab().view().viewport()->installEventFilter(&m_frames);
    tab().view().fitAll();
    tab().setFocus();
  }

  void measure(const char* title, double zoom, int rounds) {
    if (zoom > 0) tab().view().zoomTo(zoom);
    m_zoom = tab().view().zoom();
    settle();
    m_all.clear();
    m_gapAfter = 0;
    for (int i = 0; i < rounds; ++i) round();
    std::printf("%s, %zu wires, zoom %.2f, %d rounds: ms on the clock (median, longest), CPU of the GUI thread\n",
                title, tab().document().spec().streams.size(), tab().view().zoom(), rounds);
    for (const auto& m : m_all) {
      std::printf("  %-34s %7.1f %7.1f   %7.1f %7.1f\n", qPrintable(m.gesture), middle(m.wall),
                  std::ranges::max(m.wall), middle(m.cpu), std::ranges::max(m.cpu));
    }
    std::printf("  %-34s         %7.1f\n", "longest gap afterwards", m_gapAfter);
    std::fflush(stdout);
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_window->current(); }
  [[nodiscard]] QUndoStack& stack() const { return tab().document().undoStack(); }

  static void waitFor(const std::function<bool()>& isReached, const char* what) {
    const auto begin = msOf(CLOCK_MONOTONIC);
    while (!isReached()) {
      if (msOf(CLOCK_MONOTONIC) - begin > waitMsMax) throw std::runtime_error{what};
      QCoreApplication::processEvents(QEventLoop::AllEvents);
      QTest::qSleep(1);
    }
  }

  /// Until validation and the journal have had their turn; how long the event loop was away at most.
  void settle() {
    const auto begin = msOf(CLOCK_MONOTONIC);
    auto quietFrom = begin;
    while (msOf(CLOCK_MONOTONIC) - quietFrom < 600) {  // the journal is written half a second after an edit
      if (msOf(CLOCK_MONOTONIC) - begin > waitMsMax) throw std::runtime_error{"validation does not end"};
      const auto from = msOf(CLOCK_MONOTONIC);
      QCoreApplication::processEvents(QEventLoop::AllEvents);
      m_gapAfter = std::max(m_gapAfter, msOf(CLOCK_MONOTONIC) - from);
      if (!tab().validator().isCurrent()) quietFrom = msOf(CLOCK_MONOTONIC);
      QTest::qSleep(1);
    }
  }

  Measured& entry(const char* gesture) {
    const auto name = QString::fromUtf8(gesture);
    const auto at = std::ranges::find(m_all, name, &Measured::gesture);
    if (at != m_all.end()) return *at;
    m_all.push_back({name, {}, {}});
    return m_all.back();
  }

  /// Carries a gesture out and waits for the frame after it; `isFrame` false: nothing of it is seen on the canvas.
  void time(const char* gesture, const std::function<void()>& act, bool isFrame = true) {
    QCoreApplication::processEvents(QEventLoop::AllEvents);
    const int before = m_frames.count;
    const auto wall = msOf(CLOCK_MONOTONIC), cpu = msOf(CLOCK_THREAD_CPUTIME_ID);
    act();
    do {
      QCoreApplication::processEvents(QEventLoop::AllEvents);
      if (msOf(CLOCK_MONOTONIC) - wall > waitMsMax) throw std::runtime_error{gesture};
    } while (isFrame && m_frames.count == before);
    auto& m = entry(gesture);
    m.wall.push_back(msOf(CLOCK_MONOTONIC) - wall);
    m.cpu.push_back(msOf(CLOCK_THREAD_CPUTIME_ID) - cpu);
  }

  static void key(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
    QTest::keyClick(QApplication::focusWidget(), key, modifiers);
  }
  void expectStep(const char* gesture, int before) const {
    if (stack().index() != before + 1) throw std::runtime_error{std::string{gesture} + ": it is no step of undo"};
  }

  [[nodiscard]] QPoint middleOf(const std::string& actor) const {
    const auto* node = tab().scene().node(actor);
    return tab().view().mapFromScene(node->mapToScene(node->geometry().box().center()));
  }
  void drag(const char* each, const char* drop, QPoint from, QPoint to) {
    auto* viewport = tab().view().viewport();
    const int steps = stack().index();
    QTest::mousePress(viewport, Qt::LeftButton, {}, from);
    for (int i = 1; i <= 8; ++i) {
      const auto at = from + (to - from) * i / 8;
      // A move without a press before it would be one of QTest's own; this one carries the button.
      time(each, [&] {
        QMouseEvent move{QEvent::MouseMove, QPointF{at},    viewport->mapToGlobal(QPointF{at}),
                         Qt::NoButton,      Qt::LeftButton, Qt::NoModifier};
        QCoreApplication::sendEvent(viewport, &move);
      });
    }
    time(drop, [&] { QTest::mouseRelease(viewport, Qt::LeftButton, {}, to); });
    expectStep(drop, steps);
  }

  [[nodiscard]] std::vector<std::string> some() const {
    std::vector<std::string> names;
    for (const auto& a : tab().document().spec().actors) {
      if (names.size() == std::min(selectedCount, tab().document().spec().actors.size())) break;
      names.push_back(a.name);
    }
    return names;
  }

  void typeInto(const char* label, const char* gesture, const QString& text) {
    for (auto* field : m_window->inspector().widget()->findChildren<QLineEdit*>()) {
      if (field->accessibleName() != QLatin1String(label) || !field->isVisible()) continue;
      field->setFocus();
      field->selectAll();
      QTest::keyClicks(field, text);
      const int steps = stack().index();
      time(gesture, [&] { QTest::keyClick(field, Qt::Key_Return); });
      expectStep(gesture, steps);
      return;
    }
    throw std::runtime_error{std::string{"the inspector has no field "} + label};
  }

  /// Every gesture once; in the end the document is what it was.
  void round() {
    const int start = stack().index();
    const auto names = some();
    const auto one = names[7];
    auto* viewport = tab().view().viewport();
    if (tab().view().zoom() >= 1) tab().view().centreOn(one);
    tab().scene().clearSelection();
    tab().setFocus();
    time("click on an actor", [&] { QTest::mouseClick(viewport, Qt::LeftButton, {}, middleOf(one)); });
    drag("drag one: each step", "drag one: let go", middleOf(one), middleOf(one) + QPoint{40, 24});
    time("nudge one", [&] { key(Qt::Key_Right); });
    typeInto("Name", "rename", QStringLiteral("renamed"));
    typeInto("size", "edit a parameter", QStringLiteral("2s"));
    tab().setFocus();

    time(
        "search an actor type: open", [&] { key(Qt::Key_Tab); }, false);
    time(
        "search an actor type: a letter", [&] { key(Qt::Key_F); }, false);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("ilter"));
    int steps = stack().index();
    time("add an actor", [&] { key(Qt::Key_Return); });
    expectStep("add an actor", steps);
    time("undo adding", [&] { key(Qt::Key_Z, Qt::ControlModifier); });
    time("redo adding", [&] { key(Qt::Key_Y, Qt::ControlModifier); });

    tab().scene().select({names[5]});
    if (tab().view().zoom() >= 1) tab().view().centreOn(one);
    time(
        "wire by typing: open", [&] { key(Qt::Key_W); }, false);
    time(
        "wire by typing: a letter", [&] { key(Qt::Key_F); }, false);
    steps = stack().index();
    time("connect", [&] { key(Qt::Key_Return); });
    expectStep("connect", steps);
    tab().scene().selectStream(tab().document().spec().streams.back());
    QCoreApplication::processEvents();
    time("disconnect", [&] { key(Qt::Key_Delete); });

    time(
        "find: open", [&] { key(Qt::Key_F, Qt::ControlModifier); }, false);
    time(
        "find: a letter", [&] { key(Qt::Key_S); }, false);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("um-5"));
    time("find: go there", [&] { key(Qt::Key_Return); });
    restoreView(one);

    auto& rows = m_window->outline().view();
    rows.setFocus();
    rows.setCurrentIndex(rows.model()->index(3, 0));
    time("outline: next row", [&] { QTest::keyClick(&rows, Qt::Key_Down); });
    tab().setFocus();

    tab().scene().clearSelection();
    time("select all", [&] { key(Qt::Key_A, Qt::ControlModifier); });
    time("select nothing", [&] { key(Qt::Key_Escape); });
    many(names);
    stack().setIndex(start);
    settle();
    layOut();
    stack().setIndex(start);
    restoreView(one);
    settle();
  }

  void restoreView(const std::string& one) {
    tab().view().zoomTo(m_zoom);
    if (m_zoom >= 1) {
      tab().view().centreOn(tab().document().spec().find(one) != nullptr ? one : "renamed");
    } else {
      tab().view().fitAll();
    }
  }

  /// What is done to fifty at once.
  void many(const std::vector<std::string>& names) {
    std::vector<std::string> present;
    for (const auto& name : names) {
      if (tab().document().spec().find(name) != nullptr) present.push_back(name);
    }
    time("select 50", [&] { tab().scene().select(present); });
    const auto grip = middleOf(present[7]);
    drag("drag 50: each step", "drag 50: let go", grip, grip + QPoint{-24, 40});
    time("undo moving 50", [&] { key(Qt::Key_Z, Qt::ControlModifier); });
    time("redo moving 50", [&] { key(Qt::Key_Y, Qt::ControlModifier); });
    time(
        "copy 50", [&] { key(Qt::Key_C, Qt::ControlModifier); }, false);
    int steps = stack().index();
    time("paste 50", [&] { key(Qt::Key_V, Qt::ControlModifier); });
    expectStep("paste 50", steps);
    steps = stack().index();
    time("delete 50", [&] { key(Qt::Key_Delete); });
    expectStep("delete 50", steps);
    time("undo deleting 50", [&] { key(Qt::Key_Z, Qt::ControlModifier); });
    tab().scene().select(present);
    steps = stack().index();
    time("group 50", [&] { key(Qt::Key_G); });
    expectStep("group 50", steps);
    time("collapse the group", [&] { key(Qt::Key_E); });
    expectStep("collapse the group", steps + 1);
  }

  /// Of this one the longest time the loop was away counts: another process finds the places.
  void layOut() {
    const int steps = stack().index();
    auto& m = entry("auto layout: longest gap");
    double wall = 0, cpu = 0;
    const auto turn = [&](const std::function<void()>& act) {
      const auto w = msOf(CLOCK_MONOTONIC), c = msOf(CLOCK_THREAD_CPUTIME_ID);
      act();
      wall = std::max(wall, msOf(CLOCK_MONOTONIC) - w);
      cpu = std::max(cpu, msOf(CLOCK_THREAD_CPUTIME_ID) - c);
    };
    turn([&] { key(Qt::Key_L, Qt::ControlModifier | Qt::ShiftModifier); });
    const auto begin = msOf(CLOCK_MONOTONIC);
    double doneAt = 0;
    while (doneAt == 0 || msOf(CLOCK_MONOTONIC) - doneAt < 50) {
      if (msOf(CLOCK_MONOTONIC) - begin > waitMsMax) throw std::runtime_error{"the layout does not come"};
      turn([] { QCoreApplication::processEvents(QEventLoop::AllEvents); });
      if (doneAt == 0 && stack().index() != steps) doneAt = msOf(CLOCK_MONOTONIC);
      QTest::qSleep(1);
    }
    m.wall.push_back(wall);
    m.cpu.push_back(cpu);
    auto& whole = entry("auto layout: until it is there");
    whole.wall.push_back(doneAt - begin);
    whole.cpu.push_back(cpu);
  }

  QTemporaryDir m_folder;
  std::unique_ptr<MainWindow> m_window;
  Frames m_frames;
  std::vector<Measured> m_all;
  double m_gapAfter = 0;
  double m_zoom = 0;
};

}  // namespace

int main(int argc, char** argv) {
  QApplication app{argc, argv};
  if (!setUpLooks(app, true)) return 1;
  // Nobody's own settings, and no journal of theirs.
  const QTemporaryDir home;
  qputenv("XDG_CONFIG_HOME", QFile::encodeName(home.filePath(QStringLiteral("config"))));
  qputenv("XDG_DATA_HOME", QFile::encodeName(home.filePath(QStringLiteral("data"))));
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 30;
  const int only = argc > 2 ? std::atoi(argv[2]) : 0;
  try {
    for (const auto& [count, zoom] : {std::pair{40, 0.0}, {400, 0.0}, {400, 1.0}}) {
      if (only != 0 && only != count) continue;
      Bench bench{count};
      bench.measure((std::to_string(count) + " actors").c_str(), zoom, rounds);
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_editing: %s\n", e.what());
    return 1;
  }
  return 0;
}
