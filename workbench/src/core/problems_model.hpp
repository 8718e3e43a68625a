#pragma once

#include <QAbstractTableModel>

#include "core/problem_list.hpp"

namespace millrace::workbench {

/// The problems of a document as a table: how bad, where, what and what to do. Thread: GUI.
class ProblemsModel final : public QAbstractTableModel {
  Q_OBJECT

public:
  enum Column { Where, What, Remedy, ColumnCount };
  static constexpr int healthRole = Qt::UserRole + 1;  ///< Health as int

  using QAbstractTableModel::QAbstractTableModel;
  void setProblems(ProblemList problems);
  [[nodiscard]] const Problem& at(int row) const { return m_problems[static_cast<std::size_t>(row)]; }
  [[nodiscard]] int errorCount() const;

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
  ProblemList m_problems;
};

}  // namespace millrace::workbench
