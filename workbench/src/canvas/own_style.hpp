#pragma once

#include <QProxyStyle>

namespace millrace::workbench {

/// Fusion with signs of its own: the cross of tabs in the theme's dim text colour, boxes to tick that are seen.
class OwnStyle final : public QProxyStyle {
public:
  OwnStyle();
  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;

private:
  static void drawCheck(const QStyleOption& option, QPainter& painter);
};

}  // namespace millrace::workbench
