#include "panels/plan_dialog.hpp"

#include <QDialogButtonBox>
#include <QVBoxLayout>
#include <algorithm>

#include "panels/difference_panel.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {
namespace {

constexpr QSize dialogSize{620, 420};
constexpr int dialogHeightWithPlaces = 560;

}  // namespace

PlanDialog::PlanDialog(const DeployPlan& plan, const QString& target, QWidget* parent)
    : QDialog{parent},
      m_headline{new QLabel},
      m_where{new QLabel{tr("Where actors run (kept with the drawing; several nodes in a row take turns)")}},
      m_placement{new PlacementTable},
      m_list{new QListWidget} {
  setWindowTitle(tr("Deploy to %1").arg(target));
  resize(dialogSize);
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(16, 16, 16, 16);
  auto strong = m_headline->font();
  strong.setBold(true);
  m_headline->setFont(strong);
  m_headline->setWordWrap(true);
  m_list->setIconSize({20, 20});
  m_list->setWordWrap(true);
  m_list->setAccessibleName(tr("What changes"));
  m_where->setForegroundRole(QPalette::PlaceholderText);
  m_where->setBuddy(m_placement);
  for (auto* part : std::initializer_list<QWidget*>{m_headline, m_where, m_placement}) column->addWidget(part);
  column->addWidget(m_list, 1);
  m_where->hide();
  m_placement->hide();
  auto* buttons = new QDialogButtonBox{QDialogButtonBox::Cancel};
  m_deploy = buttons->addButton(tr("&Deploy"), QDialogButtonBox::AcceptRole);
  m_deploy->setDefault(true);
  m_cancel = buttons->button(QDialogButtonBox::Cancel);
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(m_placement, &PlacementTable::wanted, this, &PlanDialog::placementWanted);
  column->addWidget(buttons);
  setPlan(plan);
  // Enter does what was asked for, or goes back where it cannot be done.
  (plan.isValid ? m_deploy : m_cancel)->setFocus();
}

void PlanDialog::setPlan(const DeployPlan& plan) {
  m_headline->setText(plan.headline());
  m_list->clear();
  for (const auto& problem : plan.problems) {
    new QListWidgetItem{healthIcon(plan.isValid ? Health::Warning : Health::Critical), problem, m_list};
  }
  static const QStringList words{tr("added"), tr("removed"), tr("changed")};
  for (const auto& change : plan.changes) {
    new QListWidgetItem{changeIcon(change.kind),
                        tr("%1  %2").arg(words[static_cast<qsizetype>(change.kind)], change.text), m_list};
  }
  for (const auto& guarantee : plan.guarantees) {
    new QListWidgetItem{healthIcon(Health::Ok), tr("guarantee  %1").arg(guarantee), m_list};
  }
  m_deploy->setEnabled(plan.isValid);
}

void PlanDialog::wait() {
  m_headline->setText(tr("asking what that changes …"));
  m_deploy->setEnabled(false);
}

void PlanDialog::tell(const QString& why) {
  m_headline->setText(tr("It cannot be told what deploying changes"));
  m_list->clear();
  new QListWidgetItem{healthIcon(Health::Critical), why, m_list};
  m_deploy->setEnabled(false);
}

void PlanDialog::setPlacement(const std::vector<std::string>& actors, const std::vector<NodeFacts>& nodes,
                              const TopologyLayout& layout) {
  m_placement->show(actors, nodes, layout);
  m_where->setVisible(m_placement->hasChoice());
  m_placement->setVisible(m_placement->hasChoice());
  if (m_placement->hasChoice()) resize(width(), std::max(height(), dialogHeightWithPlaces));
}

}  // namespace millrace::workbench
