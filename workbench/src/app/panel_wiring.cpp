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
    for (int i = 0; i < m_tabs->count(); ++i) static_cast<DocumentTab*>(m_tabs->widget(i))->scene().refresh();
  });
  connect(&m_catalogue, &CatalogueSource::failed, this, [this](const QString& why) {
    m_palette->setNotice(why);
    tell(why);
  });
  connect(&m_engine, &EngineDesk::hint, this, &MainWindow::tell);
  connect(&m_engine, &EngineDesk::figuresShown, this, [this] { m_outline->model().setFigures(m_engine.figures()); });
  connect(&m_engine, &EngineDesk::diagnosed, this, [this] {
    m_diagnoseDock->show();
    m_diagnoseDock->raise();
    m_engine.diagnosis()->setFocus();
  });
  connect(m_engine.diagnosis(), &DiagnosePanel::chosen, this,
          [this](const std::string& actor) { current().reveal(actor); });
  connect(m_inspector, &InspectorPanel::hint, this, &MainWindow::tell);
  connect(m_problems, &ProblemsPanel::chosen, this, [this](const Problem& problem) {
    if (problem.actor.empty()) return;
    current().reveal(problem.actor);
    if (!problem.item.empty()) m_inspector->focusParam(problem.item);
  });
  connect(&m_outline->model(), &OutlineModel::refused, this, &MainWindow::tell);
  connect(m_outline, &OutlinePanel::currentChanged, this,
          [this](const std::string& actor) { current().scene().select({actor}); });
  connect(m_outline, &OutlinePanel::activated, this, [this](const std::string& actor) { current().reveal(actor); });
  connect(m_outline, &OutlinePanel::addRequested, this, [this] { current().searchType(); });
  connect(m_outline, &OutlinePanel::removeRequested, this, [this] { current().deleteSelection(); });
}

void MainWindow::connectTab(DocumentTab& tab) {
  connect(&tab, &DocumentTab::hint, this, &MainWindow::tell);
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
  m_inspector->setSelection(actors, scene.selectedStreams());
  if (actors.size() == 1) m_outline->setCurrent(actors.front());
}

void MainWindow::showProblems() {
  const auto& problems = current().validator().problems();
  m_problems->setProblems(problems);
  m_inspector->setProblems(problems);
  m_problemsDock->setWindowTitle(problems.empty() ? tr("Problems") : tr("Problems (%1)").arg(problems.size()));
}

}  // namespace millrace::workbench
