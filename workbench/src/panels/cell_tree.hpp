#pragma once

#include <QTreeView>

namespace millrace::workbench {

/// A tree whose rows are selected whole, and whose cells are still reached by the arrow keys: without this only the
/// column that a mouse was in last could be edited from the keyboard. Thread: GUI.
class CellTree final : public QTreeView {
public:
  using QTreeView::QTreeView;

protected:
  QModelIndex moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers) override;
};

}  // namespace millrace::workbench
