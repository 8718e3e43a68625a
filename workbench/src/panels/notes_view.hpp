#pragma once

#include <QTreeView>

#include "core/notes_model.hpp"

namespace millrace::workbench {

/// Notes as a list that stays at its end while its end is looked at. Thread: GUI.
class NotesView final : public QTreeView {
  Q_OBJECT

public:
  explicit NotesView(NotesModel& model, QWidget* parent = nullptr);

Q_SIGNALS:
  /// Enter or a double click: where the note comes from.
  void chosen(const QString& from);

private:
  bool m_isAtEnd = true;
};

}  // namespace millrace::workbench
