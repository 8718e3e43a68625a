#include "panels/painted_icon.hpp"

#include <QIconEngine>
#include <QPainter>
#include <QPixmap>
#include <algorithm>
#include <utility>

namespace millrace::workbench {
namespace {

constexpr double disabledOpacity = 0.4;

class PaintedIcon final : public QIconEngine {
public:
  PaintedIcon(int size, std::function<void(QPainter&)> paint) : m_size{size}, m_paint{std::move(paint)} {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State /*state*/) override {
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen{});
    painter->setBrush(Qt::NoBrush);
    if (mode == QIcon::Disabled) painter->setOpacity(painter->opacity() * disabledOpacity);
    painter->translate(rect.topLeft());
    painter->scale(static_cast<double>(rect.width()) / m_size, static_cast<double>(rect.height()) / m_size);
    m_paint(*painter);
    painter->restore();
  }

  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
    QPixmap pixmap{size};
    if (size.isEmpty()) return pixmap;
    pixmap.fill(Qt::transparent);
    QPainter painter{&pixmap};
    paint(&painter, {{0, 0}, size}, mode, state);
    return pixmap;
  }

  /// Not larger than it was drawn for, as an icon of pixels is not.
  QSize actualSize(const QSize& size, QIcon::Mode /*mode*/, QIcon::State /*state*/) override {
    const int side = std::min({m_size, size.width(), size.height()});
    return {side, side};
  }

  [[nodiscard]] QIconEngine* clone() const override { return new PaintedIcon{*this}; }

private:
  int m_size;
  std::function<void(QPainter&)> m_paint;
};

}  // namespace

QIcon paintedIcon(int size, std::function<void(QPainter&)> paint) {
  return QIcon{new PaintedIcon{size, std::move(paint)}};
}

}  // namespace millrace::workbench
