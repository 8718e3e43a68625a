#include "canvas/wire_drag.hpp"

#include <QFontMetricsF>
#include <utility>

#include "canvas/node_painter.hpp"
#include "canvas/theme.hpp"
#include "canvas/wire_item.hpp"

namespace millrace::workbench {
namespace {

constexpr double reasonWidthPixels = 280;

}  // namespace

WireDrag::WireDrag(NodeItem& node, PortRef port, Judge judge)
    : m_node{&node}, m_port{port}, m_judge{std::move(judge)}, m_place{node.mapToScene(node.portPlace(port))} {}

stream_spec WireDrag::streamTo(const NodeItem& node, PortRef port) const {
  const auto& own = m_node->port(m_port).name;
  const auto& other = node.port(port).name;
  if (m_port.isOutput) return {m_node->content().name, own, node.content().name, other};
  return {node.content().name, other, m_node->content().name, own};
}

bool WireDrag::isWelcome(const NodeItem& node, PortRef port) const {
  return port.isOutput != m_port.isOutput && &node != m_node && m_judge(streamTo(node, port)).isEmpty();
}

std::optional<PortRef> WireDrag::portFor(const NodeItem& over, QPointF place) const {
  const auto exact = over.portAt(over.mapFromScene(place));
  if (exact && exact->isOutput != m_port.isOutput) return exact;
  // Anywhere on a node means its first port that fits, or the first one, which then says why not.
  const bool isOutput = !m_port.isOutput;
  const auto count = isOutput ? over.content().outputs.size() : over.content().inputs.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (isWelcome(over, {isOutput, i})) return PortRef{isOutput, i};
  }
  return count > 0 ? std::optional{PortRef{isOutput, 0}} : std::nullopt;
}

void WireDrag::moveTo(QPointF place, NodeItem* over) {
  m_place = place;
  m_over = over == m_node ? nullptr : over;
  m_target = m_over == nullptr ? std::nullopt : portFor(*m_over, place);
  m_refusal.clear();
  if (m_over != nullptr && !m_target) {
    m_refusal =
        m_port.isOutput ? QStringLiteral("this actor has no input") : QStringLiteral("this actor has no output");
  } else if (m_target) {
    m_refusal = m_judge(streamTo(*m_over, *m_target));
  }
}

std::optional<stream_spec> WireDrag::result() const {
  if (!m_target || !m_refusal.isEmpty()) return std::nullopt;
  return streamTo(*m_over, *m_target);
}

void WireDrag::paint(QPainter& painter, double pixel) const {
  const auto& theme = Theme::current();
  const auto colour = m_refusal.isEmpty() ? theme.accent : theme.of(Health::Critical);
  const auto start = m_node->mapToScene(m_node->portPlace(m_port));
  const auto end = m_target ? m_over->mapToScene(m_over->portPlace(*m_target)) : m_place;
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen{colour, 2, m_refusal.isEmpty() ? Qt::SolidLine : Qt::DashLine});
  painter.drawPath(m_port.isOutput ? WireItem::curve(start, end) : WireItem::curve(end, start));
  if (m_target) painter.drawEllipse(end, NodeGeometry::portRadius + 4, NodeGeometry::portRadius + 4);
  if (m_refusal.isEmpty()) return;
  const auto font = ownFont(12 * pixel);
  const QFontMetricsF metrics{font};
  auto words = metrics.boundingRect(QRectF{0, 0, reasonWidthPixels * pixel, 1e4}, Qt::TextWordWrap, m_refusal);
  words.moveTopLeft(m_place + QPointF{18, 18} * pixel);
  const double margin = 8 * pixel;
  const auto box = words.adjusted(-margin, -margin, margin, margin);
  painter.setPen(QPen{colour, pixel});
  painter.setBrush(theme.panel);
  painter.drawRoundedRect(box, 4 * pixel, 4 * pixel);
  painter.setFont(font);
  painter.setPen(theme.text);
  painter.drawText(words, Qt::TextWordWrap, m_refusal);
}

}  // namespace millrace::workbench
