#include "panels/heat_map.hpp"

#include <QHelpEvent>
#include <QLinearGradient>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "canvas/theme.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr double labelWidth = 150;
constexpr double topHeight = 30;
constexpr double axisHeight = 18;
constexpr double scaleWidth = 120;
constexpr int scaleFrom = 560;  // the panel's width: else it would cover words
constexpr double rowHeightMax = 26;
constexpr double namesFrom = 11;  // of a row's height in pixels

}  // namespace

HeatMap::HeatMap(QWidget* parent) : QWidget{parent}, m_quantity{new QComboBox{this}} {
  m_quantity->addItems({tr("latency p99"), tr("held up"), tr("busy"), tr("queue")});
  m_quantity->setCurrentIndex(static_cast<int>(HeatQuantity::Busy));
  m_quantity->setAccessibleName(tr("Quantity of the heat map"));
  m_quantity->move(0, 2);
  connect(m_quantity, &QComboBox::currentIndexChanged, this, qOverload<>(&QWidget::update));
  setMouseTracking(true);
  setAccessibleName(tr("Heat map"));
}

HeatQuantity HeatMap::quantity() const {
  return static_cast<HeatQuantity>(m_quantity->currentIndex());
}

double HeatMap::value(const HeatColumn& column, std::size_t row) const {
  return row < column.cells.size() ? static_cast<double>(column.cells[row][static_cast<std::size_t>(quantity())]) : 0;
}

void HeatMap::show(const RunHistory& history, double until) {
  m_actors = history.heatActors();
  m_columns = history.heat();
  m_backS = std::max(0.0, history.newest() - until);
  while (!m_columns.empty() && m_columns.back().at > until) m_columns.pop_back();
  update();
}

QRectF HeatMap::map() const {
  const double rows = static_cast<double>(std::max<std::size_t>(1, m_rows.size()));
  const double height = std::min(this->height() - topHeight - axisHeight, rows * rowHeightMax);
  return {labelWidth, topHeight, width() - labelWidth - 8, std::max(1.0, height)};
}

QString HeatMap::words(double value) const {
  return quantity() == HeatQuantity::Latency ? millisecondsText(value)
                                             : QStringLiteral("%1 %").arg(std::lround(value * 100));
}

void HeatMap::paintEvent(QPaintEvent* /*event*/) {
  const auto& theme = Theme::current();
  QPainter painter{this};
  m_rows.clear();
  m_largest = quantity() == HeatQuantity::Latency ? 1e-3 : 1;
  for (std::size_t i = 0; i < m_actors.size(); ++i) {
    double largest = 0;
    for (const auto& column : m_columns) largest = std::max(largest, value(column, i));
    // Only sinks have a latency.
    if (largest > 0 || quantity() != HeatQuantity::Latency) m_rows.push_back(i);
    m_largest = std::max(m_largest, largest);
  }
  painter.setFont(ownFont(11));
  painter.setPen(theme.textDim);
  painter.drawText(QRectF{labelWidth, 0, width() - labelWidth - 8.0, topHeight}, Qt::AlignLeft | Qt::AlignVCenter,
                   tr("worst of each second"));
  if (m_rows.empty() || m_columns.empty()) {
    painter.drawText(rect(), Qt::AlignCenter, tr("nothing of this kind was measured yet"));
    return;
  }
  paintScale(painter);
  const auto box = map();
  const double high = box.height() / static_cast<double>(m_rows.size());
  const double wide = box.width() / static_cast<double>(RunHistory::heatColumnsMax / 5);
  const auto shown = std::min(m_columns.size(), RunHistory::heatColumnsMax / 5);
  for (std::size_t r = 0; r < m_rows.size(); ++r) {
    const double top = box.top() + high * static_cast<double>(r);
    for (std::size_t c = 0; c < shown; ++c) {
      const double v = value(m_columns[m_columns.size() - 1 - c], m_rows[r]);
      // Latencies are told apart by their size: colours go by the logarithm.
      const double share = quantity() == HeatQuantity::Latency ? std::log1p(v) / std::log1p(m_largest) : v;
      painter.fillRect(
          QRectF{box.right() - wide * static_cast<double>(c + 1), top, wide + 0.5, std::max(1.0, high - 1)},
          theme.ofHeat(share));
    }
    if (high < namesFrom) continue;
    painter.setPen(theme.text);
    const auto name =
        painter.fontMetrics().elidedText(toQt(m_actors[m_rows[r]]), Qt::ElideRight, static_cast<int>(labelWidth) - 12);
    painter.drawText(QRectF{0, top, labelWidth - 12, high}, Qt::AlignRight | Qt::AlignVCenter, name);
  }
  painter.setPen(theme.textDim);
  const QRectF axis{box.left(), box.bottom() + 2, box.width(), axisHeight};
  const auto ago = [](double seconds) { return QStringLiteral("−") + millisecondsText(seconds * 1000); };
  painter.drawText(axis, Qt::AlignRight, m_backS < 1 ? tr("now") : ago(m_backS));
  painter.drawText(axis, Qt::AlignLeft, ago(m_backS + spanS));
}

void HeatMap::paintScale(QPainter& painter) const {
  if (width() < scaleFrom) return;
  const QRectF scale{width() - 8.0 - scaleWidth, 4, scaleWidth, topHeight - 12};
  const auto& theme = Theme::current();
  QLinearGradient colours{scale.topLeft(), scale.topRight()};
  for (int i = 0; i <= 20; ++i) colours.setColorAt(i / 20.0, theme.ofHeat(i / 20.0));
  const auto least = words(0), most = words(quantity() == HeatQuantity::Latency ? m_largest : 1);
  const double room = painter.fontMetrics().horizontalAdvance(most) + 8;
  const QRectF bar = scale.translated(-room, 0);
  painter.fillRect(bar, colours);
  painter.drawText(QRectF{bar.left() - 58, bar.top(), 50, bar.height()}, Qt::AlignRight | Qt::AlignVCenter, least);
  painter.drawText(QRectF{bar.right() + 8, bar.top(), room, bar.height()}, Qt::AlignLeft | Qt::AlignVCenter, most);
}

QString HeatMap::textAt(QPointF place) const {
  const auto box = map();
  if (!box.contains(place) || m_rows.empty() || m_columns.empty()) return {};
  const auto row =
      static_cast<std::size_t>((place.y() - box.top()) / box.height() * static_cast<double>(m_rows.size()));
  const auto back = static_cast<std::size_t>((box.right() - place.x()) / box.width() *
                                             static_cast<double>(RunHistory::heatColumnsMax / 5));
  if (row >= m_rows.size() || back >= m_columns.size()) return {};
  return tr("%1: %2 %3, %4 s ago")
      .arg(toQt(m_actors[m_rows[row]]), m_quantity->currentText(),
           words(value(m_columns[m_columns.size() - 1 - back], m_rows[row])))
      .arg(static_cast<double>(back) + std::round(m_backS));
}

bool HeatMap::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    QToolTip::showText(help->globalPos(), textAt(help->pos()), this);
    return true;
  }
  return QWidget::event(event);
}

}  // namespace millrace::workbench
