#include "panels/cell_tree.hpp"

#include <QHeaderView>

namespace millrace::workbench {

QModelIndex CellTree::moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers) {
  const auto present = currentIndex();
  if (!present.isValid() || (action != MoveLeft && action != MoveRight)) {
    return QTreeView::moveCursor(action, modifiers);
  }
  const int step = action == MoveRight ? 1 : -1;
  for (int visual = header()->visualIndex(present.column()) + step; visual >= 0 && visual < header()->count();
       visual += step) {
    const int column = header()->logicalIndex(visual);
    if (!header()->isSectionHidden(column)) return present.siblingAtColumn(column);
  }
  return present;
}

}  // namespace millrace::workbench
