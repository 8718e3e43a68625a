// Opening, saving and closing, with the questions they ask.

#include <QFileDialog>
#include <QFileInfo>
#include <QMenuBar>
#include <QMessageBox>
#include <QStandardPaths>

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
  const bool isUntouched = present.document().path().isEmpty() && present.document().undoStack().count() == 0;
  addTab(new DocumentTab{*std::move(file), m_catalogue.catalogue()});
  if (isUntouched) closeTab(m_tabs->indexOf(&present));
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

bool MainWindow::save() {
  const auto path = current().document().path();
  return path.isEmpty() ? saveAs() : saveTo(current(), path);
}

bool MainWindow::saveAs() {
  const auto name = toQt(current().document().spec().name) + QStringLiteral(".mill");
  const auto path = QFileDialog::getSaveFileName(this, tr("Save topology"), name, filterText());
  if (path.isEmpty()) return false;
  const auto named = withEnding(path);
  // The dialog asked about the name without its ending.
  if (named != path && QFileInfo::exists(named) && !mayOverwrite(tr("%1 is there already.").arg(named))) return false;
  return saveTo(current(), named);
}

bool MainWindow::closeTab(int index) {
  auto* tab = static_cast<DocumentTab*>(m_tabs->widget(index));
  if (tab->document().isModified()) {
    m_tabs->setCurrentIndex(index);
    const auto answer =
        QMessageBox::question(this, tr("Save changes?"), tr("%1 has unsaved changes.").arg(tab->document().title()),
                              QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, QMessageBox::Save);
    if (answer == QMessageBox::Cancel || (answer == QMessageBox::Save && !save())) return false;
  }
  if (m_tabs->count() == 1) {
    if (tab->document().path().isEmpty() && tab->document().undoStack().count() == 0) return true;
    newDocument();
  }
  m_tabs->removeTab(m_tabs->indexOf(tab));
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
