#pragma once

#include <QGraphicsScene>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "canvas/comment_item.hpp"
#include "canvas/group_item.hpp"
#include "canvas/node_item.hpp"
#include "canvas/wire_drag.hpp"
#include "canvas/wire_item.hpp"
#include "core/actor_catalogue.hpp"
#include "core/breakpoints.hpp"
#include "core/difference.hpp"
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
  [[nodiscard]] std::vector<std::string> selectedGroups() const;
  [[nodiscard]] std::vector<std::string> selectedComments() const;
  /// Those that are selected, by themselves or with their group.
  [[nodiscard]] std::vector<std::string> meantActors() const;
  void select(const std::vector<std::string>& actors);
  /// Every actor that is seen.
  void selectAll();
  void selectGroup(const std::string& title);
  void selectComment(const std::string& id);
  void selectStream(const stream_spec& stream);
  [[nodiscard]] NodeItem* node(const std::string& actor) const;
  /// nullptr: there is none.
  [[nodiscard]] WireItem* wire(const stream_spec& stream) const;
  [[nodiscard]] GroupItem* group(const std::string& title) const;
  [[nodiscard]] CommentItem* comment(const std::string& id) const;
  /// What stands for an actor: its node, or the box of the collapsed group it is in.
  [[nodiscard]] QGraphicsItem* standIn(const std::string& actor) const;
  /// Everything moves by this, as one step of undo.
  void nudge(QPointF step);
  /// Around everything that is seen, what was removed since it was deployed too while that is shown.
  [[nodiscard]] QRectF nodesRect() const;

  /// What the engine tells; nothing: it does not run here.
  void showFigures(const RunFigures* run, bool isStale);
  void showProblems(const ProblemList& problems);
  /// Actors that something is being done to.
  void showFaults(const std::set<std::string>& actors);
  /// Breakpoints on wires, and where tasks stand at one.
  void showBreaks(const BreakState& breaks);
  /// Marks what is other than in `deployed`, and keeps doing so; nullptr: no marks.
  void showDifferences(const Drawing* deployed);
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
  /// Somebody wants to write into what is selected.
  void editingWanted();
  /// A wire was clicked.
  void wireClicked(const millrace::stream_spec& stream);
  /// The badge of an actor's dead letters was clicked.
  void lettersWanted(const std::string& actor);

protected:
  void mousePressEvent(QGraphicsSceneMouseEvent* event) override;
  void mouseMoveEvent(QGraphicsSceneMouseEvent* event) override;
  void mouseReleaseEvent(QGraphicsSceneMouseEvent* event) override;
  void mouseDoubleClickEvent(QGraphicsSceneMouseEvent* event) override;
  void drawForeground(QPainter* painter, const QRectF& rect) override;

private:
  void synchronise(const Edit& edit, bool forward);
  void synchroniseNodes();
  void synchroniseWires();
  /// The streams that begin or end at an actor, so that no node looks through all of them.
  using StreamsAt = std::unordered_map<std::string_view, std::vector<const stream_spec*>>;
  [[nodiscard]] StreamsAt streamsAt() const;
  [[nodiscard]] NodeContent contentOf(const actor_spec& actor, const StreamsAt& streams) const;
  void selectTogether(const std::vector<QGraphicsItem*>& items);
  void synchroniseGroups();
  void synchroniseComments();
  void placeGroups();
  void placeWires();
  void markDifferences();
  /// The scene reaches around everything that is seen.
  void enclose();
  [[nodiscard]] QPointF endOf(const std::string& actor, const std::string& port, bool isOutput) const;
  void beginMove(QGraphicsItem& grabbed, QPointF pointer);
  void moveTo(QPointF pointer);
  void endMove();
  /// Where an actor of what is deployed is, or was.
  [[nodiscard]] std::optional<QRectF> deployedBox(const std::string& actor) const;
  /// What was deployed and is not drawn any more, where it was.
  void paintRemoved(QPainter& painter) const;
  [[nodiscard]] NodeItem* nodeAt(QPointF place) const;
  void dragTo(QPointF place);

  Document& m_document;
  const ActorCatalogue& m_catalogue;
  std::map<std::string, NodeItem*> m_nodes;
  std::vector<WireItem*> m_wires;  // by stream index
  std::map<std::string, GroupItem*> m_groups;
  std::map<std::string, CommentItem*> m_comments;
  std::map<std::string, Health> m_problems;
  const RunFigures* m_run = nullptr;
  bool m_isStale = false;
  std::optional<WireDrag> m_drag;
  /// What is being moved, from where, and the one in the hand.
  struct Move {
    QGraphicsItem* grabbed;
    QPointF pointer;
    std::map<QGraphicsItem*, QPointF> origins;
    std::vector<QRectF> others;
    std::vector<QLineF> guides;
  };
  std::optional<Move> m_move;
  std::optional<Drawing> m_deployed;
  std::vector<Difference> m_differences;
  std::set<std::string> m_faulty;
  BreakState m_breaks;
};

}  // namespace millrace::workbench
