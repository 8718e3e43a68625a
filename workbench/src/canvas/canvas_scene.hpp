#pragma once

#include <QGraphicsScene>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "canvas/node_item.hpp"
#include "canvas/wire_drag.hpp"
#include "canvas/wire_item.hpp"
#include "core/actor_catalogue.hpp"
#include "core/document.hpp"
#include "core/problem_list.hpp"

namespace millrace::workbench {

/// The drawing of one document: a node for each actor, a wire for each stream. It holds nothing of its own; what the
/// user does here becomes an edit of the document, and comes back from there.
///
/// Thread: GUI.
class CanvasScene final : public QGraphicsScene {
  Q_OBJECT

public:
  CanvasScene(Document& document, const ActorCatalogue& catalogue, QObject* parent = nullptr);

  [[nodiscard]] Document& document() const noexcept { return m_document; }
  [[nodiscard]] const ActorCatalogue& catalogue() const noexcept { return m_catalogue; }

  /// In the order of the document.
  [[nodiscard]] std::vector<std::string> selectedActors() const;
  [[nodiscard]] std::vector<stream_spec> selectedStreams() const;
  void select(const std::vector<std::string>& actors);
  void selectStream(const stream_spec& stream);
  [[nodiscard]] NodeItem* node(const std::string& actor) const;
  [[nodiscard]] QRectF nodesRect() const;

  /// What the engine tells; nothing: it does not run here.
  void showFigures(const RunFigures* run, bool isStale);
  void showProblems(const ProblemList& problems);
  /// Again from the document and the catalogue, which has changed.
  void refresh();
  /// After the theme has changed.
  void repaintAll();

  [[nodiscard]] const WireDrag* wireDrag() const noexcept { return m_drag ? &*m_drag : nullptr; }

Q_SIGNALS:
  /// One line for the status bar; empty: nothing to say any more.
  void hint(const QString& text);
  /// The selection, in whatever way.
  void actorSelectionChanged();

protected:
  void mousePressEvent(QGraphicsSceneMouseEvent* event) override;
  void mouseMoveEvent(QGraphicsSceneMouseEvent* event) override;
  void mouseReleaseEvent(QGraphicsSceneMouseEvent* event) override;
  void drawForeground(QPainter* painter, const QRectF& rect) override;

private:
  void synchronise(const Edit& edit, bool forward);
  void synchroniseNodes();
  void synchroniseWires();
  [[nodiscard]] NodeContent contentOf(const actor_spec& actor) const;
  void placeWires();
  void pushMoves();
  [[nodiscard]] NodeItem* nodeAt(QPointF place) const;
  void dragTo(QPointF place);

  Document& m_document;
  const ActorCatalogue& m_catalogue;
  std::map<std::string, NodeItem*> m_nodes;
  std::vector<WireItem*> m_wires;  // by stream index
  std::map<std::string, Health> m_problems;
  const RunFigures* m_run = nullptr;
  bool m_isStale = false;
  std::optional<WireDrag> m_drag;
  bool m_isMoving = false;
};

}  // namespace millrace::workbench
