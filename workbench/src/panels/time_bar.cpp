#include "panels/time_bar.hpp"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>

#include "canvas/theme.hpp"
#include "core/figures.hpp"

namespace millrace::workbench {
namespace {

constexpr int barHeight = 28;
constexpr int barWidthMin = 160;
constexpr double liveWidth = 52, gap = 6;
/// Narrower a frame cannot be taken hold of.
constexpr double frameWidthMin = 8;
/// A run that has only begun does not jump from pixel to pixel.
constexpr double wholeLeastS = 20;
constexpr double diamond = 3.5;
/// Nearer to each other they would be a bar; the second of two is not drawn.
constexpr double diamondsApart = 9;
/// Closer than this to its end the frame is at the present.
constexpr double livePixels = 3;

QString agoText(double seconds) {
  return millisecondsText(seconds * 1000);
}

}  // namespace

TimeBar::TimeBar(QWidget* parent) : QWidget{parent} {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setFocusPolicy(Qt::StrongFocus);
  setCursor(Qt::PointingHandCursor);
  setAccessibleName(tr("Time"));
  setObjectName(QStringLiteral("time bar"));
  tellWords();
}

QSize TimeBar::sizeHint() const {
  return {4 * barWidthMin, barHeight};
}

QSize TimeBar::minimumSizeHint() const {
  return {barWidthMin, barHeight};
}

void TimeBar::show(const RunHistory& history) {
  if (history.size() == 0) return;
  // What moves nothing by a pixel is not drawn again.
  const double pixel = wholeS() / std::max(1.0, strip().width());
  if (history.oldest() == m_oldest && history.newest() >= m_newest && history.newest() - m_newest < pixel / 2) return;
  m_oldest = history.oldest();
  m_newest = history.newest();
  m_samples = history.between(m_oldest, m_newest);
  m_marks = history.marks();
  tellWords();
  update();
}

void TimeBar::clear() {
  if (m_samples.empty()) return;
  m_samples.clear();
  m_marks.clear();
  m_oldest = m_newest = 0;
  m_until.reset();
  tellWords();
  update();
}

void TimeBar::setFrame(double spanS, std::optional<double> until) {
  if (m_spanS == spanS && m_until == until) return;
  m_spanS = spanS;
  m_until = until;
  tellWords();
  update();
}

QString TimeBar::words() const {
  const auto span = agoText(std::min(m_spanS, std::max(m_newest - m_oldest, 1.0)));
  if (!m_until) return tr("the last %1").arg(span);
  if (m_newest - *m_until < 1) return tr("%1, held still").arg(span);
  return tr("%1, until %2 ago").arg(span, agoText(std::max(0.0, m_newest - *m_until)));
}

void TimeBar::tellWords() {
  setAccessibleDescription(words());
  setToolTip(tr("%1\nDrag, or ← →: back and forth   + −: wider, narrower   End: the present").arg(words()));
}

QRectF TimeBar::strip() const {
  return QRectF{0, 1, std::max(1.0, width() - liveWidth - gap), height() - 2.0};
}

QRectF TimeBar::liveBox() const {
  return {width() - liveWidth, 3, liveWidth, height() - 6.0};
}

double TimeBar::wholeS() const {
  return std::max(m_newest - m_oldest, wholeLeastS);
}

double TimeBar::xAt(double at) const {
  return strip().right() - (m_newest - at) / wholeS() * strip().width();
}

QRectF TimeBar::frameBox() const {
  const auto room = strip();
  const double right = std::clamp(xAt(until()), room.left() + frameWidthMin, room.right());
  const double left = std::clamp(xAt(until() - m_spanS), room.left(), right - frameWidthMin);
  return {left, room.top(), right - left, room.height()};
}

/// A frame ends with the present, or where the oldest that is known is at its left.
void TimeBar::moveTo(double until) {
  if (m_newest - until <= livePixels * wholeS() / strip().width()) {
    Q_EMIT moved(std::nullopt);
  } else {
    Q_EMIT moved(std::max(until, std::min(m_newest, m_oldest + m_spanS)));
  }
}

void TimeBar::paintRun(QPainter& painter) const {
  double largest = 0;
  for (const auto& s : m_samples) largest = std::max(largest, s.inPerS);
  if (largest <= 0) return;
  const auto room = strip().adjusted(0, 4, 0, 0);
  QPainterPath path{{xAt(m_samples.front().at), room.bottom()}};
  for (const auto& s : m_samples) path.lineTo(xAt(s.at), room.bottom() - s.inPerS / largest * room.height());
  path.lineTo(xAt(m_samples.back().at), room.bottom());
  auto colour = Theme::current().records[1];
  colour.setAlphaF(0.35F);
  painter.fillPath(path, colour);
}

void TimeBar::paintMarks(QPainter& painter) const {
  const auto& theme = Theme::current();
  const auto room = strip();
  double lastDiamond = -diamondsApart;
  for (const auto& mark : m_marks) {
    const double from = std::max(xAt(mark.at), room.left());
    if (mark.kind == RunMark::Kind::Fault) {
      const double end = std::min(mark.until == 0 ? room.right() : xAt(mark.until), room.right());
      if (end < room.left()) continue;
      auto colour = theme.of(Health::Critical);
      painter.fillRect(QRectF{from, room.top(), std::max(2.0, end - from), room.height()},
                       QBrush{colour, Qt::BDiagPattern});
    } else if (xAt(mark.at) >= room.left() && mark.kind == RunMark::Kind::Snapshot) {
      if (from - lastDiamond < diamondsApart) continue;
      lastDiamond = from;
      const double y = room.bottom() - diamond - 1.5;
      painter.setPen(Qt::NoPen);
      painter.setBrush(theme.textDim);
      painter.drawPolygon(
          QPolygonF{{{from - diamond, y}, {from, y - diamond}, {from + diamond, y}, {from, y + diamond}}});
    } else if (xAt(mark.at) >= room.left()) {
      painter.setPen(QPen{theme.of(Health::Warning), 1, Qt::DashLine});
      painter.drawLine(QPointF{from, room.top()}, QPointF{from, room.bottom()});
    }
  }
}

void TimeBar::paintFrame(QPainter& painter) const {
  const auto& theme = Theme::current();
  const auto box = frameBox();
  auto shade = theme.panel;
  shade.setAlphaF(0.55F);
  painter.fillRect(QRectF{strip().topLeft(), QPointF{box.left(), box.bottom()}}, shade);
  painter.fillRect(QRectF{box.topRight(), strip().bottomRight()}, shade);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen{theme.accent, m_until ? 2.0 : 1.0});
  painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 3, 3);
  // How far back all of it goes, where there is room for it.
  painter.setFont(ownFont(10));
  painter.setPen(theme.textDim);
  const auto back = QStringLiteral("−") + agoText(m_newest - m_oldest);
  if (box.left() - strip().left() > painter.fontMetrics().horizontalAdvance(back) + 12) {
    painter.drawText(strip().adjusted(6, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, back);
  }
}

void TimeBar::paintEvent(QPaintEvent* /*event*/) {
  const auto& theme = Theme::current();
  QPainter painter{this};
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.field);
  painter.drawRoundedRect(strip(), 4, 4);
  if (!m_samples.empty()) {
    painter.save();
    painter.setClipRect(strip());
    paintRun(painter);
    paintMarks(painter);
    painter.restore();
    paintFrame(painter);
  }
  // Not by colour alone: a full disc and a full pill while it follows, an arrow back while it does not.
  const bool isLive = !m_until.has_value();
  painter.setPen(QPen{isLive ? theme.accent : theme.nodeBorder, 1});
  painter.setBrush(isLive ? QBrush{theme.accent} : QBrush{Qt::NoBrush});
  painter.drawRoundedRect(liveBox().adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
  painter.setPen(isLive ? theme.panel : theme.text);
  painter.setFont(ownFont(11, true));
  painter.drawText(liveBox(), Qt::AlignCenter, isLive ? tr("● LIVE") : tr("LIVE ▸"));
  if (!hasFocus()) return;
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen{theme.selection, 1});
  painter.drawRoundedRect(QRectF{rect()}.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
}

void TimeBar::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || m_samples.empty()) return;
  const auto place = event->position();
  if (liveBox().contains(place)) {
    Q_EMIT moved(std::nullopt);
    return;
  }
  const auto box = frameBox();
  // Beside the frame it comes to the pointer, and is held in its middle.
  m_grip = box.contains(place) ? box.right() - place.x() : box.width() / 2;
  if (!box.contains(place)) mouseMoveEvent(event);
}

void TimeBar::mouseMoveEvent(QMouseEvent* event) {
  if (!(event->buttons() & Qt::LeftButton) || m_samples.empty()) return;
  const double right = event->position().x() + m_grip;
  moveTo(m_newest - (strip().right() - right) / strip().width() * wholeS());
}

void TimeBar::wheelEvent(QWheelEvent* event) {
  event->accept();
  // A touchpad sends many small turns, and sideways ones of its own.
  m_turned += event->angleDelta().y();
  const int steps = m_turned / QWheelEvent::DefaultDeltasPerStep;
  if (steps == 0) return;
  m_turned -= steps * QWheelEvent::DefaultDeltasPerStep;
  Q_EMIT zoomed(-steps);
}

void TimeBar::keyPressEvent(QKeyEvent* event) {
  const double step = m_spanS * (event->modifiers() & Qt::ShiftModifier ? 1 : 0.25);
  switch (event->key()) {
    case Qt::Key_Left:
      return moveTo(until() - step);
    case Qt::Key_Right:
      return moveTo(until() + step);
    case Qt::Key_Home:
      return moveTo(m_oldest + m_spanS);
    case Qt::Key_End:
      Q_EMIT moved(std::nullopt);
      return;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      Q_EMIT zoomed(1);
      return;
    case Qt::Key_Minus:
      Q_EMIT zoomed(-1);
      return;
    default:
      QWidget::keyPressEvent(event);
  }
}

}  // namespace millrace::workbench
