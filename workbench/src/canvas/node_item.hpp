#pragma once

#include <QGraphicsItem>
#include <QString>
#include <optional>
#include <string>
#include <vector>

#include "canvas/node_geometry.hpp"
#include "core/difference.hpp"
#include "core/figures.hpp"

namespace millrace::workbench {

/// A port of a node, by side and index.
struct PortRef {
  bool isOutput = false;
  std::size_t index = 0;
  bool operator==(const PortRef&) const = default;
};

/// What a node shows of its actor; the scene fills it in from document, catalogue, problems and telemetry.
struct NodeContent {
  std::string name;
  QString typeTitle;
  ActorKind kind = ActorKind::Processor;
  std::uint32_t parallelism = 1;
  std::vector<PortInfo> inputs, outputs;
  std::vector<bool> isInputWired, isOutputWired;
  std::optional<Health> problem;        ///< the worst one found by validation
  std::optional<ActorFigures> figures;  ///< nothing while it does not run
  bool isStale = false;                 ///< the figures are old
  bool isKnown = true;                  ///< its type is in the catalogue
  bool isFaulty = false;                ///< an injected fault is at work on it
  int standing = 0;                     ///< tasks that stand at a breakpoint
  QString pins;                         ///< the nodes it is placed on; empty: anywhere
  std::optional<ChangeKind> change;     ///< against what is deployed, while that is looked at
};

/// One actor on the canvas: a single item that paints itself and its ports, with less detail the further away it is.
class NodeItem final : public QGraphicsItem {
public:
  enum { Type = UserType + 1 };
  explicit NodeItem(NodeContent content);

  [[nodiscard]] int type() const override { return Type; }
  [[nodiscard]] QRectF boundingRect() const override;
  [[nodiscard]] QPainterPath shape() const override;
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

  [[nodiscard]] const NodeContent& content() const noexcept { return m_content; }
  void setContent(NodeContent content);
  /// The newest telemetry, nothing while it does not run: all that changes many times a second.
  void setFigures(const ActorFigures* figures, bool isStale);
  void setChange(std::optional<ChangeKind> change);
  void setFaulty(bool isFaulty);
  void setStanding(int tasks);
  [[nodiscard]] NodeGeometry geometry() const noexcept { return m_geometry; }

  /// The port at this place of the node; nothing when there is none near.
  [[nodiscard]] std::optional<PortRef> portAt(QPointF place) const;
  [[nodiscard]] QPointF portPlace(PortRef port) const;
  [[nodiscard]] const PortInfo& port(PortRef port) const;
  /// In the scene; the middle of its side for a name the node does not have.
  [[nodiscard]] QPointF anchorOf(const std::string& port, bool isOutput) const;
  /// Whether a port is drawn: that of the dead letters only where it is wired, or its node has the attention.
  [[nodiscard]] bool isPortShown(PortRef port) const;

protected:
  void hoverEnterEvent(QGraphicsSceneHoverEvent* event) override;
  void hoverMoveEvent(QGraphicsSceneHoverEvent* event) override;
  void hoverLeaveEvent(QGraphicsSceneHoverEvent* event) override;

private:
  NodeContent m_content;
  NodeGeometry m_geometry;
  bool m_isHovered = false;
};

}  // namespace millrace::workbench
