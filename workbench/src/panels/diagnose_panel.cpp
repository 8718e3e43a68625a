#include "panels/diagnose_panel.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <cmath>

#include "canvas/theme.hpp"
#include "core/text.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {
namespace {

enum Column { What, Where, Share };
constexpr int actorRole = Qt::UserRole, shareRole = Qt::UserRole + 1;
constexpr int percentWidth = 44;

/// A share as a bar with its number, so that causes are compared at a glance.
class ShareDelegate final : public QStyledItemDelegate {
public:
  using QStyledItemDelegate::QStyledItemDelegate;

protected:
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    QStyledItemDelegate::paint(painter, option, index);
    const double share = index.data(shareRole).toDouble();
    if (share <= 0) return;
    const auto& theme = Theme::current();
    const QRectF room = QRectF{option.rect}.adjusted(percentWidth, 7, -8, -7);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(theme.field);
    painter->drawRoundedRect(room, 3, 3);
    painter->setBrush(theme.ofFill(share));
    painter->drawRoundedRect(QRectF{room.topLeft(), QSizeF{room.width() * share, room.height()}}, 3, 3);
    painter->restore();
  }
};

}  // namespace

DiagnosePanel::DiagnosePanel(QWidget* parent)
    : QWidget{parent}, m_causes{new QTreeWidget}, m_sentence{new QLabel}, m_path{new QListWidget} {
  m_causes->setHeaderLabels({tr("Cause"), tr("Where"), tr("Holds up")});
  m_causes->headerItem()->setToolTip(Share, tr("The share of the last second that those before it had to wait"));
  m_causes->setRootIsDecorated(false);
  m_causes->setUniformRowHeights(true);
  m_causes->setAccessibleName(tr("Causes, the worst first"));
  m_causes->setItemDelegateForColumn(Share, new ShareDelegate{this});
  m_causes->header()->setStretchLastSection(true);
  m_causes->setColumnWidth(What, 190);
  m_causes->setColumnWidth(Where, 130);
  m_sentence->setWordWrap(true);
  m_sentence->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_path->setAccessibleName(tr("Where it is held up"));
  auto* words = new QVBoxLayout;
  words->addWidget(m_sentence);
  words->addWidget(m_path, 1);
  auto* row = new QHBoxLayout{this};
  row->setContentsMargins(12, 6, 12, 6);
  row->setSpacing(12);
  row->addWidget(m_causes, 1);
  row->addLayout(words, 1);
  for (auto* list : std::initializer_list<QWidget*>{m_causes, m_path}) list->installEventFilter(this);
  connect(m_causes, &QTreeWidget::currentItemChanged, this, &DiagnosePanel::showCurrent);
  connect(m_causes, &QTreeWidget::itemClicked, this,
          [this](const QTreeWidgetItem* item) { choose(item->data(What, actorRole).toString()); });
  connect(m_path, &QListWidget::itemClicked, this,
          [this](const QListWidgetItem* item) { choose(item->data(actorRole).toString()); });
  setFocusProxy(m_causes);
  clear();
}

void DiagnosePanel::clear() {
  tell(tr("“why?” in the status bar asks the engine what holds the run up"));
}

void DiagnosePanel::tell(const QString& text) {
  m_found.clear();
  // It stays, empty: whoever asked has the keyboard there, and Enter works on what is answered.
  m_causes->clear();
  m_causes->setHeaderHidden(true);
  m_path->clear();
  m_path->hide();
  m_sentence->setText(text);
}

void DiagnosePanel::show(const Diagnosis& diagnosis) {
  m_found = {diagnosis};
  m_found.insert(m_found.end(), diagnosis.also.begin(), diagnosis.also.end());
  const QSignalBlocker quiet{m_causes};
  m_causes->clear();
  for (std::size_t i = 0; i < m_found.size(); ++i) {
    const auto& cause = m_found[i];
    auto* item = new QTreeWidgetItem{m_causes, {cause.title(), cause.where}};
    item->setIcon(What, healthIcon(!cause.hasCulprit() && i == 0 && cause.cause == QLatin1String("none") ? Health::Ok
                                   : i == 0 ? Health::Critical
                                            : Health::Warning));
    item->setData(What, actorRole, toQt(cause.actor));
    item->setToolTip(What, cause.sentence);
    item->setData(Share, shareRole, cause.share);
    if (cause.share > 0) item->setText(Share, tr("%1 %").arg(std::lround(cause.share * 100)));
  }
  m_causes->setHeaderHidden(false);
  m_causes->setCurrentItem(m_causes->topLevelItem(0));
  showCurrent();
}

void DiagnosePanel::showCurrent() {
  const auto row = m_causes->indexOfTopLevelItem(m_causes->currentItem());
  if (row < 0 || static_cast<std::size_t>(row) >= m_found.size()) return;
  const auto& cause = m_found[static_cast<std::size_t>(row)];
  m_sentence->setText(cause.keys.isEmpty()
                          ? cause.sentence
                          : tr("%1\nHot keys: %2").arg(cause.sentence, cause.keys.join(QStringLiteral(", "))));
  m_path->clear();
  const auto addStep = [this](const std::string& actor, const QString& what, Health health) {
    auto* item = new QListWidgetItem{healthIcon(health), tr("%1  %2").arg(toQt(actor), what), m_path};
    item->setData(actorRole, toQt(actor));
  };
  if (cause.hasCulprit()) addStep(cause.actor, tr("holds the run up"), row == 0 ? Health::Critical : Health::Warning);
  for (const auto& actor : cause.path) {
    if (actor != cause.actor) addStep(actor, tr("is held up by it"), Health::Warning);
  }
  m_path->setVisible(m_path->count() > 0);
  m_path->setCurrentRow(0);
}

void DiagnosePanel::choose(const QString& actor) {
  if (!actor.isEmpty()) Q_EMIT chosen(toStd(actor));
}

bool DiagnosePanel::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    const auto key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
      if (watched == m_path && m_path->currentItem() != nullptr) {
        choose(m_path->currentItem()->data(actorRole).toString());
      } else if (m_causes->currentItem() != nullptr) {
        choose(m_causes->currentItem()->data(What, actorRole).toString());
      }
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace millrace::workbench
