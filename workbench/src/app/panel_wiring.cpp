// What panels, canvas and engine tell each other.

#include <QDockWidget>

#include "app/main_window.hpp"
#include "core/text.hpp"

namespace millrace::workbench {

void MainWindow::connectPanels() {
  connect(m_tabs, &QTabWidget::currentChanged, this, &MainWindow::showCurrent);
  connect(m_tabs, &QTabWidget::tabCloseRequested, this, &MainWindow::closeTab);
  connect(m_palette, &PalettePanel::typeActivated, this, [this](const QString& type) { current().addType(type); });
  connect(&m_catalogue, &CatalogueSource::loaded, this, [this] {
    m_palette->setCatalogue(m_catalogue.catalogue());
    m_inspector->rebuild();
    m_outline->model().refresh();
    m_outline->details().refresh();
    for (int i = 0; i < m_tabs->count(); ++i) {
      auto* tab = static_cast<DocumentTab*>(m_tabs->widget(i));
      tab->scene().refresh();
      tab->validator().checkAgain();
    }
  });
  connect(&m_catalogue, &CatalogueSource::started, m_palette, &PalettePanel::setLoading);
  connect(&m_catalogue, &CatalogueSource::failed, this, [this](const QString& why) {
    m_palette->setFailed(why);
    tell(why);
  });
  connect(m_palette, &PalettePanel::cancelWanted, &m_catalogue, &CatalogueSource::cancel);
  connect(m_palette, &PalettePanel::retryWanted, &m_catalogue, &CatalogueSource::load);
  connect(&m_engine, &EngineDesk::hint, this, &MainWindow::tell);
  connect(&m_engine, &EngineDesk::figuresShown, this, [this] {
    m_outline->setFigures(m_engine.figures());
    m_inspector->setFigures(m_engine.figures());
  });
  connect(&m_engine, &EngineDesk::diagnosed, this, [this] {
    m_diagnoseDock->show();
    m_diagnoseDock->raise();
    m_engine.diagnosis()->setFocus();
  });
  connect(&m_steering, &SteeringDesk::hint, this, &MainWindow::tell);
  connect(&m_steering, &SteeringDesk::wireShown, this, [this] { raisePanel(tr("Wire")); });
  connect(&m_steering, &SteeringDesk::lettersShown, this, [this] { raisePanel(tr("Dead letters")); });
  connect(&m_nodes, &NodesDesk::hint, this, &MainWindow::tell);
  connect(m_engine.statusLine(), &StatusLine::othersAsked, &m_nodes, &NodesDesk::stopByTyping);
  connect(m_script, &ScriptPanel::samplesWanted, &m_steering, &SteeringDesk::sample);
  connect(&m_steering, &SteeringDesk::sampled, m_script, &ScriptPanel::setSample);
  connect(&m_steering, &SteeringDesk::notSampled, m_script, &ScriptPanel::tell);
  connect(&m_watch, &WatchDesk::chosen, this, [this](const std::string& actor) { current().reveal(actor); });
  connect(&m_ownActors, &OwnActorDesk::hint, this, &MainWindow::tell);
  connect(&m_chaos, &ChaosDesk::hint, this, &MainWindow::tell);
  connect(&m_chaos, &ChaosDesk::shown, this, [this] { raisePanel(tr("Chaos")); });
  connect(&m_chaos, &ChaosDesk::designed, &m_experiments, &ExperimentDesk::design);
  connect(&m_experiments, &ExperimentDesk::hint, this, &MainWindow::tell);
  connect(&m_experiments, &ExperimentDesk::designShown, this, [this] {
    raisePanel(tr("Experiment"));
    m_experiments.panel()->tree().setFocus(Qt::OtherFocusReason);
  });
  connect(&m_experiments, &ExperimentDesk::runShown, this, [this] { raisePanel(tr("Chaos")); });
  connect(&m_engine, &EngineDesk::differencesShown, this, [this](bool isShown) {
    if (!isShown) return;
    m_differenceDock->show();
    m_differenceDock->raise();
  });
  connect(m_engine.differencePanel(), &DifferencePanel::chosen, this, [this](const Difference& difference) {
    if (!difference.actor.empty()) current().reveal(difference.actor);
    if (!difference.stream) return;
    current().scene().selectStream(*difference.stream);
    current().view().showSelection();
  });
  connect(m_engine.diagnosis(), &DiagnosePanel::chosen, this,
          [this](const std::string& actor) { current().reveal(actor); });
  connect(m_inspector, &InspectorPanel::hint, this, &MainWindow::tell);
  connect(m_inspector, &InspectorPanel::groupRenamed, this,
          [this](const std::string& title) { current().scene().selectGroup(title); });
  connect(m_problems, &ProblemsPanel::chosen, this, [this](const Problem& problem) {
    if (problem.actor.empty()) return;
    current().reveal(problem.actor);
    if (!problem.item.empty()) m_inspector->focusParam(problem.item);
  });
  connect(&m_outline->model(), &OutlineModel::refused, this, &MainWindow::tell);
  connect(&m_outline->details(), &DetailModel::refused, this, &MainWindow::tell);
  connect(&m_outline->details(), &DetailModel::muteWanted, &m_steering, &SteeringDesk::setMuted);
  connect(&m_outline->details(), &DetailModel::breakWanted, m_steering.wire(), &WirePanel::setBreakpointOn);
  connect(m_steering.wire(), &WirePanel::breaksChanged, this, [this](const BreakState& breaks) {
    m_outline->details().setBreaks(breaks);
    for (int i = 0; i < m_tabs->count(); ++i) {
      auto* tab = static_cast<DocumentTab*>(m_tabs->widget(i));
      tab->scene().showBreaks(tab == m_tabs->currentWidget() ? breaks : BreakState{});
    }
  });
  const auto selectRow = [this](int row) {
    auto& scene = current().scene();
    const auto& model = m_outline->model();
    if (const auto actor = model.actorAt(row); !actor.empty()) scene.select({actor});
    if (const auto group = model.groupAt(row); !group.empty()) scene.selectGroup(group);
    if (const auto comment = model.commentAt(row); !comment.empty()) scene.selectComment(comment);
  };
  connect(m_outline, &OutlinePanel::currentChanged, this, selectRow);
  connect(m_outline, &OutlinePanel::activated, this, [this, selectRow](int row) {
    selectRow(row);
    current().view().showSelection();
  });
  connect(m_outline, &OutlinePanel::addRequested, this, [this] { current().searchType(); });
  connect(m_outline, &OutlinePanel::removeRequested, this, [this] { current().deleteSelection(); });
}

void MainWindow::connectTab(DocumentTab& tab) {
  connect(&tab, &DocumentTab::hint, this, &MainWindow::tell);
  connect(&tab, &DocumentTab::editingWanted, this, [this] { editSelection(); });
  connect(&tab.scene(), &CanvasScene::wireClicked, &m_steering, &SteeringDesk::lookAt);
  connect(&tab.scene(), &CanvasScene::lettersWanted, &m_steering, &SteeringDesk::showLetters);
  connect(&tab.view(), &CanvasView::spaceTapped, &m_steering, &SteeringDesk::toggleHold);
  connect(&tab.scene(), &CanvasScene::actorSelectionChanged, this, [this, &tab] {
    if (&tab == &current()) showSelection();
  });
  connect(&tab.validator(), &Validator::problemsChanged, this, [this, &tab] {
    if (&tab == &current()) showProblems();
  });
}

void MainWindow::showSelection() {
  auto& scene = current().scene();
  const auto actors = scene.selectedActors();
  m_inspector->setSelection({actors, scene.selectedStreams(), scene.selectedGroups(), scene.selectedComments()});
  m_script->setActors(actors);
  m_steering.showSelection();
  if (actors.size() == 1) m_outline->setCurrent(actors.front());
}

void MainWindow::editSelection() {
  m_inspector->parentWidget()->show();
  m_inspector->focusFirst();
}

void MainWindow::showProblems() {
  const auto& problems = current().validator().problems();
  m_problems->setProblems(problems);
  m_inspector->setProblems(problems);
  m_script->setProblems(problems);
  m_problemsDock->setWindowTitle(problems.empty() ? tr("Problems") : tr("Problems (%1)").arg(problems.size()));
}

}  // namespace millrace::workbench
