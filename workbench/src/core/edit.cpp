#include "core/edit.hpp"

#include <algorithm>

namespace millrace::workbench {
namespace {

template <class T>
void applyAt(std::vector<T>& items, std::size_t index, const std::optional<T>& from, const std::optional<T>& to) {
  const auto at = items.begin() + static_cast<std::ptrdiff_t>(index);
  if (from && to) {
    *at = *to;
  } else if (to) {
    items.insert(at, *to);
  } else {
    items.erase(at);
  }
}

template <class T>
void put(std::map<std::string, T>& entries, const std::string& name, const std::optional<T>& to) {
  if (to) {
    entries[name] = *to;
  } else {
    entries.erase(name);
  }
}

template <class T>
std::optional<T> presentIn(const std::map<std::string, T>& entries, const std::string& name) {
  const auto at = entries.find(name);
  return at == entries.end() ? std::nullopt : std::optional{at->second};
}

struct Applier {
  Drawing& drawing;
  bool forward;

  template <class T>
  [[nodiscard]] const T& from(const T& before, const T& after) const {
    return forward ? before : after;
  }

  void operator()(const ActorChange& c) const {
    applyAt(drawing.spec.actors, c.index, from(c.before, c.after), from(c.after, c.before));
  }
  void operator()(const StreamChange& c) const {
    applyAt(drawing.spec.streams, c.index, from(c.before, c.after), from(c.after, c.before));
  }
  void operator()(const PlaceChange& c) const { put(drawing.layout.places, c.actor, from(c.after, c.before)); }
  void operator()(const GroupChange& c) const { put(drawing.layout.groups, c.title, from(c.after, c.before)); }
  void operator()(const CommentChange& c) const { put(drawing.layout.comments, c.id, from(c.after, c.before)); }
  void operator()(const PinsChange& c) const { put(drawing.layout.pins, c.actor, from(c.after, c.before)); }
  void operator()(const NodesChange& c) const { drawing.layout.nodes = from(c.after, c.before); }
  void operator()(const SupervisionChange& c) const { drawing.spec.groups = from(c.after, c.before); }
  void operator()(const SettingsChange& c) const { drawing.spec.settings = from(c.after, c.before); }
  void operator()(const NameChange& c) const { drawing.spec.name = from(c.after, c.before); }
};

}  // namespace

void apply(const Change& change, bool forward, Drawing& drawing) {
  std::visit(Applier{drawing, forward}, change);
}

std::optional<std::size_t> EditBuilder::find(const std::string& actor) const {
  const auto& actors = m_drawing.spec.actors;
  const auto at = std::ranges::find(actors, actor, &actor_spec::name);
  if (at == actors.end()) return std::nullopt;
  return static_cast<std::size_t>(at - actors.begin());
}

void EditBuilder::record(Change change) {
  apply(change, true, m_drawing);
  m_changes.push_back(std::move(change));
}

void EditBuilder::addActor(actor_spec actor, QPointF place) {
  const auto name = actor.name;
  record(ActorChange{m_drawing.spec.actors.size(), std::nullopt, std::move(actor)});
  move(name, place);
}

void EditBuilder::changeActor(std::size_t index, actor_spec after) {
  const auto& before = m_drawing.spec.actors[index];
  if (before == after) return;
  record(ActorChange{index, before, std::move(after)});
}

void EditBuilder::removeActor(const std::string& actor) {
  const auto index = find(actor);
  if (!index) return;
  const auto streams = m_drawing.spec.streams;
  for (const auto& stream : streams) {
    if (stream.from_actor == actor || stream.to_actor == actor) removeStream(stream);
  }
  if (const auto place = presentIn(m_drawing.layout.places, actor)) record(PlaceChange{actor, place, std::nullopt});
  setPins(actor, std::nullopt);
  takeOutOfGroup(actor);
  auto supervision = m_drawing.spec.groups;
  for (auto& g : supervision) std::erase(g.actors, actor);
  setSupervision(std::move(supervision));
  record(ActorChange{*index, m_drawing.spec.actors[*index], std::nullopt});
}

void EditBuilder::addStream(stream_spec stream) {
  const auto& streams = m_drawing.spec.streams;
  if (std::ranges::find(streams, stream) != streams.end()) return;
  record(StreamChange{streams.size(), std::nullopt, std::move(stream)});
}

void EditBuilder::removeStream(const stream_spec& stream) {
  const auto& streams = m_drawing.spec.streams;
  const auto at = std::ranges::find(streams, stream);
  if (at == streams.end()) return;
  record(StreamChange{static_cast<std::size_t>(at - streams.begin()), stream, std::nullopt});
}

void EditBuilder::move(const std::string& actor, QPointF place) {
  const auto before = presentIn(m_drawing.layout.places, actor);
  if (before == place) return;
  record(PlaceChange{actor, before, place});
}

void EditBuilder::setGroup(const std::string& title, std::optional<NodeGroup> after) {
  if (after && after->actors.empty()) after.reset();
  const auto before = presentIn(m_drawing.layout.groups, title);
  if (before == after) return;
  record(GroupChange{title, before, std::move(after)});
}

void EditBuilder::takeOutOfGroup(const std::string& actor) {
  const auto* title = m_drawing.layout.groupOf(actor);
  if (title == nullptr) return;
  const std::string own = *title;
  auto group = m_drawing.layout.groups.at(own);
  group.actors.erase(actor);
  setGroup(own, std::move(group));
}

void EditBuilder::setComment(const std::string& id, std::optional<Comment> after) {
  const auto before = presentIn(m_drawing.layout.comments, id);
  if (before == after) return;
  record(CommentChange{id, before, std::move(after)});
}

void EditBuilder::setPins(const std::string& actor, std::optional<std::vector<std::string>> after) {
  if (after && after->empty()) after.reset();
  const auto before = presentIn(m_drawing.layout.pins, actor);
  if (before == after) return;
  record(PinsChange{actor, before, std::move(after)});
}

void EditBuilder::setNodes(std::vector<std::string> after) {
  if (after == m_drawing.layout.nodes) return;
  record(NodesChange{m_drawing.layout.nodes, std::move(after)});
}

void EditBuilder::setSupervision(std::vector<group_spec> after) {
  std::erase_if(after, [](const group_spec& g) { return g.actors.empty(); });
  if (after == m_drawing.spec.groups) return;
  record(SupervisionChange{m_drawing.spec.groups, std::move(after)});
}

void EditBuilder::changeSettings(topology_settings after) {
  if (after == m_drawing.spec.settings) return;
  record(SettingsChange{m_drawing.spec.settings, after});
}

void EditBuilder::rename(std::string topology_name) {
  if (topology_name == m_drawing.spec.name) return;
  record(NameChange{m_drawing.spec.name, std::move(topology_name)});
}

void EditBuilder::renameActor(const std::string& from, const std::string& to) {
  const auto index = find(from);
  if (!index || from == to) return;
  auto actor = m_drawing.spec.actors[*index];
  actor.name = to;
  changeActor(*index, std::move(actor));
  for (std::size_t i = 0; i < m_drawing.spec.streams.size(); ++i) {
    const auto before = m_drawing.spec.streams[i];
    auto after = before;
    if (after.from_actor == from) after.from_actor = to;
    if (after.to_actor == from) after.to_actor = to;
    if (after != before) record(StreamChange{i, before, after});
  }
  if (const auto place = presentIn(m_drawing.layout.places, from)) {
    record(PlaceChange{from, place, std::nullopt});
    move(to, *place);
  }
  if (const auto pins = presentIn(m_drawing.layout.pins, from)) {
    setPins(from, std::nullopt);
    setPins(to, pins);
  }
  auto supervision = m_drawing.spec.groups;
  for (auto& g : supervision) std::ranges::replace(g.actors, from, to);
  setSupervision(std::move(supervision));
  if (const auto* title = m_drawing.layout.groupOf(from)) {
    const std::string own = *title;
    auto group = m_drawing.layout.groups.at(own);
    group.actors.erase(from);
    group.actors.insert(to);
    setGroup(own, std::move(group));
  }
}

}  // namespace millrace::workbench
