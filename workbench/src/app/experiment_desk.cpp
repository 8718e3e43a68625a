#include "app/experiment_desk.hpp"

#include <QDesktopServices>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QUrl>

#include "app/chaos_desk.hpp"
#include "core/text.hpp"
#include "core/text_file.hpp"

namespace millrace::workbench {
namespace {

/// A report with the samples of an hour.
constexpr qint64 reportBytesMax = 256LL * 1024 * 1024;

QString filterText() {
  return ExperimentDesk::tr("Experiments (*.json *.yaml *.yml)");
}

QString withEnding(const QString& path) {
  return QFileInfo{path}.suffix().isEmpty() ? path + QStringLiteral(".json") : path;
}

}  // namespace

ExperimentDesk::ExperimentDesk(ChaosPanel& card, QObject* parent)
    : QObject{parent}, m_card{card}, m_panel{new ExperimentPanel}, m_journal{DocumentTab::journalFolder()} {
  connect(&m_journal, &ExperimentJournal::failed, this, &ExperimentDesk::hint);
  connect(m_panel, &ExperimentPanel::newWanted, this, &ExperimentDesk::makeNew);
  connect(m_panel, &ExperimentPanel::openWanted, this, [this] {
    const auto path = QFileDialog::getOpenFileName(m_panel, tr("Open an experiment"), {}, filterText());
    if (!path.isEmpty()) open(path);
  });
  connect(m_panel, &ExperimentPanel::saveWanted, this, &ExperimentDesk::save);
  connect(m_panel, &ExperimentPanel::saveAsWanted, this, &ExperimentDesk::saveAs);
  connect(m_panel, &ExperimentPanel::runWanted, this, &ExperimentDesk::run);
  connect(&m_check, &ExperimentCheck::checked, m_panel, &ExperimentPanel::setProblems);
  connect(&m_card, &ChaosPanel::experimentWanted, this, [this] {
    const auto path = QFileDialog::getOpenFileName(&m_card, tr("Run an experiment"), {}, filterText());
    if (!path.isEmpty()) runFile(path);
  });
  connect(&m_card, &ChaosPanel::cancelWanted, this, &ExperimentDesk::cancel);
  connect(&m_card, &ChaosPanel::runAgainWanted, this, [this] { runFile(m_run.file()); });
  connect(&m_card, &ChaosPanel::reportWanted, this,
          [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(m_run.htmlFile())); });
  connect(&m_card, &ChaosPanel::saveReportWanted, this, &ExperimentDesk::chooseReport);
  connect(&m_run, &ExperimentRun::advanced, this, &ExperimentDesk::showProgress);
  connect(&m_run, &ExperimentRun::finished, this, &ExperimentDesk::finish);
  connect(&m_run, &ExperimentRun::failed, this, [this](const QString& why) {
    m_panel->setRunning(false);
    m_card.tell(why);
  });
}

ExperimentDesk::~ExperimentDesk() {
  // The window's panels may be gone already.
  m_run.disconnect(this);
  m_check.disconnect();
  m_journal.setDocument(nullptr);
}

void ExperimentDesk::setTab(DocumentTab* tab) {
  if (tab == m_tab) return;
  disconnect(m_following);
  m_tab = tab;
  if (tab == nullptr) return;
  // All of the topology is copied for it, which nobody needs while no experiment is open.
  const auto take = [this] {
    if (m_document != nullptr) m_panel->setTarget(targetOf(*m_tab));
  };
  take();
  m_following = connect(&tab->document(), &Document::changed, this, take);
}

void ExperimentDesk::show(std::unique_ptr<ExperimentDocument> document) {
  // The panel lets go of the old one before it goes.
  m_journal.setDocument(document.get());
  const auto old = std::exchange(m_document, std::move(document));
  if (m_tab != nullptr) m_panel->setTarget(targetOf(*m_tab));
  m_panel->setDocument(m_document.get());
  m_check.setDocument(m_document.get());
  Q_EMIT designShown();
}

void ExperimentDesk::makeNew() {
  if (m_tab == nullptr) return;
  const auto target = targetOf(*m_tab);
  design(newExperiment(target));
  if (target.file.isEmpty())
    Q_EMIT hint(tr("save the topology, and name its file under Judgement: it is run for the experiment"));
}

void ExperimentDesk::design(const nlohmann::ordered_json& experiment) {
  if (mayGoOn()) show(std::make_unique<ExperimentDocument>(experiment));
}

bool ExperimentDesk::open(const QString& path) {
  if (!mayGoOn()) return false;
  auto opened = ExperimentDocument::open(path);
  if (!opened) {
    tellError(toQt(opened.error().message));
    return false;
  }
  show(*std::move(opened));
  return true;
}

bool ExperimentDesk::openRecovered(const LostExperiment& lost) {
  if (!mayGoOn()) return false;
  show(ExperimentDocument::recovered(lost.root, lost.path));
  // What brought the program down may do so again: the work is kept twice rather than not at all.
  if (m_journal.write()) ExperimentJournal::discard(lost);
  return true;
}

void ExperimentDesk::tellError(const QString& text) {
  Q_EMIT hint(text);
  QMessageBox::warning(m_panel, tr("Experiment"), text);
}

bool ExperimentDesk::saveTo(const QString& path) {
  const auto folderOf = [](const QString& file) { return file.isEmpty() ? file : QFileInfo{file}.absolutePath(); };
  const auto& root = m_document->root();
  const auto moved = movedTopology(root, folderOf(m_document->path()), folderOf(path));
  if (moved) {
    m_document->set(tr("Path of the topology"), pointerOf(root, {ExperimentSection::Judgement}) + "/topology", *moved);
  }
  bool isWanted = true;
  auto saved = m_document->save(path);
  if (!saved && saved.error().code == errc::already_exists) {
    const auto answer = QMessageBox::question(m_panel, tr("Overwrite?"), toQt(saved.error().message),
                                              QMessageBox::Save | QMessageBox::Cancel, QMessageBox::Cancel);
    if (answer == QMessageBox::Save) {
      saved = m_document->save(path, true);
    } else {
      isWanted = false;
    }
  }
  if (saved) {
    Q_EMIT hint(tr("saved %1").arg(m_document->path()));
    return true;
  }
  // Where it stays, its topology is where it was.
  if (moved) m_document->undoStack().undo();
  if (isWanted) tellError(toQt(saved.error().message));
  return false;
}

bool ExperimentDesk::save() {
  if (m_document == nullptr) return false;
  m_panel->finishTyping();
  const auto path = m_document->savePath();
  return path.isEmpty() ? saveAs() : saveTo(path);
}

bool ExperimentDesk::saveAs() {
  if (m_document == nullptr) return false;
  m_panel->finishTyping();
  QFileDialog dialog{m_panel, tr("Save the experiment"), {}, filterText()};
  dialog.setAcceptMode(QFileDialog::AcceptSave);
  // What is there is asked about when it is written.
  dialog.setOption(QFileDialog::DontConfirmOverwrite);
  dialog.selectFile(m_document->savePath().isEmpty() ? QStringLiteral("experiment.json") : m_document->savePath());
  if (dialog.exec() != QDialog::Accepted || dialog.selectedFiles().isEmpty()) return false;
  return saveTo(withEnding(dialog.selectedFiles().front()));
}

bool ExperimentDesk::mayGoOn() {
  if (m_document == nullptr) return true;
  m_panel->finishTyping();
  if (!m_document->isModified()) return true;
  const auto answer =
      QMessageBox::question(m_panel, tr("Save changes?"), tr("The experiment has unsaved changes."),
                            QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, QMessageBox::Save);
  return answer == QMessageBox::Discard || (answer == QMessageBox::Save && save());
}

void ExperimentDesk::run() {
  if (m_document == nullptr || m_run.isRunning()) return;
  m_panel->finishTyping();
  if ((m_document->isModified() || m_document->path().isEmpty()) && !save()) return;
  start(m_document->path(), otherPrograms(m_document->root()));
}

void ExperimentDesk::runFile(const QString& path) {
  if (m_run.isRunning()) {
    Q_EMIT hint(tr("an experiment runs already"));
    return;
  }
  const auto opened = ExperimentDocument::open(path);
  if (!opened) {
    tellError(toQt(opened.error().message));
    return;
  }
  start(path, otherPrograms((*opened)->root()));
}

void ExperimentDesk::start(const QString& path, const QStringList& programs) {
  m_allowsPrograms = false;
  if (!programs.isEmpty()) {
    const auto answer =
        QMessageBox::question(m_panel, tr("Call other programs?"),
                              tr("This experiment calls %1. Let it?").arg(programs.join(QStringLiteral(", "))),
                              QMessageBox::Yes | QMessageBox::Cancel, QMessageBox::Cancel);
    if (answer != QMessageBox::Yes) return;
    m_allowsPrograms = true;
  }
  begin(path);
}

void ExperimentDesk::begin(const QString& path) {
  m_panel->setRunning(true);
  m_run.start(path, m_allowsPrograms);
  if (m_run.isRunning()) showProgress();
  Q_EMIT runShown();
}

void ExperimentDesk::cancel() {
  m_run.cancel();
}

void ExperimentDesk::showProgress() {
  m_card.showProgress(m_run.progress(), m_run.elapsedS(), m_run.isCancelled());
}

void ExperimentDesk::finish() {
  m_panel->setRunning(false);
  showProgress();
  m_card.showCard(cardOf(m_run.progress().report()), ChaosPanel::CardOf::Experiment);
  Q_EMIT runShown();
}

void ExperimentDesk::chooseReport() {
  const auto name = QFileInfo{m_run.file()}.completeBaseName() + QStringLiteral("-report.html");
  const auto path = QFileDialog::getSaveFileName(&m_card, tr("Save the report"), name,
                                                 tr("A page with charts (*.html);;For programs (*.json);;Text "
                                                    "(*.txt);;Journal of Chaos Toolkit (*.journal.json)"));
  if (!path.isEmpty()) saveReport(path);
}

result<QByteArray> ExperimentDesk::reportFor(const QString& path) const {
  const auto& progress = m_run.progress();
  const bool isJournal = path.endsWith(QLatin1String(".journal.json"));
  if (!isJournal && path.endsWith(QLatin1String(".json"))) {
    return QByteArray::fromStdString(progress.report().dump(2) + "\n");
  }
  if (path.endsWith(QLatin1String(".txt"))) return progress.reportText().toUtf8();
  return readFile(isJournal ? m_run.journalFile() : m_run.htmlFile(), reportBytesMax, tr("the report is too large"));
}

bool ExperimentDesk::saveReport(const QString& path) {
  const auto bytes = reportFor(path);
  const auto written = bytes ? writeFile(path, *bytes) : result<void>{bytes.error()};
  if (!written) {
    tellError(toQt(written.error().message));
    return false;
  }
  Q_EMIT hint(tr("written to %1").arg(path));
  return true;
}

}  // namespace millrace::workbench
