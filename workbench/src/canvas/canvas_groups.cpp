// Groups, comments and what differs from the deployed topology: what the canvas shows beside nodes and wires.

#include <QPainter>
#include <algorithm>

#include "canvas/canvas_scene.hpp"
#include "canvas/node_painter.hpp"
#include "canvas/theme.hpp"
#include "core/text.hpp"

namespace millrace::workbench {

void CanvasScene::synchroniseGroups() {
  const auto& groups = m_document.layout().groups;
  std::erase_if(m_groups, [&](const auto& entry) {
    if (groups.contains(entry.first)) return false;
    m_move.reset();
    // Told while it is still there: whoever hears of it looks at all of them.
    entry.second->setSelected(false);
    delete entry.second;
    return true;
  });
  for (const auto& [title, group] : groups) {
    GroupContent content{title, group.actors.size(), group.isCollapsed, std::nullopt};
    for (const auto& actor : group.actors) {
      const auto* item = node(actor);
      if (item == nullptr || !item->content().figures) continue;
      content.health = std::max(content.health.value_or(Health::Idle), item->content().figures->health);
    }
    auto& item = m_groups[title];
    if (item == nullptr) {
      item = new GroupItem{std::move(content)};
      addItem(item);
    } else {
      item->setContent(std::move(content));
    }
  }
  for (const auto& [name, item] : m_nodes) item->setVisible(standIn(name) == item);
  placeGroups();
}

/// Frames follow their nodes.
void CanvasScene::placeGroups() {
  for (const auto& [title, item] : m_groups) {
    QRectF all;
    for (const auto& actor : m_document.layout().groups.at(title).actors) {
      if (const auto* member = node(actor)) all |= member->mapRectToScene(member->geometry().box());
    }
    item->surround(all);
  }
}

void CanvasScene::synchroniseComments() {
  const auto& comments = m_document.layout().comments;
  std::erase_if(m_comments, [&](const auto& entry) {
    if (comments.contains(entry.first)) return false;
    m_move.reset();
    // Told while it is still there: whoever hears of it looks at all of them.
    entry.second->setSelected(false);
    delete entry.second;
    return true;
  });
  for (const auto& [id, comment] : comments) {
    auto& item = m_comments[id];
    if (item == nullptr) {
      item = new CommentItem{id, toQt(comment.text)};
      addItem(item);
    }
    item->setText(toQt(comment.text));
    item->setPos(comment.place);
  }
}

GroupItem* CanvasScene::group(const std::string& title) const {
  const auto at = m_groups.find(title);
  return at == m_groups.end() ? nullptr : at->second;
}

CommentItem* CanvasScene::comment(const std::string& id) const {
  const auto at = m_comments.find(id);
  return at == m_comments.end() ? nullptr : at->second;
}

QGraphicsItem* CanvasScene::standIn(const std::string& actor) const {
  if (const auto* title = m_document.layout().groupOf(actor)) {
    auto* box = group(*title);
    if (box != nullptr && box->content().isCollapsed) return box;
  }
  return node(actor);
}

QPointF CanvasScene::endOf(const std::string& actor, const std::string& port, bool isOutput) const {
  auto* stand = standIn(actor);
  if (stand->type() == GroupItem::Type) return static_cast<GroupItem*>(stand)->anchor(isOutput);
  return static_cast<NodeItem*>(stand)->anchorOf(port, isOutput);
}

std::vector<std::string> CanvasScene::selectedGroups() const {
  std::vector<std::string> titles;
  for (const auto& [title, item] : m_groups) {
    if (item->isSelected()) titles.push_back(title);
  }
  return titles;
}

std::vector<std::string> CanvasScene::selectedComments() const {
  std::vector<std::string> ids;
  for (const auto& [id, item] : m_comments) {
    if (item->isSelected()) ids.push_back(id);
  }
  return ids;
}

std::vector<std::string> CanvasScene::meantActors() const {
  std::vector<std::string> names;
  for (const auto& actor : m_document.spec().actors) {
    const auto* title = m_document.layout().groupOf(actor.name);
    const auto* own = node(actor.name);
    const auto* frame = title == nullptr ? nullptr : group(*title);
    if ((own != nullptr && own->isSelected()) || (frame != nullptr && frame->isSelected())) names.push_back(actor.name);
  }
  return names;
}

void CanvasScene::selectGroup(const std::string& title) {
  auto* item = group(title);
  selectTogether(item == nullptr ? std::vector<QGraphicsItem*>{} : std::vector<QGraphicsItem*>{item});
}

void CanvasScene::selectComment(const std::string& id) {
  auto* item = comment(id);
  selectTogether(item == nullptr ? std::vector<QGraphicsItem*>{} : std::vector<QGraphicsItem*>{item});
}

void CanvasScene::showDifferences(const Drawing* deployed) {
  if (deployed == nullptr) {
    m_deployed.reset();
  } else {
    m_deployed = *deployed;
  }
  markDifferences();
  update();
}

void CanvasScene::showFaults(const std::set<std::string>& actors) {
  m_faulty = actors;
  for (const auto& [name, item] : m_nodes) item->setFaulty(actors.contains(name));
}

void CanvasScene::markDifferences() {
  m_differences =
      m_deployed ? differences(m_deployed->spec, m_document.spec(), m_catalogue) : std::vector<Difference>{};
  std::map<std::string, ChangeKind> actors;
  std::set<std::string> streams;
  for (const auto& d : m_differences) {
    if (d.stream) {
      streams.insert(channelOf(*d.stream));
    } else {
      actors.try_emplace(d.actor, d.kind);
    }
  }
  for (const auto& [name, item] : m_nodes) {
    const auto own = actors.find(name);
    item->setChange(own == actors.end() ? std::nullopt : std::optional{own->second});
  }
  for (auto* wire : m_wires) {
    const bool isNew = !streams.empty() && streams.contains(channelOf(wire->stream()));
    wire->setChange(isNew ? std::optional{ChangeKind::Added} : std::nullopt);
  }
  enclose();
}

std::optional<QRectF> CanvasScene::deployedBox(const std::string& actor) const {
  const QSizeF size{NodeGeometry::width, NodeGeometry::heightMin};
  if (const auto* present = standIn(actor)) return QRectF{present->pos(), size};
  const auto place = m_deployed->layout.places.find(actor);
  return place == m_deployed->layout.places.end() ? std::nullopt : std::optional{QRectF{place->second, size}};
}

void CanvasScene::paintRemoved(QPainter& painter) const {
  const auto& theme = Theme::current();
  QPen pen{theme.of(ChangeKind::Removed), 2, Qt::DashLine};
  for (const auto& difference : m_differences) {
    if (difference.kind != ChangeKind::Removed) continue;
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    if (difference.stream) {
      const auto from = deployedBox(difference.stream->from_actor);
      const auto to = deployedBox(difference.stream->to_actor);
      if (from && to) {
        painter.drawPath(WireItem::curve({from->right(), from->top() + 40}, {to->left(), to->top() + 40}));
      }
    } else if (const auto box = deployedBox(difference.actor)) {
      painter.drawRoundedRect(*box, 5, 5);
      painter.setFont(ownFont(13, true));
      painter.drawText(QPointF{box->left() + 14, box->top() + 21}, toQt(difference.actor));
      paintChange(painter, box->topLeft(), ChangeKind::Removed, theme);
    }
  }
}

}  // namespace millrace::workbench
