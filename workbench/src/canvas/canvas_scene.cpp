#include "canvas/canvas_scene.hpp"

#include <QGraphicsSceneMouseEvent>
#include <QSignalBlocker>
#include <algorithm>
#include <memory>
#include <set>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

/// Room around the nodes that the view can scroll over.
constexpr double sceneMargin = 2000;

}  // namespace

CanvasScene::CanvasScene(Document& document, const ActorCatalogue& catalogue, QObject* parent)
    : QGraphicsScene{parent}, m_document{document}, m_catalogue{catalogue} {
  connect(&document, &Document::changed, this, &CanvasScene::synchronise);
  connect(this, &QGraphicsScene::selectionChanged, this, &CanvasScene::actorSelectionChanged);
  refresh();
}

void CanvasScene::refresh() {
  synchroniseNodes();
  synchroniseComments();
  synchroniseGroups();
  synchroniseWires();
  markDifferences();
}

void CanvasScene::enclose() {
  setSceneRect(nodesRect().adjusted(-sceneMargin, -sceneMargin, sceneMargin, sceneMargin));
}

void CanvasScene::repaintAll() {
  for (auto* item : items()) item->update();
  update();
}

void CanvasScene::synchronise(const Edit& edit, bool forward) {
  // A renamed actor keeps its item, and with it its selection.
  for (const auto& change : edit.changes) {
    const auto* actor = std::get_if<ActorChange>(&change);
    if (actor == nullptr || !actor->before || !actor->after || actor->before->name == actor->after->name) continue;
    auto moved = m_nodes.extract(forward ? actor->before->name : actor->after->name);
    if (moved.empty()) continue;
    moved.key() = forward ? actor->after->name : actor->before->name;
    m_nodes.insert(std::move(moved));
  }
  refresh();
  Q_EMIT actorSelectionChanged();
}

CanvasScene::StreamsAt CanvasScene::streamsAt() const {
  StreamsAt streams;
  for (const auto& s : m_document.spec().streams) {
    streams[s.from_actor].push_back(&s);
    if (s.to_actor != s.from_actor) streams[s.to_actor].push_back(&s);
  }
  return streams;
}

NodeContent CanvasScene::contentOf(const actor_spec& actor, const StreamsAt& streams) const {
  NodeContent c;
  c.name = actor.name;
  c.parallelism = actor.parallelism;
  const auto* type = m_catalogue.find(actor.type);
  c.isKnown = type != nullptr || m_catalogue.isEmpty();
  c.typeTitle = type != nullptr ? toQt(type->title) : toQt(actor.type);
  if (type != nullptr) {
    c.kind = type->kind;
    c.inputs = type->inputs;
    c.outputs = type->outputs;
  }
  const auto own = streams.find(actor.name);
  const auto wire = [](std::vector<PortInfo>& ports, std::vector<bool>& wired, const std::string& name) {
    const auto at = std::ranges::find(ports, name, &PortInfo::name);
    const auto index = static_cast<std::size_t>(at - ports.begin());
    // One that only the stream knows: of a type this engine lacks.
    if (at == ports.end()) ports.push_back({name, {}, false});
    wired.resize(ports.size());
    wired[index] = true;
  };
  if (own != streams.end()) {
    for (const auto* s : own->second) {
      if (s->to_actor == actor.name) wire(c.inputs, c.isInputWired, s->to_port);
      if (s->from_actor == actor.name) wire(c.outputs, c.isOutputWired, s->from_port);
    }
  }
  c.isInputWired.resize(c.inputs.size());
  c.isOutputWired.resize(c.outputs.size());
  if (const auto problem = m_problems.find(actor.name); problem != m_problems.end()) c.problem = problem->second;
  if (m_run != nullptr) {
    if (const auto f = m_run->actors.find(actor.name); f != m_run->actors.end()) c.figures = f->second;
  }
  if (const auto pins = m_document.layout().pins.find(actor.name); pins != m_document.layout().pins.end()) {
    QStringList names;
    for (const auto& node : pins->second) names << toQt(node);
    c.pins = names.join(QStringLiteral(", "));
  }
  c.isStale = m_isStale;
  c.isFaulty = m_faulty.contains(actor.name);
  c.standing = m_breaks.standingOf(actor.name);
  return c;
}

void CanvasScene::synchroniseNodes() {
  std::set<std::string> present;
  const auto& places = m_document.layout().places;
  const auto streams = streamsAt();
  for (const auto& actor : m_document.spec().actors) {
    present.insert(actor.name);
    auto& item = m_nodes[actor.name];
    if (item == nullptr) {
      item = new NodeItem{contentOf(actor, streams)};
      addItem(item);
    } else {
      item->setContent(contentOf(actor, streams));
    }
    if (const auto place = places.find(actor.name); place != places.end()) item->setPos(place->second);
  }
  std::erase_if(m_nodes, [&](const auto& entry) {
    if (present.contains(entry.first)) return false;
    m_drag.reset();
    m_move.reset();
    delete entry.second;
    return true;
  });
}

void CanvasScene::synchroniseWires() {
  const auto& streams = m_document.spec().streams;
  while (m_wires.size() > streams.size()) {
    // Out of sight first: one that is selected tells of its end, and whoever hears of it looks at all wires.
    const std::unique_ptr<WireItem> gone{m_wires.back()};
    m_wires.pop_back();
  }
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (i == m_wires.size()) {
      m_wires.push_back(new WireItem{streams[i]});
      addItem(m_wires[i]);
    } else if (m_wires[i]->stream() != streams[i]) {
      m_wires[i]->setSelected(false);
      m_wires[i]->setStream(streams[i]);
    }
  }
  placeWires();
}

void CanvasScene::placeWires() {
  for (auto* wire : m_wires) {
    const auto& s = wire->stream();
    wire->setBreakpoint(m_breaks.on(s) != nullptr, m_breaks.standingAt(s));
    const auto* from = node(s.from_actor);
    const bool isShown = from != nullptr && node(s.to_actor) != nullptr && standIn(s.from_actor) != standIn(s.to_actor);
    const bool isWithin = from != nullptr && from == node(s.to_actor);
    wire->setVisible(isShown || isWithin);
    if (!isShown && !isWithin) continue;
    wire->setEnds(endOf(s.from_actor, s.from_port, true), endOf(s.to_actor, s.to_port, false));
    if (const auto& f = from->content().figures) {
      wire->setLoad(WireLoad{f->outPerS, f->fill, m_isStale});
    } else {
      wire->setLoad(std::nullopt);
    }
  }
}

void CanvasScene::showFigures(const RunFigures* run, bool isStale) {
  m_run = run;
  m_isStale = isStale;
  for (const auto& [name, item] : m_nodes) {
    const ActorFigures* figures = nullptr;
    if (run != nullptr) {
      if (const auto f = run->actors.find(name); f != run->actors.end()) figures = &f->second;
    }
    item->setFigures(figures, isStale);
  }
  synchroniseGroups();
  placeWires();
}

void CanvasScene::showBreaks(const BreakState& breaks) {
  if (breaks == m_breaks) return;
  m_breaks = breaks;
  for (const auto& [name, item] : m_nodes) item->setStanding(m_breaks.standingOf(name));
  placeWires();
}

void CanvasScene::showProblems(const ProblemList& problems) {
  m_problems.clear();
  for (const auto& p : problems) {
    if (p.actor.empty()) continue;
    auto& worst = m_problems.try_emplace(p.actor, p.level).first->second;
    worst = std::max(worst, p.level);
  }
  synchroniseNodes();
  synchroniseGroups();
  markDifferences();
}

NodeItem* CanvasScene::node(const std::string& actor) const {
  const auto at = m_nodes.find(actor);
  return at == m_nodes.end() ? nullptr : at->second;
}

WireItem* CanvasScene::wire(const stream_spec& stream) const {
  const auto at = std::ranges::find_if(m_wires, [&](const WireItem* w) { return w->stream() == stream; });
  return at == m_wires.end() ? nullptr : *at;
}

QRectF CanvasScene::nodesRect() const {
  QRectF all;
  for (const auto& [name, item] : m_nodes) {
    if (item->isVisible()) all |= item->mapRectToScene(item->boundingRect());
  }
  for (const auto& [title, item] : m_groups) all |= item->sceneBoundingRect();
  for (const auto& [id, item] : m_comments) all |= item->sceneBoundingRect();
  for (const auto& d : m_differences) {
    if (d.kind != ChangeKind::Removed || d.stream) continue;
    if (const auto box = deployedBox(d.actor)) all |= *box;
  }
  return all;
}

std::vector<std::string> CanvasScene::selectedActors() const {
  std::vector<std::string> names;
  for (const auto& actor : m_document.spec().actors) {
    const auto* item = node(actor.name);
    if (item != nullptr && item->isSelected()) names.push_back(actor.name);
  }
  return names;
}

std::vector<stream_spec> CanvasScene::selectedStreams() const {
  std::vector<stream_spec> streams;
  for (const auto* wire : m_wires) {
    if (wire->isSelected()) streams.push_back(wire->stream());
  }
  return streams;
}

/// As one change: what hears of a selection makes a form for it, which nobody needs for each of four hundred.
void CanvasScene::selectTogether(const std::vector<QGraphicsItem*>& items) {
  {
    const QSignalBlocker quiet{this};
    clearSelection();
    for (auto* item : items) item->setSelected(true);
  }
  Q_EMIT selectionChanged();
}

void CanvasScene::select(const std::vector<std::string>& actors) {
  std::vector<QGraphicsItem*> items;
  for (const auto& name : actors) {
    if (auto* item = standIn(name)) items.push_back(item);
  }
  selectTogether(items);
}

void CanvasScene::selectAll() {
  std::vector<QGraphicsItem*> items;
  for (const auto& [name, item] : m_nodes) {
    if (item->isVisible()) items.push_back(item);
  }
  selectTogether(items);
}

void CanvasScene::selectStream(const stream_spec& stream) {
  std::vector<QGraphicsItem*> items;
  if (auto* found = wire(stream)) items.push_back(found);
  selectTogether(items);
}

}  // namespace millrace::workbench
