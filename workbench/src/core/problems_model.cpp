#include "core/problems_model.hpp"

#include <algorithm>

namespace millrace::workbench {

void ProblemsModel::setProblems(ProblemList problems) {
  beginResetModel();
  m_problems = std::move(problems);
  std::ranges::stable_sort(m_problems, std::ranges::greater{}, &Problem::level);
  endResetModel();
}

int ProblemsModel::errorCount() const {
  return static_cast<int>(std::ranges::count(m_problems, Health::Critical, &Problem::level));
}

int ProblemsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_problems.size());
}

int ProblemsModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(ColumnCount);
}

QVariant ProblemsModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const auto& p = at(index.row());
  if (role == healthRole) return static_cast<int>(p.level);
  if (role == Qt::ToolTipRole) return p.remedy.isEmpty() ? p.what : p.what + QLatin1Char('\n') + p.remedy;
  if (role != Qt::DisplayRole && role != Qt::AccessibleTextRole) return {};
  switch (index.column()) {
    case Where:
      return role == Qt::AccessibleTextRole
                 ? QStringLiteral("%1: %2").arg(p.level == Health::Critical ? tr("error") : tr("warning"), p.where)
                 : p.where;
    case What:
      return p.what;
    default:
      return p.remedy;
  }
}

QVariant ProblemsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  return section == Where ? tr("Where") : section == What ? tr("What is wrong") : tr("What to do");
}

}  // namespace millrace::workbench
