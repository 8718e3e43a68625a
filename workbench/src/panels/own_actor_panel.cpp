#include "panels/own_actor_panel.hpp"

#include <QFile>
#include <QFontDatabase>
#include <QHeaderView>
#include <QSaveFile>
#include <QSplitter>
#include <QTextBlock>
#include <QVBoxLayout>
#include <algorithm>

#include "panels/code_text.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {
namespace {

constexpr int outputLinesMax = 5000;
constexpr int notesMax = 500;
/// Larger ones are no sources that somebody writes here.
constexpr qint64 fileBytesMax = qint64{1} << 20;

}  // namespace

OwnActorPanel::OwnActorPanel(QWidget* parent)
    : QWidget{parent},
      m_name{new QLineEdit},
      m_kind{new QComboBox},
      m_build{new QPushButton{tr("&Build")}},
      m_test{new QPushButton{tr("&Test")}},
      m_cancel{new QPushButton{tr("Can&cel")}},
      m_progress{new QProgressBar},
      m_files{new QListWidget},
      m_editor{new CodeText},
      m_notes{new QTreeWidget},
      m_output{new QPlainTextEdit},
      m_message{new QLabel} {
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(8, 4, 8, 4);
  auto* row = new QHBoxLayout;
  auto* make = new QPushButton{tr("&Make it")};
  auto* open = new QPushButton{tr("&Open a folder …")};
  m_name->setPlaceholderText(tr("name of a new actor: velocity_check"));
  m_name->setAccessibleName(tr("Name of a new actor"));
  m_kind->addItems(
      {QStringLiteral("processor"), QStringLiteral("producer"), QStringLiteral("router"), QStringLiteral("sink")});
  m_kind->setAccessibleName(tr("Kind of the new actor"));
  m_progress->setRange(0, 100);
  m_progress->setMaximumWidth(140);
  m_progress->setAccessibleName(tr("How far the build is"));
  for (auto* w : std::initializer_list<QWidget*>{m_name, m_kind, make, open, m_build, m_test, m_cancel, m_progress}) {
    row->addWidget(w, w == m_name ? 1 : 0);
  }
  const auto fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
  m_editor->setFont(fixed);
  m_editor->setLineWrapMode(QPlainTextEdit::NoWrap);
  m_editor->setAccessibleName(tr("Source"));
  m_files->setAccessibleName(tr("Sources of the project"));
  m_output->setFont(fixed);
  m_output->setReadOnly(true);
  m_output->setMaximumBlockCount(outputLinesMax);
  m_output->setPlaceholderText(tr("what the build says"));
  m_output->setAccessibleName(tr("Output of the build"));
  m_notes->setRootIsDecorated(false);
  m_notes->setHeaderLabels({tr("File"), tr("Line"), tr("What")});
  m_notes->header()->setStretchLastSection(true);
  m_notes->setAccessibleName(tr("Errors and warnings"));
  auto* said = new QSplitter{Qt::Vertical};
  said->addWidget(m_notes);
  said->addWidget(m_output);
  auto* parts = new QSplitter{Qt::Horizontal};
  parts->addWidget(m_files);
  parts->addWidget(m_editor);
  parts->addWidget(said);
  parts->setStretchFactor(0, 1);
  parts->setStretchFactor(1, 4);
  parts->setStretchFactor(2, 3);
  m_message->setForegroundRole(QPalette::PlaceholderText);
  m_message->setWordWrap(true);
  column->addLayout(row);
  column->addWidget(parts, 1);
  column->addWidget(m_message);
  const auto wanted = [this] {
    const auto text = m_name->text().trimmed();
    if (!text.isEmpty()) Q_EMIT makeWanted(text, m_kind->currentText());
  };
  connect(make, &QPushButton::clicked, this, wanted);
  connect(m_name, &QLineEdit::returnPressed, this, wanted);
  connect(open, &QPushButton::clicked, this, &OwnActorPanel::openWanted);
  connect(m_build, &QPushButton::clicked, this, &OwnActorPanel::buildWanted);
  connect(m_test, &QPushButton::clicked, this, &OwnActorPanel::testWanted);
  connect(m_cancel, &QPushButton::clicked, this, &OwnActorPanel::cancelWanted);
  connect(m_files, &QListWidget::currentTextChanged, this, &OwnActorPanel::showFile);
  connect(m_notes, &QTreeWidget::itemActivated, this, &OwnActorPanel::goTo);
  connect(m_notes, &QTreeWidget::itemClicked, this, &OwnActorPanel::goTo);
  tell(tr(
      "Give it a name: the template is an actor that works, with its test. Built, it is in the palette under Mine."));
  setBusy(false);
}

void OwnActorPanel::showProject(const QString& folder, const QStringList& files) {
  if (!save()) return;
  m_folder = folder;
  m_file.clear();
  m_files->clear();
  m_files->addItems(files);
  m_files->setCurrentRow(0);
  setBusy(false);
}

void OwnActorPanel::setBusy(bool isBusy) {
  for (auto* w : std::initializer_list<QWidget*>{m_build, m_test}) w->setEnabled(!isBusy && !m_folder.isEmpty());
  m_cancel->setEnabled(isBusy);
  m_name->setEnabled(!isBusy);
  m_progress->setVisible(isBusy);
}

void OwnActorPanel::clearOutput() {
  m_notes->clear();
  m_output->clear();
  m_progress->setValue(0);
}

void OwnActorPanel::tell(const QString& text) {
  m_message->setText(text);
}

void OwnActorPanel::addLine(const QString& text) {
  m_output->appendPlainText(text);
  if (const auto done = buildProgressIn(text)) m_progress->setValue(static_cast<int>(*done * 100));
  if (const auto note = buildNoteIn(text); note && m_notes->topLevelItemCount() < notesMax) addNote(*note);
}

void OwnActorPanel::addNote(const BuildNote& note) {
  const auto file = note.file.startsWith(m_folder + QLatin1Char('/')) ? note.file.mid(m_folder.size() + 1) : note.file;
  auto* item = new QTreeWidgetItem{m_notes, {file, note.line > 0 ? QString::number(note.line) : QString{}, note.what}};
  item->setIcon(0, healthIcon(note.level));
  item->setData(0, Qt::UserRole, note.column);
  item->setToolTip(2, note.what);
}

/// To the place in the source, when it is one of the project's.
void OwnActorPanel::goTo(const QTreeWidgetItem* note) {
  const auto found = m_files->findItems(note->text(0), Qt::MatchExactly);
  if (found.isEmpty()) {
    tell(tr("%1 is none of the project's sources").arg(note->text(0)));
    return;
  }
  m_files->setCurrentItem(found.front());
  const auto block = m_editor->document()->findBlockByNumber(note->text(1).toInt() - 1);
  if (!block.isValid()) return;
  QTextCursor cursor{block};
  cursor.setPosition(block.position() + std::clamp(note->data(0, Qt::UserRole).toInt() - 1, 0, block.length() - 1));
  m_editor->setTextCursor(cursor);
  m_editor->centerCursor();
  m_editor->setFocus();
}

void OwnActorPanel::showFile(const QString& file) {
  if (file == m_file || file.isEmpty() || !save()) return;
  QFile source{m_folder + QLatin1Char('/') + file};
  if (!source.open(QIODevice::ReadOnly) || source.size() > fileBytesMax) {
    tell(tr("%1 cannot be read here: %2").arg(source.fileName(), source.errorString()));
    return;
  }
  m_file = file;
  m_editor->setPlainText(QString::fromUtf8(source.readAll()));
  m_editor->document()->setModified(false);
}

bool OwnActorPanel::save() {
  if (m_file.isEmpty() || !m_editor->document()->isModified()) return true;
  QSaveFile source{m_folder + QLatin1Char('/') + m_file};
  const auto bytes = m_editor->toPlainText().toUtf8();
  if (!source.open(QIODevice::WriteOnly) || source.write(bytes) != bytes.size() || !source.commit()) {
    tell(tr("%1 cannot be written: %2").arg(source.fileName(), source.errorString()));
    return false;
  }
  m_editor->document()->setModified(false);
  return true;
}

}  // namespace millrace::workbench
