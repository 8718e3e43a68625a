#include "panels/plan_dialog.hpp"

#include <QDialogButtonBox>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

#include "panels/difference_panel.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {
namespace {

constexpr QSize dialogSize{620, 420};

}  // namespace

PlanDialog::PlanDialog(const DeployPlan& plan, const QString& target, QWidget* parent) : QDialog{parent} {
  setWindowTitle(tr("Deploy to %1").arg(target));
  resize(dialogSize);
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(16, 16, 16, 16);
  auto* headline = new QLabel{plan.headline()};
  auto strong = headline->font();
  strong.setBold(true);
  headline->setFont(strong);
  headline->setWordWrap(true);
  column->addWidget(headline);
  auto* list = new QListWidget;
  list->setIconSize({20, 20});
  list->setWordWrap(true);
  list->setAccessibleName(tr("What changes"));
  for (const auto& problem : plan.problems) {
    new QListWidgetItem{healthIcon(plan.isValid ? Health::Warning : Health::Critical), problem, list};
  }
  static const QStringList words{tr("added"), tr("removed"), tr("changed")};
  for (const auto& change : plan.changes) {
    new QListWidgetItem{changeIcon(change.kind),
                        tr("%1  %2").arg(words[static_cast<qsizetype>(change.kind)], change.text), list};
  }
  for (const auto& guarantee : plan.guarantees) {
    new QListWidgetItem{healthIcon(Health::Ok), tr("guarantee  %1").arg(guarantee), list};
  }
  column->addWidget(list, 1);
  auto* buttons = new QDialogButtonBox{QDialogButtonBox::Cancel};
  auto* deploy = buttons->addButton(tr("&Deploy"), QDialogButtonBox::AcceptRole);
  deploy->setEnabled(plan.isValid);
  deploy->setDefault(true);
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  column->addWidget(buttons);
  // Enter does what was asked for, or goes back where it cannot be done.
  (plan.isValid ? deploy : buttons->button(QDialogButtonBox::Cancel))->setFocus();
}

}  // namespace millrace::workbench
