#pragma once

#include <QGraphicsItem>
#include <optional>
#include <string>

#include "core/figures.hpp"

namespace millrace::workbench {

/// What a group shows; the scene fills it in.
struct GroupContent {
  std::string title;
  std::size_t actors = 0;
  bool isCollapsed = false;
  std::optional<Health> health;  ///< of the actor that is worst off; nothing while it does not run
};

/// A frame around the nodes of a group, or one box in their place while it is collapsed. Below the nodes, and taken by
/// its title alone, so that the canvas between the nodes stays the canvas.
class GroupItem final : public QGraphicsItem {
public:
  enum { Type = UserType + 3 };
  explicit GroupItem(GroupContent content);

  [[nodiscard]] int type() const override { return Type; }
  [[nodiscard]] QRectF boundingRect() const override;
  [[nodiscard]] QPainterPath shape() const override;
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

  [[nodiscard]] const GroupContent& content() const noexcept { return m_content; }
  void setContent(GroupContent content);
  /// Around these nodes, in the scene; collapsed: a box at their upper left corner.
  void surround(const QRectF& nodes);
  /// Frame or box, in the scene.
  [[nodiscard]] QRectF frame() const { return {pos(), m_size}; }
  /// Where wires to nodes inside end while it is collapsed, in the scene.
  [[nodiscard]] QPointF anchor(bool isOutput) const;
  /// The sign that opens and closes it, in its own coordinates.
  [[nodiscard]] static QRectF sign();

private:
  [[nodiscard]] QRectF titleBox() const;
  void paintTitle(QPainter& painter, double detail) const;

  GroupContent m_content;
  QSizeF m_size;
};

}  // namespace millrace::workbench
