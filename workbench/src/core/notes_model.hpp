#pragma once

#include <QAbstractTableModel>
#include <QString>
#include <deque>
#include <vector>

#include "core/health.hpp"

namespace millrace::workbench {

/// Something that was said or happened at a moment.
struct Note {
  qint64 atMs = 0;  ///< since 1970
  Health level = Health::Idle;
  QString from;  ///< actor or task; empty: the run itself
  QString text;
};

/// Notes as a table, oldest first; at most 2,000, then the oldest go. Thread: GUI.
class NotesModel final : public QAbstractTableModel {
  Q_OBJECT

public:
  enum Column { Time, From, Text, ColumnCount };
  static constexpr int healthRole = Qt::UserRole + 1;  ///< Health as int
  static constexpr std::size_t notesMax = 2000;

  using QAbstractTableModel::QAbstractTableModel;
  void clear();
  void append(std::vector<Note> notes);
  [[nodiscard]] const Note& at(int row) const { return m_notes[static_cast<std::size_t>(row)]; }

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
  std::deque<Note> m_notes;
};

}  // namespace millrace::workbench
