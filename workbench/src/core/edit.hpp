#pragma once

#include <QPointF>
#include <QString>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/topology_layout.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

// What an edit is made of. Each change knows both sides, so that it can be undone without looking elsewhere; an absent
// side means "not there". Indexes are those at the moment the change is applied, in order.
struct ActorChange {
  std::size_t index;
  std::optional<actor_spec> before, after;
};
struct StreamChange {
  std::size_t index;
  std::optional<stream_spec> before, after;
};
struct PlaceChange {
  std::string actor;
  std::optional<QPointF> before, after;
};
struct GroupChange {
  std::string title;
  std::optional<NodeGroup> before, after;
};
struct CommentChange {
  std::string id;
  std::optional<Comment> before, after;
};
struct PinsChange {
  std::string actor;
  std::optional<std::vector<std::string>> before, after;  // nodes
};
struct NodesChange {
  std::vector<std::string> before, after;
};
/// Groups of supervision, all of them: there are few, and an actor is in one at most.
struct SupervisionChange {
  std::vector<group_spec> before, after;
};
struct SettingsChange {
  topology_settings before, after;
};
struct NameChange {
  std::string before, after;
};
using Change = std::variant<ActorChange, StreamChange, PlaceChange, GroupChange, CommentChange, PinsChange, NodesChange,
                            SupervisionChange, SettingsChange, NameChange>;

/// One gesture of the user: a title for the Edit menu, and its changes.
struct Edit {
  QString title;
  std::vector<Change> changes;

  [[nodiscard]] bool isEmpty() const noexcept { return changes.empty(); }
};

/// A topology with its layout.
struct Drawing {
  topology spec;
  TopologyLayout layout;
};

/// Carries a change out, or takes it back.
void apply(const Change& change, bool forward, Drawing& drawing);

/// Collects the changes of one gesture against a copy of the drawing, so that each sees what those before it did.
class EditBuilder {
public:
  explicit EditBuilder(const Drawing& drawing) : m_drawing{drawing} {}

  [[nodiscard]] const Drawing& drawing() const noexcept { return m_drawing; }
  /// The index of an actor; nothing when there is none of that name.
  [[nodiscard]] std::optional<std::size_t> find(const std::string& actor) const;

  void addActor(actor_spec actor, QPointF place);
  void changeActor(std::size_t index, actor_spec after);
  /// With its streams, its place and its nodes, and out of its groups.
  void removeActor(const std::string& actor);
  /// Nothing happens when the stream is there already.
  void addStream(stream_spec stream);
  void removeStream(const stream_spec& stream);
  void move(const std::string& actor, QPointF place);
  /// Nothing: there is to be none of that title. A group that loses its last actor goes.
  void setGroup(const std::string& title, std::optional<NodeGroup> after);
  void takeOutOfGroup(const std::string& actor);
  /// Nothing: there is to be none.
  void setComment(const std::string& id, std::optional<Comment> after);
  /// The nodes an actor runs on. Nothing, or none: where the topology was given to.
  void setPins(const std::string& actor, std::optional<std::vector<std::string>> after);
  /// Where actors without pins run. None: where the topology was given to.
  void setNodes(std::vector<std::string> after);
  /// The groups of supervision; one that has no actor goes.
  void setSupervision(std::vector<group_spec> after);
  void changeSettings(topology_settings after);
  void rename(std::string topology_name);
  /// The actor, the ends of its streams, its place, its nodes, and its name in its groups.
  void renameActor(const std::string& from, const std::string& to);

  [[nodiscard]] Edit take(QString title) { return {std::move(title), std::move(m_changes)}; }

private:
  void record(Change change);

  Drawing m_drawing;
  std::vector<Change> m_changes;
};

}  // namespace millrace::workbench
