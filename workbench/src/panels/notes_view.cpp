#include "panels/notes_view.hpp"

#include <QHeaderView>
#include <QScrollBar>

#include "panels/health_icon.hpp"

namespace millrace::workbench {

NotesView::NotesView(NotesModel& model, QWidget* parent) : QTreeView{parent} {
  setModel(&model);
  setRootIsDecorated(false);
  setUniformRowHeights(true);
  setItemDelegateForColumn(NotesModel::Time, new HealthDelegate{NotesModel::healthRole, this});
  header()->setStretchLastSection(true);
  setColumnWidth(NotesModel::Time, 130);
  setColumnWidth(NotesModel::From, 150);
  connect(&model, &QAbstractItemModel::rowsAboutToBeInserted, this,
          [this] { m_isAtEnd = verticalScrollBar()->value() == verticalScrollBar()->maximum(); });
  connect(&model, &QAbstractItemModel::rowsInserted, this, [this] {
    if (m_isAtEnd) scrollToBottom();
  });
  connect(this, &QTreeView::activated, this, [this, &model](const QModelIndex& index) {
    if (index.isValid()) Q_EMIT chosen(model.at(index.row()).from);
  });
}

}  // namespace millrace::workbench
