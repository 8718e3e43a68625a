#pragma once

#include <QPainter>
#include <QPointF>
#include <QString>
#include <functional>
#include <optional>
#include <string>

#include "canvas/node_item.hpp"
#include "core/wiring_rules.hpp"

namespace millrace::workbench {

/// A wire in the user's hand, from a port to the pointer: it looks for a port to end at, says why one is refused, and
/// which ones would do. Pure but for painting.
class WireDrag {
public:
  /// Whether a stream would be refused, as in `streamRefusal`.
  using Judge = std::function<Refusal(const stream_spec&)>;

  WireDrag(NodeItem& node, PortRef port, Judge judge);

  /// The pointer moves, over this node or over none.
  void moveTo(QPointF place, NodeItem* over);
  /// The stream that letting go now would make; nothing when there is no port, or it is refused.
  [[nodiscard]] std::optional<stream_spec> result() const;
  [[nodiscard]] const Refusal& refusal() const noexcept { return m_refusal; }
  /// Whether a port would do as the other end.
  [[nodiscard]] bool isWelcome(const NodeItem& node, PortRef port) const;

  /// The wire, the ring around the port it would end at, and the reason when it may not. `pixel`: canvas units a pixel.
  void paint(QPainter& painter, double pixel) const;
  [[nodiscard]] bool isFromOutput() const noexcept { return m_port.isOutput; }

private:
  [[nodiscard]] stream_spec streamTo(const NodeItem& node, PortRef port) const;
  [[nodiscard]] std::optional<PortRef> portFor(const NodeItem& over, QPointF place) const;

  NodeItem* m_node;
  PortRef m_port;
  Judge m_judge;
  QPointF m_place;
  NodeItem* m_over = nullptr;
  std::optional<PortRef> m_target;
  Refusal m_refusal;
};

}  // namespace millrace::workbench
