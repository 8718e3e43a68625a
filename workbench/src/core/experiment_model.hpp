#pragma once

#include <QAbstractItemModel>
#include <vector>

#include "core/experiment_document.hpp"
#include "core/experiment_parts.hpp"

namespace millrace::workbench {

/// One thing that is wrong with an experiment, in the engine's own words.
struct ExperimentProblem {
  std::string pointer;  ///< JSON pointer; empty: the whole
  QString what;
};

/// An experiment as a tree: a row a section, below it one for each probe, action or value. Names are edited in it; each
/// row shows what is wrong in it. Thread: GUI.
class ExperimentModel final : public QAbstractItemModel {
  Q_OBJECT

public:
  enum Column { What, Detail, ColumnCount };
  static constexpr int healthRole = Qt::UserRole + 1;  ///< Health as int, of rows with a mistake; in column What

  using QAbstractItemModel::QAbstractItemModel;
  /// nullptr: none.
  void setDocument(ExperimentDocument* document);
  void setProblems(std::vector<ExperimentProblem> problems);
  [[nodiscard]] const std::vector<ExperimentProblem>& problems() const noexcept { return m_problems; }
  [[nodiscard]] ExperimentRow rowAt(const QModelIndex& index) const;
  [[nodiscard]] QModelIndex indexOf(ExperimentRow row) const;
  [[nodiscard]] QString problemOf(ExperimentRow row) const;

  [[nodiscard]] QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  [[nodiscard]] QModelIndex parent(const QModelIndex& child) const override;
  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;

private:
  void refresh();
  void refreshSection(ExperimentSection section, const nlohmann::ordered_json& now);

  ExperimentDocument* m_document = nullptr;
  nlohmann::ordered_json m_shown;  // the experiment as the views know it
  std::vector<ExperimentProblem> m_problems;
};

}  // namespace millrace::workbench
