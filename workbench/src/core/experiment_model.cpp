#include "core/experiment_model.hpp"

#include <algorithm>
#include <array>

#include "core/experiment_json.hpp"
#include "core/health.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using json = nlohmann::ordered_json;

/// Of a row of an item: one more than the row of its section; 0: a section.
constexpr quintptr sectionId = 0;

/// Sections that have rows below them, and the member that these are in.
struct Member {
  ExperimentSection section;
  const char* name;
};
constexpr std::array membersWithRows{Member{ExperimentSection::Configuration, "configuration"},
                                     Member{ExperimentSection::Hypothesis, "steady-state-hypothesis"},
                                     Member{ExperimentSection::Method, "method"},
                                     Member{ExperimentSection::Rollbacks, "rollbacks"}};

/// Of the configuration each with its name.
std::vector<json> itemsOf(const json& root, ExperimentSection section) {
  std::vector<json> out;
  for (int i = 0; i < itemCount(root, section); ++i) {
    const ExperimentRow row{section, i};
    out.push_back(json::array({toStd(titleOf(root, row)), valueAt(root, pointerOf(root, row))}));
  }
  return out;
}

}  // namespace

void ExperimentModel::setDocument(ExperimentDocument* document) {
  beginResetModel();
  if (m_document != nullptr) disconnect(m_document, nullptr, this, nullptr);
  m_document = document;
  m_problems.clear();
  m_shown = document == nullptr ? json{} : document->root();
  endResetModel();
  if (document != nullptr) connect(document, &ExperimentDocument::changed, this, &ExperimentModel::refresh);
}

/// Rows that are the same stay, with where the user is in them.
void ExperimentModel::refresh() {
  for (const auto& [section, member] : membersWithRows) refreshSection(section, m_document->root());
  m_shown = m_document->root();
  Q_EMIT dataChanged(index(0, 0), index(experimentSections - 1, ColumnCount - 1));
}

void ExperimentModel::refreshSection(ExperimentSection section, const json& now) {
  const auto parent = indexOf({section});
  const auto mine = itemsOf(m_shown, section);
  const auto items = itemsOf(now, section);
  // Those that came or went lie together.
  const auto [gone, come] = std::ranges::mismatch(mine, items);
  const int first = static_cast<int>(gone - mine.begin());
  const int more = static_cast<int>(items.size()) - static_cast<int>(mine.size());
  if (more > 0) beginInsertRows(parent, first, first + more - 1);
  if (more < 0) beginRemoveRows(parent, first, first - more - 1);
  const auto* member = std::ranges::find(membersWithRows, section, &Member::section)->name;
  if (now.contains(member)) {
    m_shown[member] = now[member];
  } else {
    m_shown.erase(member);
  }
  if (more > 0) endInsertRows();
  if (more < 0) endRemoveRows();
  const int rows = rowCount(parent);
  if (rows > 0 && mine != items) Q_EMIT dataChanged(index(0, 0, parent), index(rows - 1, ColumnCount - 1, parent));
}

void ExperimentModel::setProblems(std::vector<ExperimentProblem> problems) {
  m_problems = std::move(problems);
  if (m_document == nullptr) return;
  for (int s = 0; s < experimentSections; ++s) {
    const auto section = index(s, 0);
    Q_EMIT dataChanged(section, index(s, ColumnCount - 1));
    if (const int rows = rowCount(section); rows > 0) {
      Q_EMIT dataChanged(index(0, 0, section), index(rows - 1, ColumnCount - 1, section));
    }
  }
}

ExperimentRow ExperimentModel::rowAt(const QModelIndex& index) const {
  if (!index.isValid()) return {};
  if (index.internalId() == sectionId) return {static_cast<ExperimentSection>(index.row())};
  return {static_cast<ExperimentSection>(index.internalId() - 1), index.row()};
}

QModelIndex ExperimentModel::indexOf(ExperimentRow row) const {
  const auto section = index(static_cast<int>(row.section), 0);
  if (row.item < 0) return section;
  const auto item = index(row.item, 0, section);
  return item.isValid() ? item : section;
}

QString ExperimentModel::problemOf(ExperimentRow row) const {
  if (m_document == nullptr) return {};
  for (const auto& p : m_problems) {
    if (rowOf(m_shown, p.pointer) == row) return p.what;
  }
  return {};
}

QModelIndex ExperimentModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row()) + 1 : sectionId);
}

QModelIndex ExperimentModel::parent(const QModelIndex& child) const {
  if (!child.isValid() || child.internalId() == sectionId) return {};
  return createIndex(static_cast<int>(child.internalId() - 1), 0, sectionId);
}

int ExperimentModel::rowCount(const QModelIndex& parent) const {
  if (m_document == nullptr) return 0;
  if (!parent.isValid()) return experimentSections;
  if (parent.internalId() != sectionId || parent.column() != 0) return 0;
  return itemCount(m_shown, static_cast<ExperimentSection>(parent.row()));
}

int ExperimentModel::columnCount(const QModelIndex& /*parent*/) const {
  return ColumnCount;
}

QVariant ExperimentModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const auto row = rowAt(index);
  const auto problem = problemOf(row);
  const auto& root = m_shown;
  switch (role) {
    case healthRole:
      return problem.isEmpty() || index.column() != What ? QVariant{} : static_cast<int>(Health::Critical);
    case Qt::ToolTipRole:
      return problem.isEmpty() ? detailOf(root, row) : problem;
    case Qt::AccessibleTextRole:
      if (!problem.isEmpty() && index.column() == What) return tr("%1, error: %2").arg(titleOf(root, row), problem);
      [[fallthrough]];
    case Qt::DisplayRole:
      return index.column() == What ? titleOf(root, row) : detailOf(root, row);
    case Qt::EditRole:
      return index.column() == What ? titleOf(root, row) : QVariant{};
    default:
      return {};
  }
}

QVariant ExperimentModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  return section == What ? tr("What") : tr("How");
}

Qt::ItemFlags ExperimentModel::flags(const QModelIndex& index) const {
  auto flags = QAbstractItemModel::flags(index);
  const auto row = rowAt(index);
  const bool isNamed = row.item >= 0 && row.section != ExperimentSection::Configuration;
  return index.isValid() && index.column() == What && isNamed ? flags | Qt::ItemIsEditable : flags;
}

bool ExperimentModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role != Qt::EditRole || !(flags(index) & Qt::ItemIsEditable)) return false;
  const auto pointer = pointerOf(m_document->root(), rowAt(index));
  const auto* item = m_document->find(pointer);
  if (item == nullptr || !item->is_object()) return false;
  const char* member = item->contains("ref") ? "/ref" : "/name";
  m_document->set(tr("Rename %1").arg(titleOf(m_document->root(), rowAt(index))), pointer + member,
                  toStd(value.toString()));
  return true;
}

}  // namespace millrace::workbench
