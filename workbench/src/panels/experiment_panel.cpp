#include "panels/experiment_panel.hpp"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QSplitter>
#include <QVBoxLayout>

#include "canvas/theme.hpp"
#include "core/text.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {
namespace {

constexpr int nameWidth = 170;
constexpr int buttonPadding = 20;
constexpr int sideWidth = 280;

void colour(QLabel* label, const QColor& colour) {
  auto colours = label->palette();
  colours.setColor(QPalette::WindowText, colour);
  label->setPalette(colours);
}

}  // namespace

ExperimentPanel::ExperimentPanel(QWidget* parent) : QWidget{parent}, m_pages{new QStackedWidget} {
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(8, 4, 8, 4);
  column->setSpacing(4);
  column->addWidget(makeButtons());
  column->addWidget(m_pages, 1);
  m_pages->addWidget(makeEmpty());
  m_pages->addWidget(makeDesigner());
  showButtons();
}

QPushButton* ExperimentPanel::addButton(QLayout* row, const QString& words, const QString& keys,
                                        std::function<void()> act) {
  auto* button = new QPushButton{words};
  // As wide as its word: all of them are in one row.
  button->setFixedWidth(button->fontMetrics().horizontalAdvance(words) + buttonPadding);
  button->setToolTip(keys);
  connect(button, &QPushButton::clicked, this, [act = std::move(act)] { act(); });
  row->addWidget(button);
  return button;
}

QWidget* ExperimentPanel::makeButtons() {
  auto* bar = new QWidget;
  auto* row = new QHBoxLayout{bar};
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(4);
  addButton(row, tr("&New"), tr("For the topology in front"), [this] { Q_EMIT newWanted(); });
  addButton(row, tr("&Open …"), {}, [this] { Q_EMIT openWanted(); });
  m_save = addButton(row, tr("&Save"), tr("Ctrl+S"), [this] { Q_EMIT saveWanted(); });
  m_saveAs = addButton(row, tr("Save as …"), tr("Ctrl+Shift+S"), [this] { Q_EMIT saveAsWanted(); });
  row->addStretch(1);
  m_undo = addButton(row, tr("Undo"), tr("Ctrl+Z"), [this] { m_document->undoStack().undo(); });
  m_redo = addButton(row, tr("Redo"), tr("Ctrl+Y"), [this] { m_document->undoStack().redo(); });
  row->addStretch(1);
  m_add = addButton(row, tr("&Add …"), tr("Insert"), [this] {
    fillAddMenu();
    m_addMenu->popup(m_add->mapToGlobal(QPoint{0, m_add->height()}));
  });
  m_addMenu = new QMenu{m_add};
  m_up = addButton(row, tr("Up"), tr("Alt+Up"), [this] { moveCurrent(-1); });
  m_down = addButton(row, tr("Down"), tr("Alt+Down"), [this] { moveCurrent(1); });
  m_copy = addButton(row, tr("Duplicate"), tr("Ctrl+D"), [this] { duplicateCurrent(); });
  m_remove = addButton(row, tr("Remove"), tr("Delete"), [this] { removeCurrent(); });
  row->addStretch(1);
  m_run = addButton(row, tr("&Run"), tr("F5: saves and runs it"), [this] { Q_EMIT runWanted(); });
  return bar;
}

QWidget* ExperimentPanel::makeEmpty() {
  auto* words = new QLabel{
      tr("No experiment is open. New makes one for the topology in front: what is steady, what is broken, how it is "
         "judged. Open reads one in Chaos Toolkit's format, JSON or YAML.")};
  words->setWordWrap(true);
  words->setAlignment(Qt::AlignCenter);
  words->setContentsMargins(48, 0, 48, 0);
  return words;
}

QWidget* ExperimentPanel::makeDesigner() {
  auto* page = new QWidget;
  auto* column = new QVBoxLayout{page};
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  // One line says what the file is, what is wrong, and what the field with the keyboard is for.
  auto* head = new QHBoxLayout;
  m_title = new QLabel;
  m_title->setFont(ownFont(13, true));
  m_notice = new QLabel;
  m_notice->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  m_help = new QLabel;
  m_help->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  head->addWidget(m_title);
  head->addSpacing(12);
  head->addWidget(m_notice, 1);
  head->addWidget(m_help, 1);
  m_tree = new QTreeView;
  m_tree->setModel(&m_model);
  m_tree->setUniformRowHeights(true);
  m_tree->setIndentation(14);
  m_tree->setEditTriggers(QAbstractItemView::EditKeyPressed);
  m_tree->setItemDelegateForColumn(ExperimentModel::What, new HealthDelegate{ExperimentModel::healthRole, this});
  m_tree->setAccessibleName(tr("Parts of the experiment"));
  m_tree->header()->setSectionResizeMode(ExperimentModel::Detail, QHeaderView::Stretch);
  m_tree->setColumnWidth(ExperimentModel::What, nameWidth);
  m_tree->installEventFilter(this);
  m_form = new ExperimentForm;
  auto* sides = new QSplitter{Qt::Horizontal};
  sides->addWidget(m_tree);
  sides->addWidget(m_form);
  m_tree->setMinimumWidth(sideWidth);
  m_form->setMinimumWidth(sideWidth);
  m_form->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  sides->setSizes({sideWidth, sideWidth});
  sides->setStretchFactor(0, 1);
  sides->setStretchFactor(1, 1);
  sides->setChildrenCollapsible(false);
  column->addLayout(head);
  column->addWidget(sides, 1);
  connect(m_form, &ExperimentForm::explained, this, [this](const QString& help) {
    m_help->setText(help);
    m_help->setToolTip(help);
  });
  connect(m_tree->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
    m_form->setRow(currentRow());
    m_help->clear();
    showButtons();
  });
  return page;
}

void ExperimentPanel::setDocument(ExperimentDocument* document) {
  if (m_document != nullptr) {
    disconnect(m_document, nullptr, this, nullptr);
    disconnect(&m_document->undoStack(), nullptr, this, nullptr);
  }
  m_document = document;
  m_model.setDocument(document);
  m_form->setDocument(document);
  m_pages->setCurrentIndex(document == nullptr ? 0 : 1);
  if (document != nullptr) {
    connect(document, &ExperimentDocument::changed, this, &ExperimentPanel::showTitle);
    connect(document, &ExperimentDocument::titleChanged, this, &ExperimentPanel::showTitle);
    connect(&document->undoStack(), &QUndoStack::indexChanged, this, &ExperimentPanel::showButtons);
    m_tree->expandAll();
    select({ExperimentSection::About});
  }
  showTitle();
  showButtons();
}

void ExperimentPanel::setTarget(ExperimentTarget target) {
  m_target = std::move(target);
  m_form->setTopology(m_target.spec);
}

void ExperimentPanel::setProblems(const std::vector<ExperimentProblem>& problems) {
  m_model.setProblems(problems);
  m_form->setProblems(problems);
  showTitle();
}

void ExperimentPanel::setRunning(bool isRunning) {
  m_isRunning = isRunning;
  showButtons();
}

void ExperimentPanel::repaintAll() {
  showTitle();
  m_form->setProblems(m_model.problems());
  m_tree->viewport()->update();
}

void ExperimentPanel::select(ExperimentRow row) {
  const auto index = m_model.indexOf(row);
  m_tree->setCurrentIndex(index);
  m_tree->scrollTo(index);
  m_form->setRow(row);
}

ExperimentRow ExperimentPanel::currentRow() const {
  return m_model.rowAt(m_tree->currentIndex());
}

/// The file, what saving it would change, and what is wrong.
void ExperimentPanel::showTitle() {
  if (m_document == nullptr) return;
  const auto& path = m_document->path();
  const auto name = path.isEmpty() ? tr("not saved yet") : QFileInfo{path}.fileName();
  m_title->setText(m_document->isModified() ? name + QStringLiteral(" •") : name);
  m_title->setToolTip(path);
  const auto& theme = Theme::current();
  const auto& problems = m_model.problems();
  if (!problems.empty()) {
    const auto where = titleOf(m_document->root(), rowOf(m_document->root(), problems.front().pointer));
    m_notice->setText(tr("■ %1: %2").arg(where, problems.front().what));
    colour(m_notice, theme.of(Health::Critical));
  } else if (!m_document->lost().isEmpty()) {
    m_notice->setText(tr("▲ %1 of this YAML file cannot be kept: Save writes %2 beside it")
                          .arg(m_document->lost(), QFileInfo{m_document->savePath()}.fileName()));
    colour(m_notice, theme.of(Health::Warning));
  } else {
    m_notice->clear();
  }
  m_notice->setToolTip(m_notice->text());
  // Without one the line is the help's.
  m_notice->setVisible(!m_notice->text().isEmpty());
  showButtons();
}

void ExperimentPanel::showButtons() {
  const bool isOpen = m_document != nullptr;
  const auto row = isOpen ? currentRow() : ExperimentRow{};
  const auto list = listOf(row.section);
  const bool isItem = isOpen && row.item >= 0;
  const bool isListed = isItem && !list.empty();
  m_save->setEnabled(isOpen);
  m_saveAs->setEnabled(isOpen);
  m_undo->setEnabled(isOpen && m_document->undoStack().canUndo());
  m_redo->setEnabled(isOpen && m_document->undoStack().canRedo());
  m_add->setEnabled(isOpen);
  m_up->setEnabled(isListed && row.item > 0);
  m_down->setEnabled(isListed && row.item + 1 < itemCount(m_document->root(), row.section));
  m_copy->setEnabled(isListed);
  m_remove->setEnabled(isItem);
  m_run->setEnabled(isOpen && !m_isRunning);
}

void ExperimentPanel::fillAddMenu() {
  m_addMenu->clear();
  auto section = currentRow().section;
  // What most people come for.
  if (partsOf(section).empty()) section = ExperimentSection::Method;
  m_addMenu->addSection(titleOf(m_document->root(), {section}));
  for (const auto part : partsOf(section)) {
    m_addMenu->addAction(nameOf(part), this, [this, part, section] {
      if (currentRow().section != section) select({section});
      add(part);
    });
  }
}

void ExperimentPanel::add(ExperimentPart part) {
  const auto row = currentRow();
  const auto title = tr("Add %1").arg(nameOf(part));
  auto value = makePart(part, m_target.spec);
  if (row.section == ExperimentSection::Configuration) {
    int number = 1;
    const auto pointer = [&number] { return "/configuration/value" + std::to_string(number); };
    while (m_document->find(pointer()) != nullptr) ++number;
    m_document->set(title, pointer(), std::move(value));
    select({row.section, itemCount(m_document->root(), row.section) - 1});
  } else {
    // Behind the one that is selected; of a section, at its end.
    const int at = row.item < 0 ? itemCount(m_document->root(), row.section) : row.item + 1;
    m_document->insert(title, listOf(row.section), static_cast<std::size_t>(at), std::move(value));
    select({row.section, at});
  }
  m_tree->expand(m_model.indexOf({row.section}));
  m_form->focusFirst();
}

void ExperimentPanel::removeCurrent() {
  const auto row = currentRow();
  if (m_document == nullptr || row.item < 0) return;
  m_document->remove(tr("Remove %1").arg(titleOf(m_document->root(), row)), pointerOf(m_document->root(), row));
  const int left = itemCount(m_document->root(), row.section);
  select({row.section, std::min(row.item, left - 1)});
}

void ExperimentPanel::moveCurrent(int by) {
  const auto row = currentRow();
  const int to = row.item + by;
  if (row.item < 0 || to < 0 || to >= itemCount(m_document->root(), row.section)) return;
  m_document->move(tr("Move %1").arg(titleOf(m_document->root(), row)), listOf(row.section),
                   static_cast<std::size_t>(row.item), static_cast<std::size_t>(to));
  select({row.section, to});
}

void ExperimentPanel::duplicateCurrent() {
  const auto row = currentRow();
  if (row.item < 0) return;
  m_document->insert(tr("Duplicate %1").arg(titleOf(m_document->root(), row)), listOf(row.section),
                     static_cast<std::size_t>(row.item) + 1, *m_document->find(pointerOf(m_document->root(), row)));
  select({row.section, row.item + 1});
}

/// Keys that mean something else elsewhere in the window.
QPushButton* ExperimentPanel::buttonOf(const QKeyEvent& key) const {
  const auto held = key.modifiers() & ~Qt::KeypadModifier;
  const bool isShifted = held == (Qt::ControlModifier | Qt::ShiftModifier);
  if (key.key() == Qt::Key_F5 && held == Qt::NoModifier) return m_run;
  if (held != Qt::ControlModifier && !isShifted) return nullptr;
  switch (key.key()) {
    case Qt::Key_S:
      return isShifted ? m_saveAs : m_save;
    case Qt::Key_Z:
      return isShifted ? m_redo : m_undo;
    case Qt::Key_Y:
      return isShifted ? nullptr : m_redo;
    default:
      return nullptr;
  }
}

bool ExperimentPanel::event(QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride && buttonOf(*static_cast<QKeyEvent*>(event)) != nullptr) {
    event->accept();
    return true;
  }
  return QWidget::event(event);
}

void ExperimentPanel::keyPressEvent(QKeyEvent* event) {
  auto* button = buttonOf(*event);
  if (event->key() == Qt::Key_Escape && m_document != nullptr) {
    m_tree->setFocus(Qt::OtherFocusReason);
  } else if (button == nullptr) {
    QWidget::keyPressEvent(event);
  } else {
    button->click();
  }
}

bool ExperimentPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched != m_tree || event->type() != QEvent::KeyPress || m_document == nullptr) {
    return QWidget::eventFilter(watched, event);
  }
  const auto& key = *static_cast<QKeyEvent*>(event);
  QPushButton* button = nullptr;
  if (key.modifiers() == Qt::AltModifier) {
    button = key.key() == Qt::Key_Up ? m_up : key.key() == Qt::Key_Down ? m_down : nullptr;
  } else if (key.modifiers() == Qt::ControlModifier) {
    button = key.key() == Qt::Key_D ? m_copy : nullptr;
  } else if (key.key() == Qt::Key_Insert || key.key() == Qt::Key_Delete) {
    button = key.key() == Qt::Key_Insert ? m_add : m_remove;
  } else if (key.key() == Qt::Key_Return || key.key() == Qt::Key_Enter) {
    m_form->focusFirst();
    return true;
  }
  if (button == nullptr) return QWidget::eventFilter(watched, event);
  button->click();
  return true;
}

}  // namespace millrace::workbench
