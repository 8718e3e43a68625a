// Arrangements of the panels (Ctrl+1 to Ctrl+4): for building, observing, breaking and debugging.

#include <QDockWidget>
#include <QMenu>
#include <array>

#include "app/main_window.hpp"

namespace millrace::workbench {
namespace {

struct Usual {
  const char* name;
  bool hasPalette, hasInspector;
  const char* front;  // of the panels at the bottom
  int bottomHeight;
};
// By Arrangement.
constexpr std::array usuals{Usual{"Build", true, true, "Outline", 220}, Usual{"Observe", false, true, "Metrics", 320},
                            Usual{"Chaos", false, true, "Chaos", 340}, Usual{"Debug", false, true, "Log", 320}};

const Usual& usualOf(MainWindow::Arrangement arrangement) {
  return usuals[static_cast<std::size_t>(arrangement)];
}

}  // namespace

void MainWindow::makeArrangementMenu(QMenu* view) {
  auto* menu = view->addMenu(tr("A&rrangement"));
  for (std::size_t i = 0; i < usuals.size(); ++i) {
    add(menu, tr(usuals[i].name), QKeySequence{Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + static_cast<int>(i))},
        [this, i] { arrange(static_cast<Arrangement>(i)); });
  }
  menu->addSeparator();
  add(menu, tr("As &usual again"), {}, [this] { arrangeAsUsual(); });
}

void MainWindow::keepArrangement() {
  m_settings.setArrangement(QString::fromLatin1(usualOf(m_arrangement).name), saveState());
}

void MainWindow::arrange(Arrangement wanted) {
  // The first one is not left: it is what the window begins with.
  if (isVisible()) keepArrangement();
  m_arrangement = wanted;
  const auto kept = m_settings.arrangement(QString::fromLatin1(usualOf(wanted).name));
  // One that an older workbench kept may not fit any more.
  if (kept.isEmpty() || !restoreState(kept)) arrangeAsUsual();
}

void MainWindow::raisePanel(const QString& title) {
  if (auto* dock = findChild<QDockWidget*>(title)) {
    dock->show();
    dock->raise();
  }
}

void MainWindow::arrangeAsUsual() {
  const auto& usual = usualOf(m_arrangement);
  const auto docks = findChildren<QDockWidget*>();
  for (auto* dock : docks) {
    dock->setFloating(false);
    dock->setVisible(true);
  }
  m_palette->parentWidget()->setVisible(usual.hasPalette);
  m_inspector->parentWidget()->setVisible(usual.hasInspector);
  m_problemsDock->setVisible(usual.hasInspector);
  resizeDocks({m_lastBottom}, {usual.bottomHeight}, Qt::Vertical);
  raisePanel(tr(usual.front));
}

}  // namespace millrace::workbench
