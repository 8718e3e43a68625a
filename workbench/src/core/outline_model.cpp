#include "core/outline_model.hpp"

#include <algorithm>

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

}  // namespace

OutlineModel::OutlineModel(const ActorCatalogue& catalogue, QObject* parent)
    : QAbstractTableModel{parent}, m_catalogue{catalogue} {}

void OutlineModel::setDocument(Document* document) {
  beginResetModel();
  if (m_document != nullptr) m_document->disconnect(this);
  m_document = document;
  m_run = nullptr;
  m_rows = document == nullptr ? 0 : static_cast<int>(document->spec().actors.size());
  endResetModel();
  if (document != nullptr) connect(document, &Document::changed, this, &OutlineModel::refresh);
}

void OutlineModel::refresh() {
  const auto count = m_document == nullptr ? 0 : static_cast<int>(m_document->spec().actors.size());
  if (count != m_rows) {
    beginResetModel();
    m_rows = count;
    endResetModel();
  } else if (count > 0) {
    Q_EMIT dataChanged(index(0, 0), index(count - 1, ColumnCount - 1));
  }
}

void OutlineModel::setFigures(const RunFigures* run) {
  m_run = run;
  if (m_rows > 0) Q_EMIT dataChanged(index(0, State), index(m_rows - 1, Lag));
}

std::string OutlineModel::actorAt(int row) const {
  return m_document->spec().actors[static_cast<std::size_t>(row)].name;
}

int OutlineModel::rowOf(const std::string& actor) const {
  const auto row = m_document == nullptr ? std::nullopt : m_document->edit().find(actor);
  return row ? static_cast<int>(*row) : -1;
}

int OutlineModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : m_rows;
}

int OutlineModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(ColumnCount);
}

Qt::ItemFlags OutlineModel::flags(const QModelIndex& index) const {
  auto flags = QAbstractTableModel::flags(index);
  if (index.column() == Name || index.column() == Partitions || index.column() == FedBy) flags |= Qt::ItemIsEditable;
  return flags;
}

QVariant OutlineModel::cell(int row, int column) const {
  const auto& actor = m_document->spec().actors[static_cast<std::size_t>(row)];
  if (column == Name) return toQt(actor.name);
  if (column == Partitions) return actor.parallelism;
  if (column == FedBy) return feedText(m_document->spec(), actor.name);
  if (column == Type) {
    const auto* type = m_catalogue.find(actor.type);
    return toQt(type == nullptr ? actor.type : type->title);
  }
  if (m_run == nullptr) return {};
  const auto f = m_run->actors.find(actor.name);
  if (f == m_run->actors.end()) return {};
  if (column == State) return f->second.state;
  return column == Rate ? QVariant{rateText(f->second.rate())} : shown(lagText(f->second));
}

QVariant OutlineModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  if (role == Qt::DisplayRole || role == Qt::EditRole) return cell(index.row(), index.column());
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
  static const QStringList titles{tr("Actor"), tr("Type"), tr("Partitions"), tr("Fed by"),
                                  tr("State"), tr("Rate"), tr("Lag")};
  return titles.value(section);
}

bool OutlineModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role != Qt::EditRole || !checkIndex(index, CheckIndexOption::IndexIsValid)) return false;
  const auto actor = actorAt(index.row());
  if (index.column() == Partitions) {
    const auto count = value.toUInt();
    if (count == 0) {
      Q_EMIT refused(tr("partitions are a whole number from 1 on"));
      return false;
    }
    m_document->push(parallelismChange(*m_document, actor, count));
    return true;
  }
  if (index.column() != Name && index.column() != FedBy) return false;
  auto edit = index.column() == Name ? renaming(*m_document, actor, toStd(value.toString()))
                                     : feedChange(actor, value.toString());
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
    const auto refusal = streamRefusal(edit.drawing().spec, m_catalogue, stream);
    if (!refusal.isEmpty()) return user_error(errc::invalid_argument, toStd(refusal));
    edit.addStream(std::move(stream));
  }
  return edit.take(QStringLiteral("Wire %1").arg(toQt(actor)));
}

}  // namespace millrace::workbench
