#include "panels/diagnose_panel.hpp"

#include <QKeyEvent>
#include <QVBoxLayout>

#include "canvas/theme.hpp"
#include "core/text.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {

DiagnosePanel::DiagnosePanel(QWidget* parent)
    : QWidget{parent}, m_cause{new QLabel{this}}, m_sentence{new QLabel{this}}, m_path{new QListWidget{this}} {
  auto* layout = new QVBoxLayout{this};
  layout->setContentsMargins(12, 6, 12, 6);
  layout->addWidget(m_cause);
  layout->addWidget(m_sentence);
  layout->addWidget(m_path, 1);
  m_cause->setFont(ownFont(13, true));
  m_sentence->setWordWrap(true);
  m_sentence->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_path->setAccessibleName(tr("Where it is held up"));
  m_path->installEventFilter(this);
  connect(m_path, &QListWidget::itemClicked, this, &DiagnosePanel::choose);
  setFocusProxy(m_path);
  tell(tr("“why?” in the status bar asks the engine what holds the run up"));
}

void DiagnosePanel::tell(const QString& text) {
  m_cause->hide();
  m_sentence->setText(text);
  m_path->clear();
}

void DiagnosePanel::show(const Diagnosis& diagnosis) {
  m_cause->setText(diagnosis.hasCulprit() ? tr("%1: %2").arg(toQt(diagnosis.actor), diagnosis.cause) : diagnosis.cause);
  m_cause->show();
  m_sentence->setText(diagnosis.keys.isEmpty()
                          ? diagnosis.sentence
                          : tr("%1\nHot keys: %2").arg(diagnosis.sentence, diagnosis.keys.join(QStringLiteral(", "))));
  m_path->clear();
  const auto addStep = [this](const std::string& actor, const QString& what, Health health) {
    auto* item = new QListWidgetItem{healthIcon(health), tr("%1  %2").arg(toQt(actor), what), m_path};
    item->setData(Qt::UserRole, toQt(actor));
  };
  // The culprit first: Enter goes there.
  if (diagnosis.hasCulprit()) addStep(diagnosis.actor, tr("holds the run up"), Health::Critical);
  for (const auto& actor : diagnosis.path) {
    if (actor != diagnosis.actor) addStep(actor, tr("is held up by it"), Health::Warning);
  }
  m_path->setCurrentRow(0);
}

void DiagnosePanel::choose(const QListWidgetItem* item) {
  if (item != nullptr) Q_EMIT chosen(toStd(item->data(Qt::UserRole).toString()));
}

bool DiagnosePanel::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    const auto key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
      choose(m_path->currentItem());
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace millrace::workbench
