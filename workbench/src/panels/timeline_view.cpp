#include "panels/timeline_view.hpp"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "canvas/theme.hpp"
#include "core/figures.hpp"

namespace millrace::workbench {
namespace {

constexpr int bandHeight = 26;
constexpr int timeHeight = 18;
constexpr double gap = 2;
/// No phase is narrower than its name.
constexpr double namePadding = 12;
/// Where nobody knows how long one takes.
constexpr double unknownS = 2;

QString secondsText(double s) {
  return QStringLiteral("%1 s").arg(s, 0, 'f', s < 100 ? 1 : 0);
}

}  // namespace

TimelineView::TimelineView(QWidget* parent) : QWidget{parent} {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setObjectName(QStringLiteral("timeline"));
  setAccessibleName(tr("Phases of the experiment"));
}

QSize TimelineView::sizeHint() const {
  return {200, bandHeight + timeHeight};
}

void TimelineView::setProgress(const ExperimentProgress& progress, double elapsedS) {
  m_parts.clear();
  const auto present = progress.present();
  for (std::size_t i = 0; i < progress.phases().size(); ++i) {
    const auto& p = progress.phases()[i];
    Part part{p.name, {}, 0, 0, present == i, p.begunS.has_value()};
    const double known = p.expectedS.value_or(0);
    const double taken = p.endedS ? *p.endedS - *p.begunS : p.begunS ? std::max(0.0, elapsedS - *p.begunS) : 0;
    const double whole = p.endedS ? taken : std::max({taken, known, part.isBegun ? 0 : unknownS});
    part.weight = std::sqrt(std::max(whole, 0.1));
    part.done = p.endedS ? 1 : whole > 0 ? taken / whole : 0;
    if (part.isBegun) {
      part.time = secondsText(taken);
      if (part.isPresent && p.expectedS) part.time += tr(" of %1").arg(secondsText(known));
      if (part.isPresent && p.mostS) part.time += tr(", at most %1").arg(secondsText(*p.mostS));
    } else if (p.expectedS) {
      part.time = secondsText(known);
    } else if (p.mostS) {
      part.time = QStringLiteral("≤ ") + secondsText(*p.mostS);
    }
    if (part.isPresent) {
      setAccessibleDescription(
          tr("%1, %2 of %3, %4").arg(p.name).arg(i + 1).arg(progress.phases().size()).arg(part.time));
    }
    m_parts.push_back(std::move(part));
  }
  update();
}

void TimelineView::paintPart(QPainter& painter, const Part& part, const QRectF& box) const {
  const auto& theme = Theme::current();
  const auto& colour = part.isPresent ? theme.accent : theme.textDim;
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.field);
  painter.drawRoundedRect(box, 4, 4);
  auto fill = colour;
  fill.setAlphaF(part.isPresent ? 0.55F : 0.35F);
  painter.setBrush(fill);
  painter.save();
  painter.setClipRect(QRectF{box.left(), box.top(), box.width() * part.done, box.height()});
  painter.drawRoundedRect(box, 4, 4);
  painter.restore();
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen{part.isPresent ? theme.accent : theme.nodeBorder, part.isPresent ? 2.0 : 1.0});
  painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
  painter.setPen(part.isBegun ? theme.text : theme.textDim);
  painter.setFont(ownFont(12, part.isPresent));
  painter.drawText(box, Qt::AlignCenter, part.name);
}

void TimelineView::paintEvent(QPaintEvent* /*event*/) {
  if (m_parts.empty()) return;
  QPainter painter{this};
  painter.setRenderHint(QPainter::Antialiasing);
  const QFontMetricsF strong{ownFont(12, true)};
  const QFontMetricsF small{ownFont(11)};
  // First what each needs for its words, then the rest by time.
  std::vector<double> widths;
  double needed = 0, weights = 0;
  for (const auto& p : m_parts) {
    widths.push_back(std::max(strong.horizontalAdvance(p.name), small.horizontalAdvance(p.time)) + namePadding);
    needed += widths.back() + gap;
    weights += p.weight;
  }
  const double rest = std::max(0.0, width() - needed);
  double x = 0;
  for (std::size_t i = 0; i < m_parts.size(); ++i) {
    const auto& p = m_parts[i];
    const double w = widths[i] + rest * p.weight / weights;
    paintPart(painter, p, {x, 1, w, bandHeight - 2});
    painter.setFont(ownFont(11));
    painter.setPen(Theme::current().textDim);
    painter.drawText(QRectF{x, bandHeight, w, timeHeight}, Qt::AlignCenter, p.time);
    x += w + gap;
  }
}

}  // namespace millrace::workbench
