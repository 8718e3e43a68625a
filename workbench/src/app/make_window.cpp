#include "app/make_window.hpp"

#include <QDockWidget>

#include "charts/charts_panel.hpp"

namespace millrace::workbench {

std::unique_ptr<MainWindow> makeWindow() {
  auto window = std::make_unique<MainWindow>();
  auto* charts = new ChartsPanel;
  auto* desk = &window->engine();
  window->addBottomPanel(MainWindow::tr("Metrics"), charts)->raise();
  QObject::connect(desk, &EngineDesk::figuresShown, charts, [charts, desk, window = window.get()] {
    charts->setTopology(window->current().document().spec().name);
    charts->show(desk->history(), desk->figures());
  });
  QObject::connect(charts, &ChartsPanel::hint, desk, &EngineDesk::hint);
  QObject::connect(window.get(), &MainWindow::themeChanged, charts, &ChartsPanel::repaintAll);
  return window;
}

}  // namespace millrace::workbench
