#pragma once

#include <QProxyStyle>

namespace millrace::workbench {

/// Fusion with signs of its own: the cross of tabs in the theme's dim text colour, boxes to tick that are seen. And
/// with choices that the wheel only passes over: they are changed by their list and by keys.
class OwnStyle final : public QProxyStyle {
public:
  OwnStyle();
  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
  void polish(QWidget* widget) override;
  void unpolish(QWidget* widget) override;

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  using QProxyStyle::polish;
  using QProxyStyle::unpolish;
  static void drawCheck(const QStyleOption& option, QPainter& painter);
};

}  // namespace millrace::workbench
