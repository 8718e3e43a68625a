#include "canvas/own_style.hpp"

#include <QPainter>
#include <QStyleFactory>
#include <QStyleOption>

#include "canvas/theme.hpp"

namespace millrace::workbench {

OwnStyle::OwnStyle() : QProxyStyle{QStyleFactory::create(QStringLiteral("Fusion"))} {}

void OwnStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                             const QWidget* widget) const {
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
