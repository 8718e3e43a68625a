#pragma once

#include <QWidget>

namespace millrace::workbench {

class CanvasView;

/// The whole drawing in a corner, with a frame around what is seen; a press goes there. It is shown only while there is
/// more than is seen, and moves to the corner where it covers no node; where there is none it stays away. Thread: GUI.
class Minimap final : public QWidget {
  Q_OBJECT

public:
  explicit Minimap(CanvasView& view);
  void setWanted(bool isWanted);
  /// Looks for a corner again: what is seen has changed.
  void settle();

protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;

private:
  [[nodiscard]] QTransform toMap() const;

  CanvasView& m_view;
  bool m_isWanted = true;
};

}  // namespace millrace::workbench
