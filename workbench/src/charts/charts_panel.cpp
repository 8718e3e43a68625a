#include "charts/charts_panel.hpp"

#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QSaveFile>
#include <QScrollArea>
#include <QVBoxLayout>
#include <algorithm>
#include <array>

namespace millrace::workbench {
namespace {

enum View { Lines, Heat, Watermarks };
constexpr std::array spansS{30.0, 120.0, 600.0, 1800.0, 28'800.0};
constexpr int usualSpan = 1;
constexpr double spanLeastS = 20;
constexpr int chartsInRow = 4;

}  // namespace

ChartsPanel::ChartsPanel(QWidget* parent)
    : QWidget{parent},
      m_pages{new QStackedWidget},
      m_notice{new QLabel{tr("no samples yet — press F5")}},
      m_heat{new HeatMap},
      m_watermarks{new WatermarkView} {
  m_charts = makeCharts();
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(8, 4, 8, 4);
  column->setSpacing(2);
  column->addWidget(makeBar());
  column->addWidget(m_pages, 1);
  m_notice->setAlignment(Qt::AlignCenter);
  m_notice->setForegroundRole(QPalette::PlaceholderText);
  for (auto* page : std::initializer_list<QWidget*>{m_notice, m_charts, m_heat, m_watermarks}) m_pages->addWidget(page);
}

QWidget* ChartsPanel::makeBar() {
  auto* bar = new QWidget;
  auto* row = new QHBoxLayout{bar};
  row->setContentsMargins(0, 0, 0, 0);
  m_view = new QComboBox;
  m_view->addItems({tr("Charts"), tr("Heat map"), tr("Watermarks")});
  m_view->setAccessibleName(tr("What is shown"));
  m_span = new QComboBox;
  m_span->addItems({tr("30 s"), tr("2 min"), tr("10 min"), tr("30 min"), tr("8 h")});
  m_span->setCurrentIndex(usualSpan);
  m_span->setAccessibleName(tr("Time range"));
  m_pause = new QPushButton{tr("&Hold still")};
  m_pause->setCheckable(true);
  auto* save = new QPushButton{tr("E&xport …")};
  row->addWidget(m_view);
  row->addWidget(m_span);
  row->addWidget(m_pause);
  m_time = new TimeBar;
  row->addWidget(m_time, 1);
  row->addWidget(save);
  connect(m_view, &QComboBox::currentIndexChanged, this, &ChartsPanel::redraw);
  connect(m_span, &QComboBox::currentIndexChanged, this, &ChartsPanel::redraw);
  connect(m_pause, &QPushButton::toggled, this, &ChartsPanel::setPaused);
  connect(m_time, &TimeBar::moved, this, &ChartsPanel::goTo);
  connect(m_time, &TimeBar::zoomed, this, [this](int step) {
    m_span->setCurrentIndex(std::clamp(m_span->currentIndex() + step, 0, m_span->count() - 1));
  });
  connect(save, &QPushButton::clicked, this, [this] {
    const auto path = QFileDialog::getSaveFileName(this, tr("Export what is shown"), QStringLiteral("run.csv"),
                                                   tr("Samples (*.csv);;Picture (*.png)"));
    if (path.isEmpty()) return;
    const auto why = exportTo(path);
    Q_EMIT hint(why.isEmpty() ? tr("written to %1").arg(path) : why);
  });
  return bar;
}

QWidget* ChartsPanel::makeCharts() {
  m_lines = {
      new LineChart{"Throughput (events/s)",
                    {{"in", [](const RunSample& s) { return s.inPerS; }, 1},
                     {"out", [](const RunSample& s) { return s.outPerS; }, 2}},
                    10},
      new LineChart{"Lag (s of event time)", {{"slowest", [](const RunSample& s) { return s.behindMs / 1000; }, 1}}, 1},
      new LineChart{"Latency (ms)",
                    {{"p50", [](const RunSample& s) { return s.latencyP50; }, 1},
                     {"p99", [](const RunSample& s) { return s.latencyP99; }, 2}},
                    1},
      new LineChart{"Load (%)",
                    {{"busiest", [](const RunSample& s) { return s.busy * 100; }, 1},
                     {"most held up", [](const RunSample& s) { return s.blocked * 100; }, 3}},
                    87},
      new LineChart{"Fullest queue (%)", {{"fill", [](const RunSample& s) { return s.fill * 100; }, 1}}, 87},
      new LineChart{"Backlog (events)", {{"to read", [](const RunSample& s) { return s.backlog; }, 1}}, 10},
      new LineChart{"State (KiB)", {{"all actors", [](const RunSample& s) { return s.stateBytes / 1024; }, 1}}, 1},
      new LineChart{"Snapshot (ms)", {{"took", [](const RunSample& s) { return s.snapshotMs; }, 1}}, 1},
  };
  auto* body = new QWidget;
  auto* grid = new QGridLayout{body};
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(12);
  for (std::size_t i = 0; i < m_lines.size(); ++i) {
    const int at = static_cast<int>(i);
    grid->addWidget(m_lines[i], at / chartsInRow, at % chartsInRow);
    connect(m_lines[i], &LineChart::pointed, this, [this](std::optional<double> when) {
      for (auto* chart : m_lines) chart->point(when);
    });
  }
  auto* scroll = new QScrollArea;
  scroll->setWidgetResizable(true);
  scroll->setWidget(body);
  return scroll;
}

double ChartsPanel::spanS() const {
  return spansS[static_cast<std::size_t>(m_span->currentIndex())];
}

void ChartsPanel::repaintAll() {
  for (auto* chart : m_lines) chart->repaintAll();
  m_heat->update();
  m_watermarks->update();
  m_time->update();
}

void ChartsPanel::setPaused(bool isPaused) {
  const QSignalBlocker quiet{m_pause};
  m_pause->setChecked(isPaused);
  m_until.reset();
  if (isPaused && m_history != nullptr) {
    m_held = *m_history;
    m_until = m_held.newest();
  }
  redraw();
}

void ChartsPanel::goTo(std::optional<double> until) {
  if (!until) {
    setPaused(false);
    return;
  }
  if (!isPaused()) setPaused(true);
  m_until = until;
  redraw();
}

void ChartsPanel::setTopology(const std::string& topology) {
  if (topology == m_topology) return;
  m_topology = topology;
  // Neither what was held nor what was followed is of this one; it comes with the next `show`.
  m_history = nullptr;
  setPaused(false);
}

void ChartsPanel::show(const RunHistory* history, const RunFigures* run) {
  m_history = history;
  m_watermarks->show(run);
  if (!m_pause->isChecked() || history == nullptr) redraw();
}

const RunHistory* ChartsPanel::shown() const {
  return m_pause->isChecked() && m_held.size() > 1 ? &m_held : m_history;
}

std::vector<RunSample> ChartsPanel::samples() const {
  const auto* history = shown();
  if (history == nullptr) return {};
  return m_until ? history->between(*m_until - spanS(), *m_until) : history->last(spanS());
}

void ChartsPanel::redraw() {
  const auto* history = shown();
  const bool hasSamples = history != nullptr && history->size() > 1;
  const std::array<QWidget*, 3> pages{m_charts, m_heat, m_watermarks};
  const auto view = m_view->currentIndex();
  m_pages->setCurrentWidget(hasSamples ? pages[static_cast<std::size_t>(view)] : m_notice);
  m_span->setEnabled(view == Lines);
  m_time->setEnabled(hasSamples && view != Watermarks);
  if (!hasSamples) m_time->clear();
  if (!hasSamples || !isVisible()) return;
  m_time->setFrame(view == Heat ? HeatMap::spanS : spanS(), m_until);
  m_time->show(*history);
  const double now = history->newest();
  const double until = m_until.value_or(now);
  if (view == Heat) m_heat->show(*history, until);
  if (view != Lines) return;
  const auto seen = samples();
  // Of a run that has only begun, what there is, and not an empty chart with a stroke at its end.
  const double since = now - history->oldest();
  const double span = until < now ? spanS() : std::clamp(since, std::min(spanLeastS, spanS()), spanS());
  for (auto* chart : m_lines) chart->show(seen, history->marks(), {until - span, until, now});
}

QString ChartsPanel::exportTo(const QString& path) const {
  const auto* history = shown();
  if (history == nullptr || history->size() == 0) return tr("there are no samples yet");
  const auto ending = QFileInfo{path}.suffix().toLower();
  QSaveFile file{path};
  if (ending != QLatin1String("csv") && ending != QLatin1String("png")) {
    return tr("%1: the name ends with .csv or .png").arg(path);
  }
  const auto bytes = toCsv(samples());
  const bool isDone = file.open(QIODevice::WriteOnly) &&
                      (ending == QLatin1String("csv") ? file.write(bytes) == bytes.size()
                                                      : m_pages->currentWidget()->grab().save(&file, "PNG")) &&
                      file.flush() && file.commit();
  return isDone ? QString{} : tr("%1: %2").arg(path, file.errorString());
}

}  // namespace millrace::workbench
