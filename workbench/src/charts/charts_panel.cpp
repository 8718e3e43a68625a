// QCustomPlot's header is written with Qt's keywords.
#undef QT_NO_KEYWORDS
#undef QT_NO_CAST_FROM_ASCII
#include "charts/charts_panel.hpp"

#include <qcustomplot.h>

#include <QGridLayout>
#include <QStackedLayout>
#include <algorithm>

#include "canvas/theme.hpp"

namespace millrace::workbench {
namespace {

constexpr double windowS = 120, windowLeastS = 20;
/// Room above the largest value.
constexpr double headroom = 1.15;

/// Ticks as people write them: 1.2k, 30 %.
class ShortTicker final : public QCPAxisTicker {
protected:
  QString getTickLabel(double tick, const QLocale& /*locale*/, QChar /*format*/, int /*precision*/) override {
    return countText(tick);
  }
};

/// Seconds before now.
class AgoTicker final : public QCPAxisTickerFixed {
protected:
  QString getTickLabel(double tick, const QLocale& /*locale*/, QChar /*format*/, int /*precision*/) override {
    return tick >= 0 ? ChartsPanel::tr("now") : QStringLiteral("%1 s").arg(tick, 0, 'f', 0);
  }
};

}  // namespace

ChartsPanel::ChartsPanel(QWidget* parent)
    : QWidget{parent}, m_body{new QWidget{this}}, m_notice{new QLabel{tr("no samples yet — press F5"), this}} {
  m_charts = {
      {"Throughput (events/s)",
       {{"in", [](const RunSample& s) { return s.inPerS; }, 1},
        {"out", [](const RunSample& s) { return s.outPerS; }, 2}},
       10},
      {"Lag (s of event time)", {{"slowest", [](const RunSample& s) { return s.behindMs / 1000; }, 1}}, 1},
      {"Latency p99 (ms)", {{"slowest sink", [](const RunSample& s) { return s.latencyP99; }, 1}}, 1},
      {"Load (%)",
       {{"busiest", [](const RunSample& s) { return s.busy * 100; }, 1},
        {"most held up", [](const RunSample& s) { return s.blocked * 100; }, 3}},
       100 / headroom},
  };
  auto* grid = new QHBoxLayout{m_body};
  grid->setContentsMargins(8, 4, 8, 4);
  grid->setSpacing(12);
  for (auto& chart : m_charts) build(chart, m_body);
  m_notice->setAlignment(Qt::AlignCenter);
  m_notice->setForegroundRole(QPalette::PlaceholderText);
  auto* stack = new QStackedLayout{this};
  stack->addWidget(m_notice);
  stack->addWidget(m_body);
  setMinimumHeight(140);
}

void ChartsPanel::build(Chart& chart, QWidget* body) {
  auto* column = new QVBoxLayout;
  column->setSpacing(0);
  chart.heading = new QLabel{body};
  chart.heading->setTextFormat(Qt::RichText);
  chart.heading->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  chart.plot = new QCustomPlot{body};
  chart.plot->setMinimumWidth(120);
  chart.plot->setAccessibleName(tr(chart.title));
  column->addWidget(chart.heading);
  column->addWidget(chart.plot, 1);
  static_cast<QHBoxLayout*>(body->layout())->addLayout(column, 1);
  chart.plot->xAxis->setRange(-windowS, 0);
  const QSharedPointer<AgoTicker> ago{new AgoTicker};
  ago->setTickStep(10);
  ago->setScaleStrategy(QCPAxisTickerFixed::ssMultiples);
  ago->setTickCount(3);
  chart.plot->xAxis->setTicker(ago);
  chart.plot->yAxis->setTicker(QSharedPointer<QCPAxisTicker>{new ShortTicker});
  chart.plot->yAxis->ticker()->setTickCount(3);
  for (auto& series : chart.series) series.graph = chart.plot->addGraph();
  paint(chart);
}

void ChartsPanel::paint(Chart& chart) {
  const auto& theme = Theme::current();
  QStringList names;
  for (auto& series : chart.series) {
    // One pixel: wider antialiased lines cost twelve times as much.
    const auto& colour = theme.records[series.colour];
    series.graph->setPen(QPen{colour, 1});
    if (chart.series.size() > 1) {
      names << QStringLiteral("<span style='color:%1'>%2</span>").arg(colour.name(), QString::fromLatin1(series.name));
    }
  }
  chart.heading->setText(QString::fromLatin1(chart.title) + QStringLiteral(" &nbsp; ") +
                         names.join(QStringLiteral(" &nbsp; ")));
  chart.plot->setBackground(theme.panel);
  for (auto* axis : {chart.plot->xAxis, chart.plot->yAxis}) {
    axis->setBasePen(QPen{theme.nodeBorder, 1});
    axis->setTickPen(QPen{theme.nodeBorder, 1});
    axis->setSubTickPen(Qt::NoPen);
    axis->setTickLabelColor(theme.textDim);
    axis->setTickLabelFont(ownFont(11));
    axis->grid()->setPen(QPen{theme.grid, 1});
    axis->grid()->setZeroLinePen(QPen{theme.grid, 1});
  }
}

void ChartsPanel::repaintAll() {
  for (auto& chart : m_charts) {
    paint(chart);
    chart.plot->replot(QCustomPlot::rpQueuedReplot);
  }
}

void ChartsPanel::fill(Chart& chart, const RunHistory& history) {
  const double newest = history.at(history.size() - 1).at;
  double largest = chart.least;
  for (auto& series : chart.series) {
    QVector<QCPGraphData> points;
    points.reserve(static_cast<int>(history.size()));
    for (std::size_t i = 0; i < history.size(); ++i) {
      const auto& sample = history.at(i);
      const double value = series.value(sample);
      points.append({sample.at - newest, value});
      largest = std::max(largest, value);
    }
    series.graph->data()->set(points, true);
  }
  const double span = newest - history.at(0).at;
  chart.plot->xAxis->setRange(-std::clamp(span, windowLeastS, windowS), 0);
  chart.plot->yAxis->setRange(0, largest * headroom);
  chart.plot->replot(QCustomPlot::rpQueuedReplot);
}

void ChartsPanel::show(const RunHistory* history) {
  auto* stack = static_cast<QStackedLayout*>(layout());
  const bool hasSamples = history != nullptr && history->size() > 1;
  stack->setCurrentWidget(hasSamples ? m_body : static_cast<QWidget*>(m_notice));
  if (!hasSamples || !isVisible()) return;
  for (auto& chart : m_charts) fill(chart, *history);
}

}  // namespace millrace::workbench
