#include "canvas/own_style.hpp"

#include <QComboBox>
#include <QEvent>
#include <QPainter>
#include <QStyleFactory>
#include <QStyleOption>

#include "canvas/theme.hpp"

namespace millrace::workbench {

OwnStyle::OwnStyle() : QProxyStyle{QStyleFactory::create(QStringLiteral("Fusion"))} {}

void OwnStyle::polish(QWidget* widget) {
  QProxyStyle::polish(widget);
  if (qobject_cast<QComboBox*>(widget) != nullptr) widget->installEventFilter(this);
}

void OwnStyle::unpolish(QWidget* widget) {
  widget->removeEventFilter(this);
  QProxyStyle::unpolish(widget);
}

/// Whoever scrolls a form does not mean the choice that comes under the pointer. What is ignored here goes on to the
/// form; an open list is a window of its own.
bool OwnStyle::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::Wheel) return QProxyStyle::eventFilter(watched, event);
  event->ignore();
  return true;
}

/// Fusion's own box cannot be seen on dark ground.
void OwnStyle::drawCheck(const QStyleOption& option, QPainter& painter) {
  const auto& theme = Theme::current();
  const bool isOn = option.state & State_On;
  const bool isEnabled = option.state & State_Enabled;
  const auto box = QRectF{option.rect}.adjusted(0.5, 0.5, -0.5, -0.5);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen{isOn && isEnabled ? theme.accent : theme.textDim, 1});
  painter.setBrush(isOn && isEnabled ? theme.accent : theme.field);
  painter.drawRoundedRect(box, 2, 2);
  if (isOn) {
    const auto at = [&box](double x, double y) {
      return QPointF{box.left() + x * box.width(), box.top() + y * box.height()};
    };
    painter.setPen(QPen{isEnabled ? theme.field : theme.textDim, 1.8, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin});
    painter.drawPolyline(QPolygonF{{at(0.24, 0.52), at(0.43, 0.72), at(0.77, 0.30)}});
  }
  painter.restore();
}

void OwnStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                             const QWidget* widget) const {
  if (element == PE_IndicatorCheckBox) {
    drawCheck(*option, *painter);
    return;
  }
  if (element != PE_IndicatorTabClose) {
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    return;
  }
  const auto& theme = Theme::current();
  const bool isHovered = option->state & State_MouseOver;
  constexpr double half = 3.5;
  const auto middle = QRectF{option->rect}.center();
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  if (isHovered) {
    painter->setPen(Qt::NoPen);
    painter->setBrush(theme.hover);
    painter->drawEllipse(middle, 8, 8);
  }
  painter->setPen(QPen{isHovered ? theme.text : theme.textDim, 1.4, Qt::SolidLine, Qt::RoundCap});
  painter->drawLine(middle - QPointF{half, half}, middle + QPointF{half, half});
  painter->drawLine(middle - QPointF{half, -half}, middle + QPointF{half, -half});
  painter->restore();
}

}  // namespace millrace::workbench
