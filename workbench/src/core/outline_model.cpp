#include "core/outline_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/layout_edits.hpp"
#include "core/text.hpp"
#include "core/topology_edits.hpp"
#include "core/wiring_rules.hpp"

namespace millrace::workbench {
namespace {

constexpr auto arrow = " -> ";

QVariant shown(const std::optional<QString>& text) {
  return text ? QVariant{*text} : QVariant{};
}

std::optional<QString> lagText(const ActorFigures& f) {
  if (f.backlog) return countText(*f.backlog);
  if (f.behindMs) return millisecondsText(*f.behindMs);
  return std::nullopt;
}

QString placeText(QPointF place) {
  return QStringLiteral("%1, %2").arg(std::lround(place.x())).arg(std::lround(place.y()));
}

result<QPointF> parsePlace(const QString& text) {
  const auto parts = text.split(QLatin1Char(','));
  bool isX = false, isY = false;
  const double x = parts.value(0).toDouble(&isX), y = parts.value(1).toDouble(&isY);
  if (parts.size() == 2 && isX && isY && std::abs(x) <= layoutCoordinateMax && std::abs(y) <= layoutCoordinateMax) {
    return QPointF{x, y};
  }
  return user_error(errc::invalid_argument, "a place is two numbers, x and y, with a comma between: 256, 0");
}

}  // namespace

OutlineModel::OutlineModel(const ActorCatalogue& catalogue, QObject* parent)
    : QAbstractTableModel{parent}, m_catalogue{catalogue} {}

void OutlineModel::setDocument(Document* document) {
  beginResetModel();
  if (m_document != nullptr) m_document->disconnect(this);
  m_document = document;
  m_run = nullptr;
  m_rows = presentRows();
  endResetModel();
  if (document != nullptr) connect(document, &Document::changed, this, &OutlineModel::refresh);
}

std::vector<OutlineModel::Row> OutlineModel::presentRows() const {
  std::vector<Row> rows;
  if (m_document == nullptr) return rows;
  for (const auto& actor : m_document->spec().actors) rows.push_back({Row::Kind::Actor, actor.name});
  for (const auto& [title, group] : m_document->layout().groups) rows.push_back({Row::Kind::Group, title});
  for (const auto& [id, comment] : m_document->layout().comments) rows.push_back({Row::Kind::Comment, id});
  return rows;
}

void OutlineModel::refresh() {
  auto rows = presentRows();
  const auto isKindSame = [](const Row& a, const Row& b) { return a.kind == b.kind; };
  // Names that have changed are no other rows: what is selected stays so.
  if (!std::ranges::equal(rows, m_rows, isKindSame)) {
    beginResetModel();
    m_rows = std::move(rows);
    endResetModel();
  } else if (!rows.empty()) {
    m_rows = std::move(rows);
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
  }
}

void OutlineModel::setFigures(const RunFigures* run) {
  m_run = run;
  if (!m_rows.empty()) Q_EMIT dataChanged(index(0, State), index(rowCount() - 1, Lag));
}

std::string OutlineModel::actorAt(int row) const {
  const auto& r = m_rows[static_cast<std::size_t>(row)];
  return r.kind == Row::Kind::Actor ? r.name : std::string{};
}

std::string OutlineModel::groupAt(int row) const {
  const auto& r = m_rows[static_cast<std::size_t>(row)];
  return r.kind == Row::Kind::Group ? r.name : std::string{};
}

std::string OutlineModel::commentAt(int row) const {
  const auto& r = m_rows[static_cast<std::size_t>(row)];
  return r.kind == Row::Kind::Comment ? r.name : std::string{};
}

int OutlineModel::rowOf(const std::string& actor) const {
  const auto at = std::ranges::find(m_rows, Row{Row::Kind::Actor, actor});
  return at == m_rows.end() ? -1 : static_cast<int>(at - m_rows.begin());
}

int OutlineModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int OutlineModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(ColumnCount);
}

Qt::ItemFlags OutlineModel::flags(const QModelIndex& index) const {
  auto flags = QAbstractTableModel::flags(index);
  if (!index.isValid()) return flags;
  const auto kind = m_rows[static_cast<std::size_t>(index.row())].kind;
  const int column = index.column();
  const bool isEditable = kind == Row::Kind::Actor ? column == Name || column == Partitions || column == FedBy ||
                                                         column == Group || column == Place
                          : kind == Row::Kind::Group ? column == Name || column == FedBy || column == State
                                                     : column == Name || column == Place;
  return isEditable ? flags | Qt::ItemIsEditable : flags;
}

QVariant OutlineModel::actorCell(const std::string& name, int column) const {
  const auto* found = m_document->spec().find(name);
  if (found == nullptr) return {};
  if (column == Name) return toQt(name);
  if (column == Partitions) return found->parallelism;
  if (column == FedBy) return feedText(m_document->spec(), name);
  if (column == Group) {
    const auto* title = m_document->layout().groupOf(name);
    return title == nullptr ? QVariant{} : toQt(*title);
  }
  if (column == Place) {
    const auto place = m_document->layout().places.find(name);
    return place == m_document->layout().places.end() ? QVariant{} : placeText(place->second);
  }
  if (column == Type) {
    const auto* type = m_catalogue.find(found->type);
    return toQt(type == nullptr ? found->type : type->title);
  }
  if (m_run == nullptr) return {};
  const auto f = m_run->actors.find(name);
  if (f == m_run->actors.end()) return {};
  if (column == State) return f->second.state;
  return column == Rate ? QVariant{rateText(f->second.rate())} : shown(lagText(f->second));
}

QVariant OutlineModel::groupCell(const std::string& title, int column) const {
  const auto at = m_document->layout().groups.find(title);
  if (at == m_document->layout().groups.end()) return {};
  if (column == Name) return toQt(title);
  if (column == Type) return tr("Group");
  if (column == State) return at->second.isCollapsed ? tr("collapsed") : tr("open");
  if (column != FedBy) return {};
  QStringList names;
  for (const auto& actor : at->second.actors) names << toQt(actor);
  return names.join(QStringLiteral(", "));
}

QVariant OutlineModel::commentCell(const std::string& id, int column) const {
  const auto at = m_document->layout().comments.find(id);
  if (at == m_document->layout().comments.end()) return {};
  if (column == Name) return toQt(at->second.text);
  if (column == Type) return tr("Comment");
  return column == Place ? QVariant{placeText(at->second.place)} : QVariant{};
}

QVariant OutlineModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const auto& row = m_rows[static_cast<std::size_t>(index.row())];
  if (role == Qt::DisplayRole || role == Qt::EditRole) {
    if (row.kind == Row::Kind::Group) return groupCell(row.name, index.column());
    return row.kind == Row::Kind::Comment ? commentCell(row.name, index.column()) : actorCell(row.name, index.column());
  }
  if (role == Qt::TextAlignmentRole && index.column() >= Rate) {
    return QVariant::fromValue(Qt::Alignment{Qt::AlignRight | Qt::AlignVCenter});
  }
  if (role == healthRole && index.column() == State && m_run != nullptr) {
    const auto f = m_run->actors.find(actorAt(index.row()));
    if (f != m_run->actors.end()) return static_cast<int>(f->second.health);
  }
  return {};
}

QVariant OutlineModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole) {
    return QVariant::fromValue(Qt::Alignment{Qt::AlignVCenter | (section >= Rate ? Qt::AlignRight : Qt::AlignLeft)});
  }
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  static const QStringList titles{tr("Actor"), tr("Type"),  tr("Partitions"), tr("Fed by"), tr("Group"),
                                  tr("Place"), tr("State"), tr("Rate"),       tr("Lag")};
  return titles.value(section);
}

result<Edit> OutlineModel::actorChange(const std::string& actor, int column, const QString& text) const {
  if (column == Name) return renaming(*m_document, actor, toStd(text));
  if (column == FedBy) return feedChange(actor, text);
  if (column == Group) return groupAssignment(*m_document, actor, toStd(text.trimmed()));
  if (column == Partitions) {
    const auto count = text.toUInt();
    if (count == 0) return user_error(errc::invalid_argument, "partitions are a whole number from 1 on");
    return parallelismChange(*m_document, actor, count);
  }
  const auto place = parsePlace(text);
  if (!place) return place.error();
  auto edit = m_document->edit();
  edit.move(actor, *place);
  return edit.take(tr("Move"));
}

result<Edit> OutlineModel::cellChange(const Row& row, int column, const QString& text) const {
  if (row.kind == Row::Kind::Actor) return actorChange(row.name, column, text);
  if (row.kind == Row::Kind::Comment) {
    if (column == Name) return commentChange(*m_document, row.name, toStd(text));
    const auto place = parsePlace(text);
    if (!place) return place.error();
    auto edit = m_document->edit();
    edit.setComment(row.name, Comment{*place, m_document->layout().comments.at(row.name).text});
    return edit.take(tr("Move"));
  }
  if (column == Name) return groupRenaming(*m_document, row.name, toStd(text));
  if (column == State) {
    if (text != tr("collapsed") && text != tr("open")) {
      return user_error(errc::invalid_argument, "a group is 'open' or 'collapsed'");
    }
    return collapsing(*m_document, {row.name}, text == tr("collapsed"));
  }
  std::vector<std::string> actors;
  for (const auto& name : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) actors.push_back(toStd(name.trimmed()));
  return groupMembers(*m_document, row.name, actors);
}

bool OutlineModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role != Qt::EditRole || !(flags(index) & Qt::ItemIsEditable)) return false;
  const Row row = m_rows[static_cast<std::size_t>(index.row())];
  auto edit = cellChange(row, index.column(), value.toString());
  if (!edit) {
    Q_EMIT refused(toQt(edit.error().message));
    return false;
  }
  m_document->push(*std::move(edit));
  return true;
}

QString OutlineModel::feedText(const topology& spec, const std::string& actor) {
  QStringList parts;
  for (const auto& s : spec.streams) {
    if (s.to_actor != actor) continue;
    auto part = toQt(s.from_actor + "." + s.from_port);
    if (s.to_port != "in") part += QLatin1String(arrow) + toQt(s.to_port);
    parts << part;
  }
  return parts.join(QStringLiteral(", "));
}

result<Edit> OutlineModel::feedChange(const std::string& actor, const QString& text) const {
  auto edit = m_document->edit();
  for (const auto& s : m_document->spec().streams) {
    if (s.to_actor == actor) edit.removeStream(s);
  }
  for (const auto& part : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
    const auto ends = part.split(QStringLiteral("->"));
    const auto source = ends.first().trimmed().split(QLatin1Char('.'));
    stream_spec stream{toStd(source.first()), source.size() > 1 ? toStd(source[1]) : "out", actor,
                       ends.size() > 1 ? toStd(ends[1].trimmed()) : "in"};
    if (m_document->spec().find(stream.from_actor) == nullptr || ends.size() > 2 || source.size() > 2) {
      return user_error(errc::not_found,
                        "'" + toStd(part.trimmed()) +
                            "' is no output: write actor.port, or actor.port -> input, with commas between");
    }
    const auto refusal = streamRefusal(edit.drawing().spec, m_catalogue, m_document->records(), stream);
    if (!refusal.isEmpty()) return user_error(errc::invalid_argument, toStd(refusal));
    edit.addStream(std::move(stream));
  }
  return edit.take(QStringLiteral("Wire %1").arg(toQt(actor)));
}

}  // namespace millrace::workbench
