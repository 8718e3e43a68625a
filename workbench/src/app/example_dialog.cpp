#include "app/example_dialog.hpp"

#include <QDialogButtonBox>
#include <QKeyEvent>
#include <QPushButton>
#include <QVBoxLayout>

#include "canvas/theme.hpp"
#include "core/fuzzy_match.hpp"

namespace millrace::workbench {
namespace {

constexpr QSize dialogSize{640, 520};

}  // namespace

ExampleDialog::ExampleDialog(std::vector<Example> examples, QWidget* parent)
    : QDialog{parent},
      m_examples{std::move(examples)},
      m_filter{new QLineEdit},
      m_list{new QTreeWidget},
      m_teaches{new QLabel} {
  setWindowTitle(tr("Examples"));
  resize(dialogSize);
  auto* column = new QVBoxLayout{this};
  m_filter->setPlaceholderText(tr("find by a few letters"));
  m_filter->setAccessibleName(tr("Find an example"));
  m_filter->installEventFilter(this);
  m_list->setHeaderHidden(true);
  m_list->setAccessibleName(tr("Examples"));
  auto* applications = new QTreeWidgetItem{m_list, {tr("Applications")}};
  auto* actors = new QTreeWidgetItem{m_list, {tr("One actor each")}};
  for (auto* group : {applications, actors}) {
    group->setFlags(Qt::ItemIsEnabled);
    group->setFont(0, ownFont(12, true));
  }
  for (std::size_t i = 0; i < m_examples.size(); ++i) {
    auto* item = new QTreeWidgetItem{m_examples[i].isOfActor ? actors : applications, {m_examples[i].title}};
    item->setData(0, Qt::UserRole, static_cast<int>(i));
    item->setToolTip(0, m_examples[i].teaches);
  }
  m_list->expandAll();
  m_teaches->setWordWrap(true);
  m_teaches->setForegroundRole(QPalette::PlaceholderText);
  m_teaches->setMinimumHeight(48);
  m_teaches->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  auto* buttons = new QDialogButtonBox{QDialogButtonBox::Open | QDialogButtonBox::Cancel};
  column->addWidget(m_filter);
  column->addWidget(m_list, 1);
  column->addWidget(m_teaches);
  column->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::accepted, this, &ExampleDialog::openCurrent);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(m_filter, &QLineEdit::textChanged, this, &ExampleDialog::filter);
  connect(m_list, &QTreeWidget::itemActivated, this, &ExampleDialog::openCurrent);
  connect(m_list, &QTreeWidget::currentItemChanged, this, &ExampleDialog::showCurrent);
  m_list->setCurrentItem(applications->child(0));
}

void ExampleDialog::filter(const QString& text) {
  QTreeWidgetItem* best = nullptr;
  for (int g = 0; g < m_list->topLevelItemCount(); ++g) {
    auto* group = m_list->topLevelItem(g);
    int shown = 0;
    for (int i = 0; i < group->childCount(); ++i) {
      const bool isHit = fuzzyScore(text, group->child(i)->text(0)).has_value();
      group->child(i)->setHidden(!isHit);
      if (isHit && best == nullptr) best = group->child(i);
      shown += isHit ? 1 : 0;
    }
    group->setHidden(shown == 0);
  }
  m_list->setCurrentItem(best);
}

void ExampleDialog::showCurrent() {
  const auto* item = m_list->currentItem();
  const auto index = item == nullptr ? QVariant{} : item->data(0, Qt::UserRole);
  m_teaches->setText(index.isValid() ? m_examples[static_cast<std::size_t>(index.toInt())].teaches : QString{});
}

void ExampleDialog::openCurrent() {
  const auto* item = m_list->currentItem();
  const auto index = item == nullptr ? QVariant{} : item->data(0, Qt::UserRole);
  if (!index.isValid()) return;
  accept();
  Q_EMIT chosen(m_examples[static_cast<std::size_t>(index.toInt())]);
}

/// Arrows go through the list while letters are typed.
bool ExampleDialog::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    const auto key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Up || key == Qt::Key_Down) {
      auto* next =
          key == Qt::Key_Up ? m_list->itemAbove(m_list->currentItem()) : m_list->itemBelow(m_list->currentItem());
      while (next != nullptr && !next->data(0, Qt::UserRole).isValid()) {
        next = key == Qt::Key_Up ? m_list->itemAbove(next) : m_list->itemBelow(next);
      }
      if (next != nullptr) m_list->setCurrentItem(next);
      return true;
    }
  }
  return QDialog::eventFilter(watched, event);
}

}  // namespace millrace::workbench
