#include "panels/outline_panel.hpp"

#include <QHeaderView>
#include <QKeyEvent>
#include <QVBoxLayout>

#include "panels/health_icon.hpp"

namespace millrace::workbench {

OutlinePanel::OutlinePanel(const ActorCatalogue& catalogue, QWidget* parent)
    : QWidget{parent}, m_model{new OutlineModel{catalogue, this}}, m_view{new QTreeView{this}} {
  auto* layout = new QVBoxLayout{this};
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(m_view);
  m_view->setModel(m_model);
  m_view->setRootIsDecorated(false);
  m_view->setUniformRowHeights(true);
  m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_view->setEditTriggers(QAbstractItemView::EditKeyPressed | QAbstractItemView::DoubleClicked |
                          QAbstractItemView::AnyKeyPressed);
  m_view->setItemDelegateForColumn(OutlineModel::State, new HealthDelegate{OutlineModel::healthRole, this});
  m_view->setAccessibleName(tr("Outline"));
  m_view->header()->setStretchLastSection(false);
  m_view->header()->setSectionResizeMode(OutlineModel::FedBy, QHeaderView::Stretch);
  for (const auto& [column, width] :
       {std::pair{0, 140}, {1, 110}, {2, 72}, {4, 92}, {5, 76}, {6, 94}, {7, 66}, {8, 60}}) {
    m_view->setColumnWidth(column, width);
  }
  m_view->installEventFilter(this);
  connect(m_view->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& index) {
    if (index.isValid() && m_view->hasFocus()) Q_EMIT currentChanged(index.row());
  });
}

void OutlinePanel::setCurrent(const std::string& actor) {
  const int row = m_model->rowOf(actor);
  if (row >= 0 && row != m_view->currentIndex().row()) m_view->setCurrentIndex(m_model->index(row, OutlineModel::Name));
}

bool OutlinePanel::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::KeyPress) return QWidget::eventFilter(watched, event);
  switch (static_cast<QKeyEvent*>(event)->key()) {
    case Qt::Key_Insert:
      Q_EMIT addRequested();
      return true;
    case Qt::Key_Delete:
      Q_EMIT removeRequested();
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (m_view->currentIndex().isValid()) Q_EMIT activated(m_view->currentIndex().row());
      return true;
    default:
      return QWidget::eventFilter(watched, event);
  }
}

}  // namespace millrace::workbench
