#pragma once

#include <QAbstractTableModel>
#include <QStringList>
#include <vector>

#include "core/figures.hpp"

namespace millrace::workbench {

/// A table of texts that an engine told, such as its keys or its audit log: read only, in the order given, each row
/// with a health. Thread: GUI.
class RowsModel final : public QAbstractTableModel {
  Q_OBJECT

public:
  static constexpr int healthRole = Qt::UserRole + 1;  ///< Health as int
  struct Row {
    QStringList cells;  ///< as many as there are titles
    Health health = Health::Idle;
  };

  explicit RowsModel(QStringList titles, QObject* parent = nullptr)
      : QAbstractTableModel{parent}, m_titles{std::move(titles)} {}
  void setRows(std::vector<Row> rows);
  [[nodiscard]] const Row& at(int row) const { return m_rows[static_cast<std::size_t>(row)]; }

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
  QStringList m_titles;
  std::vector<Row> m_rows;
};

}  // namespace millrace::workbench
