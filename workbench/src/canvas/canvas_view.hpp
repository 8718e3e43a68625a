#pragma once

#include <QGraphicsView>

#include "canvas/canvas_scene.hpp"

namespace millrace::workbench {

class Minimap;

/// A window on a canvas: zoom at the pointer with the wheel, pan with the middle button or with space held, a frame
/// around what is to be selected, and types dropped from the palette. Thread: GUI.
class CanvasView final : public QGraphicsView {
  Q_OBJECT

public:
  explicit CanvasView(CanvasScene& scene, QWidget* parent = nullptr);

  [[nodiscard]] CanvasScene& canvas() const noexcept { return m_canvas; }
  [[nodiscard]] double zoom() const { return transform().m11(); }
  void zoomBy(double factor);
  void zoomTo(double zoom);
  /// All nodes, or the selected ones; at most life size.
  void fitAll();
  void fitSelection();
  void centreOn(const std::string& actor);
  /// Scrolls until what is selected is seen.
  void showSelection();
  /// In the middle of what is seen, or near the pointer when that is over the canvas.
  [[nodiscard]] QPointF placeForNew() const;
  void setMinimapShown(bool isShown);

  static constexpr double zoomMin = 0.02, zoomMax = 3;
  /// What the palette drags: the type's id in UTF-8.
  static constexpr const char* actorTypeMime = "application/x-millrace-actor-type";

Q_SIGNALS:
  void typeDropped(const QString& type, QPointF place);
  /// A node, as the nodes panel drags it, onto an actor: it is to run there.
  void nodeDropped(const QString& node, const std::string& actor);
  void viewChanged();
  /// Space was pressed and let go, and nothing was moved by it.
  void spaceTapped();

protected:
  void wheelEvent(QWheelEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void keyReleaseEvent(QKeyEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragMoveEvent(QDragMoveEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void scrollContentsBy(int dx, int dy) override;
  void drawBackground(QPainter* painter, const QRectF& rect) override;
  void paintEvent(QPaintEvent* event) override;

private:
  void fit(const QRectF& rect);
  [[nodiscard]] NodeItem* nodeBelow(const QDropEvent& event) const;

  CanvasScene& m_canvas;
  Minimap* m_minimap;
  QPoint m_panFrom;
  bool m_isPanning = false, m_isSpaceHeld = false, m_isSpaceUsed = false;
};

}  // namespace millrace::workbench
