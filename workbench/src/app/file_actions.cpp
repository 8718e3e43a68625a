// Opening, saving and closing, with the questions they ask.

#include <QApplication>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenuBar>
#include <QMessageBox>
#include <QPointer>
#include <QStandardPaths>
#include <algorithm>
#include <array>

#include "app/example_dialog.hpp"
#include "app/main_window.hpp"
#include "app/recovery_dialog.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

QString filterText() {
  return MainWindow::tr("Topologies (*.mill)");
}

QString withEnding(const QString& path) {
  return QFileInfo{path}.suffix().isEmpty() ? path + QStringLiteral(".mill") : path;
}

/// As it was made, and not what came back after a crash.
bool isUntouched(const Document& document) {
  return document.path().isEmpty() && document.undoStack().count() == 0 && !document.isModified();
}

}  // namespace

void MainWindow::tellError(const QString& text) {
  QMessageBox::warning(this, tr("Millrace Workbench"), text);
}

bool MainWindow::openFile(const QString& path) {
  const auto absolute = QFileInfo{path}.absoluteFilePath();
  for (int i = 0; i < m_tabs->count(); ++i) {
    if (static_cast<DocumentTab*>(m_tabs->widget(i))->document().path() != absolute) continue;
    m_tabs->setCurrentIndex(i);
    return true;
  }
  auto file = DocumentFile::open(absolute);
  if (!file) {
    tellError(toQt(file.error().message));
    return false;
  }
  // An untouched new tab makes room.
  auto& present = current();
  const bool makesRoom = isUntouched(present.document());
  addTab(new DocumentTab{*std::move(file), m_catalogue.catalogue()});
  if (makesRoom) closeTab(m_tabs->indexOf(&present));
  return true;
}

void MainWindow::showExamples() {
  auto* gallery = new ExampleDialog{examples(m_catalogue.catalogue()), this};
  gallery->setAttribute(Qt::WA_DeleteOnClose);
  connect(gallery, &ExampleDialog::chosen, this, &MainWindow::openExample);
  gallery->open();
}

bool MainWindow::openExample(const Example& example) {
  const auto folder = QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation);
  const auto path = unpack(example, folder + QStringLiteral("/examples"));
  if (!path) {
    tellError(toQt(path.error().message));
    return false;
  }
  if (!openFile(*path)) return false;
  tell(tr("%1 — %2").arg(example.title, example.teaches));
  return true;
}

void MainWindow::openRecovered(const LostWork& work) {
  auto* tab = new DocumentTab{DocumentFile::recovered(work.drawing, work.path), m_catalogue.catalogue()};
  // What brought the program down may do so again: the work is kept twice rather than not at all.
  const bool isKept = tab->journal().write();
  addTab(tab);
  if (isKept) CrashJournal::discard(work);
}

void MainWindow::offerLostWork() {
  for (const auto& work : CrashJournal::find(DocumentTab::journalFolder())) {
    RecoveryDialog dialog{work, this};
    if (dialog.exec() == QDialog::Accepted) {
      openRecovered(work);
    } else if (dialog.isDiscarded()) {
      CrashJournal::discard(work);
    }
  }
  for (const auto& lost : ExperimentJournal::find(DocumentTab::journalFolder())) {
    RecoveryDialog dialog{lost.name(), lost.written, lost.difference(), this};
    if (dialog.exec() == QDialog::Accepted) {
      m_experiments.openRecovered(lost);
    } else if (dialog.isDiscarded()) {
      ExperimentJournal::discard(lost);
    }
  }
}

bool MainWindow::mayOverwrite(const QString& why) {
  return QMessageBox::question(this, tr("Overwrite?"), why, QMessageBox::Save | QMessageBox::Cancel,
                               QMessageBox::Cancel) == QMessageBox::Save;
}

bool MainWindow::saveTo(DocumentTab& tab, const QString& path) {
  auto saved = tab.file().save(path);
  if (!saved && saved.error().code == errc::already_exists) {
    if (!mayOverwrite(toQt(saved.error().message))) return false;
    saved = tab.file().save(path, true);
  }
  if (saved) {
    tell(tr("saved %1").arg(path));
    return true;
  }
  tellError(toQt(saved.error().message));
  return false;
}

void MainWindow::finishTyping() {
  QPointer<QWidget> field{QApplication::focusWidget()};
  const std::array<const QWidget*, 3> panels{m_inspector, m_outline, m_script};
  if (field == nullptr || std::ranges::none_of(panels, [&](const auto* p) { return p->isAncestorOf(field); })) return;
  field->clearFocus();
  if (field == nullptr) return;
  // The editor of a cell is gone, and its table goes on.
  auto* back = field->isVisible() ? field.data() : field->parentWidget();
  if (back != nullptr) back->setFocus(Qt::OtherFocusReason);
}

bool MainWindow::save() {
  finishTyping();
  const auto path = current().document().path();
  return path.isEmpty() ? saveAs() : saveTo(current(), path);
}

bool MainWindow::saveAs() {
  finishTyping();
  const auto name = toQt(current().document().spec().name) + QStringLiteral(".mill");
  const auto path = QFileDialog::getSaveFileName(this, tr("Save topology"), name, filterText());
  if (path.isEmpty()) return false;
  const auto named = withEnding(path);
  // The dialog asked about the name without its ending.
  if (named != path && QFileInfo::exists(named) && !mayOverwrite(tr("%1 is there already.").arg(named))) return false;
  return saveTo(current(), named);
}

bool MainWindow::closeTab(int index) {
  finishTyping();
  auto* tab = static_cast<DocumentTab*>(m_tabs->widget(index));
  if (tab->document().isModified()) {
    m_tabs->setCurrentIndex(index);
    const auto answer =
        QMessageBox::question(this, tr("Save changes?"), tr("%1 has unsaved changes.").arg(tab->document().title()),
                              QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, QMessageBox::Save);
    if (answer == QMessageBox::Cancel || (answer == QMessageBox::Save && !save())) return false;
  }
  if (m_tabs->count() == 1) {
    if (isUntouched(tab->document())) return true;
    newDocument();
  }
  m_tabs->removeTab(m_tabs->indexOf(tab));
  if (const auto& name = tab->document().spec().name; m_engine.isRunning(name)) {
    tell(tr("%1 goes on running: Run > All runs stops it").arg(toQt(name)));
  }
  tab->deleteLater();
  return true;
}

void MainWindow::makeFileMenu() {
  auto* menu = menuBar()->addMenu(tr("&File"));
  add(menu, tr("&New"), QKeySequence::New, [this] { newDocument(); });
  add(menu, tr("&Open …"), QKeySequence::Open, [this] {
    const auto path = QFileDialog::getOpenFileName(this, tr("Open topology"), {}, filterText());
    if (!path.isEmpty()) openFile(path);
  });
  add(menu, tr("&Examples …"), QKeySequence{tr("Ctrl+E")}, [this] { showExamples(); });
  menu->addSeparator();
  add(menu, tr("&Save"), QKeySequence::Save, [this] { save(); });
  add(menu, tr("Save &as …"), QKeySequence{tr("Ctrl+Shift+S")}, [this] { saveAs(); });
  add(menu, tr("Export a &picture …"), QKeySequence{tr("Ctrl+Shift+E")}, [this] { current().exportPicture(); });
  menu->addSeparator();
  add(menu, tr("Next &tab"), QKeySequence{tr("Ctrl+PgDown")},
      [this] { m_tabs->setCurrentIndex((m_tabs->currentIndex() + 1) % m_tabs->count()); });
  add(menu, tr("&Close tab"), QKeySequence{tr("Ctrl+W")}, [this] { closeTab(m_tabs->currentIndex()); });
  add(menu, tr("&Quit"), QKeySequence{tr("Ctrl+Q")}, [this] { close(); });
}

}  // namespace millrace::workbench
