#include "core/nodes_model.hpp"

#include <QMimeData>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

/// Of a row of a task: one more than the row of its node; 0: a node.
constexpr quintptr nodeId = 0;

QString labelsOf(const json& j) {
  QStringList words;
  const auto& labels = memberOf(j, "labels");
  if (!labels.is_object()) return {};
  for (const auto& [name, value] : labels.items()) {
    if (value.is_string()) words << QStringLiteral("%1=%2").arg(toQt(name), toQt(value.get<std::string>()));
  }
  return words.join(QLatin1Char(' '));
}

NodeFacts targetOf(const json& node) {
  NodeFacts facts;
  facts.name = textOf(node, "node");
  facts.address = textOf(node, "address");
  facts.version = textOf(node, "version");
  facts.fingerprint = textOf(node, "fingerprint");
  facts.labels = labelsOf(node);
  facts.health = Health::Ok;
  facts.state = NodesModel::tr("target");
  facts.isTarget = true;
  for (const auto& guest : listOf(node, "guests")) {
    if (guest.is_object()) {
      facts.tasks << NodesModel::tr("%1: %2 tasks for node %3")
                         .arg(textOf(guest, "topology"))
                         .arg(numberOf(guest, "tasks"))
                         .arg(textOf(guest, "lead"));
    }
  }
  return facts;
}

NodeFacts peerOf(const json& peer, const json* link) {
  NodeFacts facts;
  facts.name = textOf(peer, "name");
  facts.address = textOf(peer, "control_address");
  facts.fingerprint = textOf(peer, "fingerprint");
  facts.labels = labelsOf(peer);
  if (link == nullptr) {
    facts.state = NodesModel::tr("no link");
    return facts;
  }
  const bool isReached = flagOf(*link, "reached");
  facts.problem = textOf(*link, "problem");
  facts.health = !isReached ? Health::Critical : facts.problem.isEmpty() ? Health::Ok : Health::Warning;
  facts.state = isReached ? NodesModel::tr("linked") : NodesModel::tr("not reached");
  facts.roundTripMs = numberOf(*link, "round_trip_us") / 1000;
  facts.bytesSent = numberOf(*link, "bytes_sent");
  facts.bytesReceived = numberOf(*link, "bytes_received");
  facts.resent = numberOf(*link, "messages_resent");
  facts.losses = numberOf(*link, "losses");
  return facts;
}

}  // namespace

std::vector<NodeFacts> readNodes(const json& node, const json& peers) {
  std::vector<NodeFacts> all;
  if (!node.is_object()) return all;
  all.push_back(targetOf(node));
  const auto& links = listOf(node, "links");
  for (const auto& peer : peers.is_array() ? peers : json::array()) {
    if (!peer.is_object()) continue;
    const auto link = std::ranges::find_if(
        links, [&](const json& l) { return l.is_object() && textOf(l, "node") == textOf(peer, "name"); });
    all.push_back(peerOf(peer, link == links.end() ? nullptr : &*link));
  }
  return all;
}

void addTasks(std::vector<NodeFacts>& nodes, const std::map<std::string, RunFigures>& runs) {
  if (nodes.empty()) return;
  for (const auto& [topology, run] : runs) {
    std::set<QString> places{nodes.front().name};
    for (const auto& [actor, f] : run.actors) {
      for (int i = 0; i < f.partitions; ++i) {
        const auto elsewhere = f.nodes.find(i);
        const auto name = elsewhere == f.nodes.end() ? nodes.front().name : elsewhere->second;
        const auto at = std::ranges::find(nodes, name, &NodeFacts::name);
        if (at == nodes.end()) continue;
        at->tasks << QStringLiteral("%1: %2/%3").arg(toQt(topology), toQt(actor)).arg(i);
        places.insert(name);
      }
    }
    for (auto& node : nodes) {
      if (places.contains(node.name)) node.hosted << toQt(topology);
    }
  }
}

void NodesModel::setNodes(std::vector<NodeFacts> nodes) {
  // Where the user is in it stays as long as the rows are the same.
  const bool isSame = std::ranges::equal(
      nodes, m_nodes, [](const NodeFacts& a, const NodeFacts& b) { return a.name == b.name && a.tasks == b.tasks; });
  if (!isSame) {
    beginResetModel();
    m_nodes = std::move(nodes);
    endResetModel();
    return;
  }
  m_nodes = std::move(nodes);
  if (!m_nodes.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

QString NodesModel::nodeAt(const QModelIndex& index) const {
  if (!index.isValid()) return {};
  const auto row = index.internalId() == nodeId ? static_cast<std::size_t>(index.row()) : index.internalId() - 1;
  return row < m_nodes.size() ? m_nodes[row].name : QString{};
}

QModelIndex NodesModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row()) + 1 : nodeId);
}

QModelIndex NodesModel::parent(const QModelIndex& child) const {
  if (!child.isValid() || child.internalId() == nodeId) return {};
  return createIndex(static_cast<int>(child.internalId() - 1), 0, nodeId);
}

int NodesModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return static_cast<int>(m_nodes.size());
  if (parent.internalId() != nodeId || parent.column() != 0) return 0;
  return static_cast<int>(m_nodes[static_cast<std::size_t>(parent.row())].tasks.size());
}

int NodesModel::columnCount(const QModelIndex&) const {
  return ColumnCount;
}

QVariant NodesModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  if (index.internalId() != nodeId) {
    const auto& owner = m_nodes[index.internalId() - 1];
    return index.column() == Name && role == Qt::DisplayRole ? owner.tasks[index.row()] : QVariant{};
  }
  const auto& node = m_nodes[static_cast<std::size_t>(index.row())];
  if (role == healthRole) return static_cast<int>(node.health);
  if (role == Qt::ToolTipRole) {
    auto text = tr("%1\nfingerprint %2").arg(node.name, node.fingerprint);
    if (!node.labels.isEmpty()) text += tr("\nlabels %1").arg(node.labels);
    if (!node.hosted.isEmpty()) text += tr("\ntopologies %1").arg(node.hosted.join(QStringLiteral(", ")));
    if (!node.problem.isEmpty()) text += tr("\nthe link: %1").arg(node.problem);
    return text;
  }
  if (role == Qt::TextAlignmentRole && index.column() >= Topologies) {
    return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
  }
  if (role != Qt::DisplayRole) return {};
  const bool hasLink = node.roundTripMs >= 0;
  const auto none = QStringLiteral("–");
  switch (index.column()) {
    case Name:
      return node.name;
    case State:
      return node.problem.isEmpty() ? node.state : node.problem;
    case Address:
      return node.address.isEmpty() ? tr("this machine only") : node.address;
    case Version:
      return node.version.isEmpty() ? none : node.version;
    case Topologies:
      return QString::number(node.hosted.size());
    case Tasks:
      return QString::number(node.tasks.size());
    case RoundTrip:
      return hasLink ? tr("%1 ms").arg(node.roundTripMs, 0, 'f', 1) : none;
    case Traffic:
      return hasLink ? QStringLiteral("%1 / %2").arg(bytesText(node.bytesSent), bytesText(node.bytesReceived)) : none;
    default:
      return hasLink ? countText(node.resent) : none;
  }
}

QVariant NodesModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole && section >= Topologies) {
    return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
  }
  if (role != Qt::DisplayRole) return {};
  static const std::array titles{QT_TR_NOOP("Node"),       QT_TR_NOOP("State"),           QT_TR_NOOP("Address"),
                                 QT_TR_NOOP("Version"),    QT_TR_NOOP("Topologies"),      QT_TR_NOOP("Tasks"),
                                 QT_TR_NOOP("Round trip"), QT_TR_NOOP("Sent / received"), QT_TR_NOOP("Sent again")};
  return tr(titles[static_cast<std::size_t>(section)]);
}

Qt::ItemFlags NodesModel::flags(const QModelIndex& index) const {
  auto flags = QAbstractItemModel::flags(index);
  return index.isValid() ? flags | Qt::ItemIsDragEnabled : flags;
}

QStringList NodesModel::mimeTypes() const {
  return {QLatin1String(nodeMime)};
}

QMimeData* NodesModel::mimeData(const QModelIndexList& indexes) const {
  auto* mime = new QMimeData;
  if (!indexes.isEmpty()) mime->setData(QLatin1String(nodeMime), nodeAt(indexes.front()).toUtf8());
  return mime;
}

}  // namespace millrace::workbench
