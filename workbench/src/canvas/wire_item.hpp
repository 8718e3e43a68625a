#pragma once

#include <QGraphicsItem>
#include <QPainterPath>
#include <QString>
#include <optional>

#include "core/difference.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

/// What a wire carries at this moment.
struct WireLoad {
  double perSecond = 0;
  double fill = 0;  ///< of the sender's credit, 0 to 1: how much is queued
  bool isStale = false;
};

/// A stream on the canvas: width by rate, colour by queue fill, dashed when nearly full. Its label is shown only while
/// it is selected, under the mouse, or hot.
class WireItem final : public QGraphicsItem {
public:
  enum { Type = UserType + 2 };
  explicit WireItem(stream_spec stream);

  [[nodiscard]] int type() const override { return Type; }
  [[nodiscard]] QRectF boundingRect() const override;
  [[nodiscard]] QPainterPath shape() const override;
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

  [[nodiscard]] const stream_spec& stream() const noexcept { return m_stream; }
  void setStream(stream_spec stream) { m_stream = std::move(stream); }
  void setEnds(QPointF from, QPointF to);
  void setLoad(std::optional<WireLoad> load);
  /// Against what is deployed, while that is looked at.
  void setChange(std::optional<ChangeKind> change);

  /// Whether there is a breakpoint, and how many tasks stand at it.
  void setBreakpoint(bool isSet, int standing);
  [[nodiscard]] bool hasBreakpoint() const noexcept { return m_hasBreakpoint; }
  [[nodiscard]] int standing() const noexcept { return m_standing; }

  /// The curve between two ports: leaves to the right, arrives from the left.
  [[nodiscard]] static QPainterPath curve(QPointF from, QPointF to);

protected:
  void hoverEnterEvent(QGraphicsSceneHoverEvent* event) override;
  void hoverLeaveEvent(QGraphicsSceneHoverEvent* event) override;

private:
  [[nodiscard]] QPen pen() const;
  [[nodiscard]] QString label() const;
  void paintLabel(QPainter& painter) const;

  stream_spec m_stream;
  QPointF m_from, m_to;
  QPainterPath m_path;
  std::optional<WireLoad> m_load;
  std::optional<ChangeKind> m_change;
  bool m_isHovered = false;
  bool m_hasBreakpoint = false;
  int m_standing = 0;
};

}  // namespace millrace::workbench
