#include "panels/outline_panel.hpp"

#include <QHeaderView>
#include <QKeyEvent>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

#include "panels/cell_tree.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {
namespace {

constexpr int propertyWidth = 150;
constexpr int valueWidth = 150;

}  // namespace

OutlinePanel::OutlinePanel(const ActorCatalogue& catalogue, QWidget* parent)
    : QWidget{parent},
      m_model{new OutlineModel{catalogue, this}},
      m_view{new CellTree},
      m_details{new DetailModel{catalogue, this}},
      m_detailView{new CellTree} {
  auto* layout = new QVBoxLayout{this};
  layout->setContentsMargins(0, 0, 0, 0);
  auto* halves = new QSplitter;
  halves->addWidget(m_view);
  halves->addWidget(m_detailView);
  halves->setStretchFactor(0, 3);
  halves->setStretchFactor(1, 2);
  halves->setChildrenCollapsible(false);
  layout->addWidget(halves);
  setFocusProxy(m_view);
  setTabOrder(m_view, m_detailView);
  m_detailView->setModel(m_details);
  m_detailView->setRootIsDecorated(false);
  m_detailView->setUniformRowHeights(true);
  m_detailView->setEditTriggers(QAbstractItemView::EditKeyPressed | QAbstractItemView::DoubleClicked |
                                QAbstractItemView::AnyKeyPressed);
  m_detailView->setAccessibleName(tr("Properties of the current row"));
  m_detailView->setColumnWidth(DetailModel::Property, propertyWidth);
  m_detailView->setColumnWidth(DetailModel::Value, valueWidth);
  connect(m_model, &QAbstractItemModel::modelReset, this, [this] { showDetails({}); });
  connect(m_model, &QAbstractItemModel::dataChanged, this, [this] { showDetails(m_view->currentIndex()); });
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
  // Rows that come and go leave whoever works here where they were.
  connect(m_model, &QAbstractItemModel::modelAboutToBeReset, this, [this] {
    m_row = m_view->currentIndex().row();
    m_column = m_view->currentIndex().column();
  });
  connect(m_model, &QAbstractItemModel::modelReset, this, [this] {
    if (m_row < 0 || m_model->rowCount() == 0 || !m_view->hasFocus()) return;
    m_view->setCurrentIndex(m_model->index(std::min(m_row, m_model->rowCount() - 1), m_column));
  });
  connect(m_view->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& index) {
    showDetails(index);
    if (index.isValid() && m_view->hasFocus()) Q_EMIT currentChanged(index.row());
  });
}

void OutlinePanel::showDetails(const QModelIndex& index) {
  m_details->setActor(index.isValid() ? m_model->actorAt(index.row()) : std::string{});
}

void OutlinePanel::setDocument(Document* document) {
  m_model->setDocument(document);
  m_details->setDocument(document);
}

void OutlinePanel::setFigures(const RunFigures* run) {
  m_model->setFigures(run);
  m_details->setFigures(run);
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
