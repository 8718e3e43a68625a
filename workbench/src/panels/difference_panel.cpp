#include "panels/difference_panel.hpp"

#include <QVBoxLayout>
#include <algorithm>

#include "canvas/node_painter.hpp"
#include "canvas/theme.hpp"
#include "panels/painted_icon.hpp"

namespace millrace::workbench {

QIcon changeIcon(ChangeKind kind) {
  return paintedIcon(20, [kind](QPainter& p) { paintChange(p, {10, 10}, kind, Theme::current()); });
}

DifferencePanel::DifferencePanel(QWidget* parent)
    : QWidget{parent}, m_calm{new QLabel{this}}, m_list{new QListWidget{this}} {
  auto* layout = new QVBoxLayout{this};
  layout->setContentsMargins(8, 4, 8, 4);
  layout->addWidget(m_calm);
  layout->addWidget(m_list, 1);
  m_calm->setForegroundRole(QPalette::PlaceholderText);
  m_calm->setAlignment(Qt::AlignCenter);
  m_list->setIconSize({20, 20});
  m_list->setAccessibleName(tr("Differences from what is deployed"));
  connect(m_list, &QListWidget::itemActivated, this, [this](const QListWidgetItem* item) {
    Q_EMIT chosen(m_differences[static_cast<std::size_t>(m_list->row(item))]);
  });
  tell(tr("nothing was deployed yet — press F5"));
}

void DifferencePanel::setDifferences(const std::vector<Difference>& differences) {
  if (differences.empty()) {
    tell(tr("as deployed"));
    return;
  }
  m_calm->hide();
  m_list->show();
  // Only when it is another list: where the user is in it must not be lost with every figure.
  if (differences == m_differences && m_list->count() > 0) return;
  const int row = m_list->currentRow();
  m_differences = differences;
  m_list->clear();
  static const QStringList words{tr("added"), tr("removed"), tr("changed")};
  for (const auto& d : differences) {
    const auto index = static_cast<qsizetype>(d.kind);
    new QListWidgetItem{changeIcon(d.kind), tr("%1  %2").arg(words[index], d.text), m_list};
  }
  m_list->setCurrentRow(std::clamp(row, 0, m_list->count() - 1));
}

void DifferencePanel::tell(const QString& text) {
  m_differences.clear();
  m_list->clear();
  m_list->hide();
  m_calm->setText(text);
  m_calm->show();
}

}  // namespace millrace::workbench
