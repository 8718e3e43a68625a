#include "app/settings_dialog.hpp"

#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeySequenceEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QVBoxLayout>

#include "canvas/theme.hpp"
#include "engine/tool_call.hpp"

namespace millrace::workbench {
namespace {

constexpr QSize dialogSize{620, 560};
constexpr int nameColumn = 0, keyColumn = 1;

QString keyText(const QList<QKeySequence>& keys) {
  QStringList words;
  for (const auto& key : keys) words << key.toString(QKeySequence::NativeText);
  return words.join(SettingsDialog::tr(" or "));
}

}  // namespace

SettingsDialog::SettingsDialog(Settings& settings, Commands& commands, QWidget* parent)
    : QDialog{parent}, m_settings{settings}, m_commands{commands}, m_keys{commands.keys()}, m_message{new QLabel} {
  setWindowTitle(tr("Settings"));
  resize(dialogSize);
  auto* pages = new QTabWidget;
  pages->addTab(makeGeneral(), tr("&General"));
  pages->addTab(makeKeys(), tr("&Keys"));
  m_message->setWordWrap(true);
  auto colours = m_message->palette();
  colours.setColor(QPalette::WindowText, Theme::current().of(Health::Critical));
  m_message->setPalette(colours);
  auto* buttons = new QDialogButtonBox{QDialogButtonBox::Ok | QDialogButtonBox::Cancel};
  connect(buttons, &QDialogButtonBox::accepted, this, &SettingsDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &SettingsDialog::reject);
  auto* column = new QVBoxLayout{this};
  column->addWidget(pages, 1);
  column->addWidget(m_message);
  column->addWidget(buttons);
}

QWidget* SettingsDialog::makeGeneral() {
  auto* page = new QWidget;
  auto* form = new QFormLayout{page};
  form->setContentsMargins(16, 16, 16, 16);
  m_theme = new QComboBox;
  m_theme->addItems({tr("Dark"), tr("Light")});
  m_theme->setCurrentIndex(m_settings.isDark() ? 0 : 1);
  m_theme->setAccessibleName(tr("Theme"));
  form->addRow(tr("&Theme"), m_theme);
  m_engine = new QLineEdit{m_settings.enginePath()};
  m_engine->setPlaceholderText(millraceProgram());
  m_engine->setAccessibleName(tr("The millrace program"));
  auto* browse = new QPushButton{tr("&Browse …")};
  connect(browse, &QPushButton::clicked, this, [this] {
    const auto path = QFileDialog::getOpenFileName(this, tr("The millrace program"), m_engine->text());
    if (!path.isEmpty()) m_engine->setText(path);
  });
  auto* row = new QHBoxLayout;
  row->addWidget(m_engine, 1);
  row->addWidget(browse);
  form->addRow(tr("&Engine"), row);
  auto* note =
      new QLabel{tr("The millrace program that checks and runs topologies, from the next start on; empty: the one "
                    "beside the workbench, or on the path. These settings are kept in %1.")
                     .arg(Settings::path())};
  note->setWordWrap(true);
  note->setForegroundRole(QPalette::PlaceholderText);
  form->addRow(note);
  return page;
}

QWidget* SettingsDialog::makeKeys() {
  auto* page = new QWidget;
  auto* column = new QVBoxLayout{page};
  auto* filter = new QLineEdit;
  filter->setPlaceholderText(tr("filter commands"));
  filter->setClearButtonEnabled(true);
  filter->setAccessibleName(tr("Filter commands"));
  connect(filter, &QLineEdit::textChanged, this, &SettingsDialog::filterKeys);
  m_list = new QTreeWidget;
  m_list->setRootIsDecorated(false);
  m_list->setHeaderLabels({tr("Command"), tr("Keys")});
  m_list->header()->setSectionResizeMode(nameColumn, QHeaderView::Stretch);
  m_list->header()->setSectionResizeMode(keyColumn, QHeaderView::ResizeToContents);
  m_list->header()->setStretchLastSection(false);
  m_list->setAccessibleName(tr("Commands and their keys"));
  for (const auto& entry : m_commands.entries()) {
    auto* item = new QTreeWidgetItem{m_list, {entry.name, keyText(m_keys[entry.name])}};
    item->setData(nameColumn, Qt::UserRole, entry.name);
  }
  connect(m_list, &QTreeWidget::currentItemChanged, this, [this](auto* item) { showKeysOf(item); });
  m_editor = new QWidget;
  auto* row = new QHBoxLayout{m_editor};
  row->setContentsMargins(0, 0, 0, 0);
  auto* keys = new QKeySequenceEdit;
  keys->setAccessibleName(tr("New keys of the command"));
  auto* usual = new QPushButton{tr("&Usual")};
  auto* none = new QPushButton{tr("&None")};
  auto* all = new QPushButton{tr("All &usual")};
  row->addWidget(new QLabel{tr("Keys")});
  row->addWidget(keys, 1);
  for (auto* button : {usual, none, all}) row->addWidget(button);
  connect(keys, &QKeySequenceEdit::editingFinished, this, [this, keys] {
    if (!keys->keySequence().isEmpty()) changeKeys({keys->keySequence()});
  });
  connect(none, &QPushButton::clicked, this, [this] { changeKeys({}); });
  connect(usual, &QPushButton::clicked, this, [this] {
    for (const auto& entry : m_commands.entries()) {
      const auto* item = m_list->currentItem();
      if (item != nullptr && item->data(nameColumn, Qt::UserRole) == entry.name) changeKeys(entry.usual);
    }
  });
  connect(all, &QPushButton::clicked, this, [this] {
    for (const auto& entry : m_commands.entries()) m_keys[entry.name] = entry.usual;
    for (int i = 0; i < m_list->topLevelItemCount(); ++i) {
      auto* item = m_list->topLevelItem(i);
      item->setText(keyColumn, keyText(m_keys[item->data(nameColumn, Qt::UserRole).toString()]));
    }
    showKeysOf(m_list->currentItem());
    check();
  });
  column->addWidget(filter);
  column->addWidget(m_list, 1);
  column->addWidget(m_editor);
  m_list->setCurrentItem(m_list->topLevelItem(0));
  return page;
}

void SettingsDialog::filterKeys(const QString& text) {
  for (int i = 0; i < m_list->topLevelItemCount(); ++i) {
    auto* item = m_list->topLevelItem(i);
    item->setHidden(!item->text(nameColumn).contains(text, Qt::CaseInsensitive) &&
                    !item->text(keyColumn).contains(text, Qt::CaseInsensitive));
  }
}

void SettingsDialog::showKeysOf(const QTreeWidgetItem* item) {
  m_editor->setEnabled(item != nullptr);
  if (item == nullptr) return;
  const auto keys = m_keys[item->data(nameColumn, Qt::UserRole).toString()];
  auto* field = m_editor->findChild<QKeySequenceEdit*>();
  const QSignalBlocker quiet{field};
  field->setKeySequence(keys.isEmpty() ? QKeySequence{} : keys.front());
}

void SettingsDialog::changeKeys(const QList<QKeySequence>& keys) {
  auto* item = m_list->currentItem();
  if (item == nullptr) return;
  m_keys[item->data(nameColumn, Qt::UserRole).toString()] = keys;
  item->setText(keyColumn, keyText(keys));
  showKeysOf(item);
  check();
}

void SettingsDialog::check() {
  QStringList words;
  for (const auto& clash : Commands::clashes(m_keys)) {
    words << tr("%1 is the key of both “%2” and “%3”: give one of them another")
                 .arg(clash.key.toString(QKeySequence::NativeText), clash.first, clash.second);
  }
  m_message->setText(words.join(QLatin1Char('\n')));
}

void SettingsDialog::accept() {
  check();
  if (!m_message->text().isEmpty()) return;
  const auto engine = m_engine->text().trimmed();
  if (!engine.isEmpty() && !QFileInfo{engine}.isExecutable()) {
    m_message->setText(tr("%1 is no program that can be run: name another, or leave it empty").arg(engine));
    return;
  }
  m_settings.setEnginePath(engine);
  m_settings.setDark(m_theme->currentIndex() == 0);
  m_commands.setKeys(m_keys);
  if (const auto problem = m_settings.problem(); !problem.isEmpty()) {
    m_message->setText(problem);
    return;
  }
  Q_EMIT themeChosen(m_theme->currentIndex() == 0);
  QDialog::accept();
}

}  // namespace millrace::workbench
