// QCustomPlot's header is written with Qt's keywords.
#undef QT_NO_KEYWORDS
#undef QT_NO_CAST_FROM_ASCII
#include "charts/line_chart.hpp"

#include <qcustomplot.h>

#include <QVBoxLayout>
#include <algorithm>

#include "canvas/theme.hpp"

namespace millrace::workbench {
namespace {

/// Room above the largest value.
constexpr double headroom = 1.15;
constexpr QSize plotSizeMin{150, 84};
/// Faults that are drawn at once; older ones are not told apart at this width.
constexpr std::size_t bandsMax = 20;

/// Ticks as people write them: 1.2k, 30 %.
class ShortTicker final : public QCPAxisTicker {
protected:
  QString getTickLabel(double tick, const QLocale& /*locale*/, QChar /*format*/, int /*precision*/) override {
    return countText(tick);
  }
};

/// Time before now.
class AgoTicker final : public QCPAxisTickerFixed {
protected:
  QString getTickLabel(double tick, const QLocale& /*locale*/, QChar /*format*/, int /*precision*/) override {
    return tick >= 0 ? LineChart::tr("now") : QStringLiteral("−") + millisecondsText(-tick * 1000);
  }
};

/// The sample at a moment; samples are in the order of time and there is one at least.
const RunSample& nearest(const std::vector<RunSample>& samples, double at) {
  const auto after = std::ranges::lower_bound(samples, at, {}, &RunSample::at);
  if (after == samples.begin()) return samples.front();
  if (after == samples.end()) return samples.back();
  return after->at - at < at - (after - 1)->at ? *after : *(after - 1);
}

}  // namespace

LineChart::LineChart(const char* title, std::vector<ChartSeries> series, double least, QWidget* parent)
    : QWidget{parent},
      m_title{title},
      m_series{std::move(series)},
      m_least{least},
      m_heading{new QLabel{this}},
      m_plot{new QCustomPlot{this}} {
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(m_heading);
  column->addWidget(m_plot, 1);
  m_heading->setTextFormat(Qt::RichText);
  m_heading->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  m_plot->setMinimumSize(plotSizeMin);
  m_plot->setAccessibleName(tr(title));
  const QSharedPointer<AgoTicker> ago{new AgoTicker};
  ago->setTickStep(10);
  ago->setScaleStrategy(QCPAxisTickerFixed::ssMultiples);
  ago->setTickCount(3);
  m_plot->xAxis->setTicker(ago);
  m_plot->yAxis->setTicker(QSharedPointer<QCPAxisTicker>{new ShortTicker});
  m_plot->yAxis->ticker()->setTickCount(3);
  for (std::size_t i = 0; i < m_series.size(); ++i) m_graphs.push_back(m_plot->addGraph());
  m_dots = m_plot->addGraph();
  m_dots->setLineStyle(QCPGraph::lsNone);
  m_strokes = m_plot->addGraph();
  m_strokes->setLineStyle(QCPGraph::lsImpulse);
  m_pointer = new QCPItemLine{m_plot};
  m_pointer->setVisible(false);
  m_plot->setMouseTracking(true);
  m_plot->installEventFilter(this);
  repaintAll();
}

void LineChart::repaintAll() {
  const auto& theme = Theme::current();
  for (std::size_t i = 0; i < m_series.size(); ++i) {
    // One pixel: wider antialiased lines cost twelve times as much.
    m_graphs[i]->setPen(QPen{theme.records[m_series[i].colour], 1});
  }
  m_dots->setScatterStyle({QCPScatterStyle::ssDisc, QPen{theme.textDim}, QBrush{theme.textDim}, 4});
  m_strokes->setPen(QPen{theme.of(Health::Warning), 1, Qt::DashLine});
  m_pointer->setPen(QPen{theme.text, 1});
  for (auto* band : m_bands) {
    auto colour = theme.of(Health::Critical);
    band->setPen(QPen{colour, 1});
    colour.setAlphaF(0.18F);
    band->setBrush(QBrush{colour, Qt::BDiagPattern});
  }
  m_plot->setBackground(theme.panel);
  for (auto* axis : {m_plot->xAxis, m_plot->yAxis}) {
    axis->setBasePen(QPen{theme.nodeBorder, 1});
    axis->setTickPen(QPen{theme.nodeBorder, 1});
    axis->setSubTickPen(Qt::NoPen);
    axis->setTickLabelColor(theme.textDim);
    axis->setTickLabelFont(ownFont(11));
    axis->grid()->setPen(QPen{theme.grid, 1});
    axis->grid()->setZeroLinePen(QPen{theme.grid, 1});
  }
  showHeading();
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

/// The names of the lines, with the values that are pointed at.
void LineChart::showHeading() {
  const auto& theme = Theme::current();
  QStringList names;
  const RunSample* sample = nullptr;
  if (m_pointedAt && !m_samples.empty()) sample = &nearest(m_samples, m_frame.now + *m_pointedAt);
  for (const auto& series : m_series) {
    if (m_series.size() == 1 && sample == nullptr) continue;
    auto words = QString::fromLatin1(series.name);
    if (sample != nullptr) words += QStringLiteral(" <b>%1</b>").arg(countText(series.value(*sample)));
    names << QStringLiteral("<span style='color:%1'>%2</span>").arg(theme.records[series.colour].name(), words);
  }
  if (sample != nullptr && sample->at < m_frame.now) {
    names << QStringLiteral("−") + millisecondsText((m_frame.now - sample->at) * 1000);
  }
  m_heading->setText(tr(m_title) + QStringLiteral(" &nbsp; ") + names.join(QStringLiteral(" &nbsp; ")));
}

void LineChart::show(const std::vector<RunSample>& samples, const std::deque<RunMark>& marks, const Frame& frame) {
  m_samples = samples;
  m_frame = frame;
  double largest = m_least;
  for (std::size_t i = 0; i < m_series.size(); ++i) {
    QVector<QCPGraphData> points;
    points.reserve(static_cast<int>(samples.size()));
    for (const auto& sample : samples) {
      const double value = m_series[i].value(sample);
      points.append({sample.at - frame.now, value});
      largest = std::max(largest, value);
    }
    m_graphs[i]->data()->set(points, true);
  }
  const double span = frame.until - frame.from;
  auto* ago = static_cast<QCPAxisTickerFixed*>(m_plot->xAxis->ticker().data());
  ago->setTickStep(span > 3600 ? 3600 : span > 300 ? 60 : 10);
  m_plot->xAxis->setRange(frame.from - frame.now, frame.until - frame.now);
  m_plot->yAxis->setRange(0, largest * headroom);
  showMarks(marks, largest * headroom);
  showHeading();
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void LineChart::showMarks(const std::deque<RunMark>& marks, double top) {
  QVector<QCPGraphData> dots, strokes;
  std::size_t used = 0;
  for (const auto& mark : marks) {
    const double from = mark.at - m_frame.now;
    const double until = mark.until == 0 ? 0 : mark.until - m_frame.now;
    if (until < m_frame.from - m_frame.now || mark.at > m_frame.until) continue;
    if (mark.kind == RunMark::Kind::Snapshot) dots.append({from, 0});
    if (mark.kind == RunMark::Kind::Restart || mark.kind == RunMark::Kind::State) strokes.append({from, top});
    if (mark.kind != RunMark::Kind::Fault || used == bandsMax) continue;
    if (used == m_bands.size()) {
      m_bands.push_back(new QCPItemRect{m_plot});
      repaintAll();
    }
    auto* band = m_bands[used++];
    band->topLeft->setCoords(from, top);
    band->bottomRight->setCoords(until, 0);
    band->setVisible(true);
  }
  for (std::size_t i = used; i < m_bands.size(); ++i) m_bands[i]->setVisible(false);
  m_dots->data()->set(dots, true);
  m_strokes->data()->set(strokes, true);
}

void LineChart::point(std::optional<double> at) {
  m_pointedAt = at;
  m_pointer->setVisible(at.has_value());
  if (at) {
    m_pointer->start->setCoords(*at, m_plot->yAxis->range().lower);
    m_pointer->end->setCoords(*at, m_plot->yAxis->range().upper);
  }
  showHeading();
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

bool LineChart::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::MouseMove) {
    const double at = m_plot->xAxis->pixelToCoord(static_cast<QMouseEvent*>(event)->position().x());
    emit pointed(std::clamp(at, m_plot->xAxis->range().lower, m_plot->xAxis->range().upper));
  } else if (event->type() == QEvent::Leave) {
    emit pointed(std::nullopt);
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace millrace::workbench
