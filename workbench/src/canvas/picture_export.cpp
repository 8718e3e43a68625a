#include "canvas/picture_export.hpp"

#include <QFileInfo>
#include <QImage>
#include <QPainter>
#include <QSaveFile>
#include <QSignalBlocker>
#include <QSvgGenerator>
#include <algorithm>

#include "canvas/theme.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr double margin = 24;
constexpr double pixelsPerUnit = 2;
constexpr double pixelsMax = 16'000;

/// Without selection while it lives; nobody is told.
class Unselected {
public:
  explicit Unselected(CanvasScene& scene) : m_quiet{&scene}, m_items{scene.selectedItems()} { scene.clearSelection(); }
  ~Unselected() {
    for (auto* item : m_items) item->setSelected(true);
  }
  Unselected(const Unselected&) = delete;
  Unselected& operator=(const Unselected&) = delete;

private:
  QSignalBlocker m_quiet;
  QList<QGraphicsItem*> m_items;
};

void paint(CanvasScene& scene, QPaintDevice& device, const QRectF& to, const QRectF& from) {
  const Unselected unselected{scene};
  QPainter painter{&device};
  painter.setRenderHint(QPainter::Antialiasing);
  painter.fillRect(to, Theme::current().canvas);
  scene.render(&painter, to, from);
}

}  // namespace

result<void> exportPicture(CanvasScene& scene, const QString& path) {
  const auto failure = [&path](errc code, const QString& why) {
    return user_error(code, toStd(path + QStringLiteral(": ") + why));
  };
  if (scene.nodesRect().isEmpty()) return failure(errc::invalid_argument, QStringLiteral("there is nothing to draw"));
  const auto from = scene.nodesRect().adjusted(-margin, -margin, margin, margin);
  const auto ending = QFileInfo{path}.suffix().toLower();
  QSaveFile file{path};
  if (ending != QLatin1String("svg") && ending != QLatin1String("png")) {
    return failure(errc::invalid_argument, QStringLiteral("a picture's name ends with .png or .svg"));
  }
  if (!file.open(QIODevice::WriteOnly)) return failure(errc::io_error, file.errorString());
  if (ending == QLatin1String("svg")) {
    QSvgGenerator svg;
    svg.setOutputDevice(&file);
    svg.setTitle(toQt(scene.document().spec().name));
    svg.setSize(from.size().toSize());
    svg.setViewBox(QRectF{{}, from.size()});
    paint(scene, svg, {{}, from.size()}, from);
  } else {
    const double scale = std::min({pixelsPerUnit, pixelsMax / from.width(), pixelsMax / from.height()});
    QImage image{(from.size() * scale).toSize().expandedTo({1, 1}), QImage::Format_RGB32};
    paint(scene, image, QRectF{image.rect()}, from);
    if (!image.save(&file, "PNG")) return failure(errc::io_error, QStringLiteral("the picture cannot be written"));
  }
  if (!file.flush() || !file.commit()) return failure(errc::io_error, file.errorString());
  return {};
}

}  // namespace millrace::workbench
