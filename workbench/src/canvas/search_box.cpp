#include "canvas/search_box.hpp"

#include <QApplication>
#include <QKeyEvent>
#include <QVBoxLayout>
#include <algorithm>

#include "core/fuzzy_match.hpp"

namespace millrace::workbench {
namespace {

constexpr QSize boxSize{420, 320};
/// More than anybody reads; keeps typing instant with thousands of entries.
constexpr std::size_t shownMax = 200;
/// A match in the small text counts less than any in the title.
constexpr int detailPenalty = 1000;

}  // namespace

SearchBox::SearchBox(QWidget* parent) : QFrame{parent}, m_input{new QLineEdit{this}}, m_list{new QListWidget{this}} {
  setFrameShape(QFrame::StyledPanel);
  setAutoFillBackground(true);
  auto* layout = new QVBoxLayout{this};
  layout->setContentsMargins(8, 8, 8, 8);
  layout->addWidget(m_input);
  layout->addWidget(m_list);
  m_list->setFocusPolicy(Qt::NoFocus);
  // What is too long ends with an ellipsis and is whole in the tool tip.
  m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_list->setTextElideMode(Qt::ElideRight);
  m_input->installEventFilter(this);
  connect(m_input, &QLineEdit::textChanged, this, &SearchBox::filter);
  connect(m_list, &QListWidget::itemClicked, this, &SearchBox::take);
  hide();
}

void SearchBox::open(int purpose, const QString& prompt, std::vector<Entry> entries) {
  m_purpose = purpose;
  if (!isVisible()) m_before = QApplication::focusWidget();
  m_entries = std::move(entries);
  m_input->setPlaceholderText(prompt);
  m_input->setAccessibleName(prompt);
  const auto room = parentWidget()->size();
  resize(boxSize.boundedTo(room - QSize{24, 24}));
  move((room.width() - width()) / 2, std::max(12, (room.height() - height()) / 3));
  m_input->clear();
  filter();
  show();
  raise();
  m_input->setFocus();
}

void SearchBox::filter() {
  struct Hit {
    int score;
    const Entry* entry;
  };
  std::vector<Hit> hits;
  for (const auto& entry : m_entries) {
    const auto inTitle = fuzzyScore(m_input->text(), entry.title);
    const auto inDetail = inTitle ? std::nullopt : fuzzyScore(m_input->text(), entry.detail);
    if (inTitle || inDetail) hits.push_back({inTitle ? *inTitle : *inDetail - detailPenalty, &entry});
  }
  std::ranges::stable_sort(hits, std::ranges::greater{}, &Hit::score);
  if (hits.size() > shownMax) hits.resize(shownMax);
  m_list->clear();
  for (const auto& hit : hits) {
    auto* item = new QListWidgetItem{hit.entry->title + QStringLiteral("    ") + hit.entry->detail, m_list};
    item->setData(Qt::UserRole, hit.entry->id);
    item->setToolTip(hit.entry->detail);
  }
  m_list->setCurrentRow(0);
}

void SearchBox::take() {
  const auto* item = m_list->currentItem();
  if (item == nullptr) return;
  const auto id = item->data(Qt::UserRole).toString();
  dismiss(true);
  Q_EMIT chosen(m_purpose, id);
}

/// The keyboard goes back to where it was. Not to a field once something was chosen: another actor is shown then, and
/// the field goes.
void SearchBox::dismiss(bool isTaken) {
  hide();
  const bool isBack =
      m_before != nullptr && m_before->isVisible() && (!isTaken || qobject_cast<QAbstractItemView*>(m_before));
  (isBack ? m_before.data() : parentWidget())->setFocus();
}

bool SearchBox::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusOut && isVisible()) {
    hide();
    return false;
  }
  if (event->type() != QEvent::KeyPress) return QFrame::eventFilter(watched, event);
  switch (static_cast<QKeyEvent*>(event)->key()) {
    case Qt::Key_Escape:
      dismiss(false);
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      take();
      return true;
    case Qt::Key_Down:
      m_list->setCurrentRow(std::min(m_list->currentRow() + 1, m_list->count() - 1));
      return true;
    case Qt::Key_Up:
      m_list->setCurrentRow(std::max(m_list->currentRow() - 1, 0));
      return true;
    default:
      return QFrame::eventFilter(watched, event);
  }
}

}  // namespace millrace::workbench
