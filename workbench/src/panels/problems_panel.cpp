#include "panels/problems_panel.hpp"

#include <QHeaderView>
#include <QVBoxLayout>

#include "panels/health_icon.hpp"

namespace millrace::workbench {

ProblemsPanel::ProblemsPanel(QWidget* parent)
    : QWidget{parent}, m_model{new ProblemsModel{this}}, m_view{new QTreeView{this}}, m_calm{new QLabel{this}} {
  auto* layout = new QVBoxLayout{this};
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(m_calm);
  layout->addWidget(m_view);
  m_calm->setText(tr("No problems"));
  m_calm->setContentsMargins(12, 8, 12, 8);
  m_calm->setAlignment(Qt::AlignTop);
  m_calm->setForegroundRole(QPalette::PlaceholderText);
  m_view->setModel(m_model);
  m_view->setRootIsDecorated(false);
  m_view->setWordWrap(true);
  m_view->setAllColumnsShowFocus(true);
  m_view->setItemDelegateForColumn(ProblemsModel::Where, new HealthDelegate{ProblemsModel::healthRole, this});
  m_view->setAccessibleName(tr("Problems"));
  m_view->setHeaderHidden(true);
  m_view->setColumnHidden(ProblemsModel::Remedy, true);  // in the tool tip
  m_view->header()->setStretchLastSection(true);
  const auto choose = [this](const QModelIndex& index) { Q_EMIT chosen(m_model->at(index.row())); };
  connect(m_view, &QTreeView::clicked, this, choose);
  connect(m_view, &QTreeView::activated, this, choose);
  setProblems({});
}

void ProblemsPanel::setProblems(const ProblemList& problems) {
  m_model->setProblems(problems);
  m_calm->setVisible(problems.empty());
  m_view->setVisible(!problems.empty());
  m_view->resizeColumnToContents(ProblemsModel::Where);
}

}  // namespace millrace::workbench
