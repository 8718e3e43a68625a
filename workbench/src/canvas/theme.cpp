#include "canvas/theme.hpp"

#include <QApplication>
#include <QFontDatabase>
#include <algorithm>
#include <cmath>

#include "canvas/own_style.hpp"

/// Resources of a static library are there only when somebody asks for them; the macro wants no namespace.
static void bringResources() {
  Q_INIT_RESOURCE(workbench);
}

namespace millrace::workbench {
namespace {

bool isDarkNow = true;

QColor rgb(QRgb value) {
  return QColor{value};
}

template <class... Values>
std::array<QColor, sizeof...(Values)> rgbs(Values... values) {
  return {rgb(static_cast<QRgb>(values))...};
}

Theme makeDark() {
  return {.isDark = true,
          .window = rgb(0x1b1f26),
          .panel = rgb(0x20252d),
          .canvas = rgb(0x15181d),
          .grid = rgb(0x232830),
          .node = rgb(0x262b33),
          .nodeBorder = rgb(0x3a414c),
          .field = rgb(0x171b21),
          .hover = rgb(0x2d343e),
          .text = rgb(0xeef1f5),
          .textDim = rgb(0x9aa3b0),
          .accent = rgb(0x4C9BE8),
          .selection = rgb(0x2f5f92),
          .wire = rgb(0x5d6775),
          .health = rgbs(0x6f7682, 0x4C9BE8, 0xF0E442, 0xE4572E),
          .kinds = rgbs(0x56B4E9, 0xB48EDC, 0x7C8FA8, 0xD9A066),
          .fill = rgbs(0x4A7FB5, 0x86AFC9, 0xD9CF7A, 0xF0A830, 0xE4572E),
          .records = rgbs(0x9aa3b0, 0x56B4E9, 0xE69F00, 0xCC79A7, 0xB8C4D6, 0x8C9EFF),
          .changes = rgbs(0x56B4E9, 0xE4572E, 0xF0E442)};
}

Theme makeLight() {
  return {.isDark = false,
          .window = rgb(0xf3f5f7),
          .panel = rgb(0xfafbfc),
          .canvas = rgb(0xeceff2),
          .grid = rgb(0xdde1e6),
          .node = rgb(0xffffff),
          .nodeBorder = rgb(0xc3c9d1),
          .field = rgb(0xffffff),
          .hover = rgb(0xe6ebf1),
          .text = rgb(0x1c2127),
          .textDim = rgb(0x57606a),
          .accent = rgb(0x1f5f99),
          .selection = rgb(0xb9d5ef),
          .wire = rgb(0x8b95a1),
          .health = rgbs(0x57606a, 0x1f5f99, 0x9a6700, 0xA61B1B),
          .kinds = rgbs(0x1f77b4, 0x7d4fb0, 0x5b6b80, 0xa5661c),
          .fill = rgbs(0x4A7FB5, 0x5f93b3, 0xa8982c, 0xc47a08, 0xA61B1B),
          .records = rgbs(0x6b7480, 0x1f77b4, 0xb26a00, 0xa0417a, 0x4b5a6e, 0x4a55b8),
          .changes = rgbs(0x1f77b4, 0xA61B1B, 0x9a6700)};
}

QColor mixed(const QColor& a, const QColor& b, double share) {
  const auto mix = [share](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * share)); };
  return {mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue())};
}

constexpr const char* family = "Inter";

}  // namespace

const Theme& Theme::dark() {
  static const Theme theme = makeDark();
  return theme;
}

const Theme& Theme::light() {
  static const Theme theme = makeLight();
  return theme;
}

const Theme& Theme::current() {
  return isDarkNow ? dark() : light();
}

QColor Theme::ofFill(double share) const {
  const auto steps = static_cast<double>(fill.size() - 1);
  const double at = std::clamp(share, 0.0, 1.0) * steps;
  const auto below = std::min(static_cast<std::size_t>(at), fill.size() - 2);
  return mixed(fill[below], fill[below + 1], at - static_cast<double>(below));
}

QColor Theme::ofHeat(double share) const {
  constexpr double wholeFrom = 0.4;
  return mixed(grid, ofFill(share), std::clamp(share / wholeFrom, 0.0, 1.0));
}

QPalette Theme::palette() const {
  QPalette p;
  p.setColor(QPalette::Window, window);
  p.setColor(QPalette::WindowText, text);
  p.setColor(QPalette::Base, field);
  p.setColor(QPalette::AlternateBase, panel);
  p.setColor(QPalette::Text, text);
  p.setColor(QPalette::Button, panel);
  p.setColor(QPalette::ButtonText, text);
  p.setColor(QPalette::BrightText, text);
  p.setColor(QPalette::PlaceholderText, textDim);
  p.setColor(QPalette::ToolTipBase, panel);
  p.setColor(QPalette::ToolTipText, text);
  p.setColor(QPalette::Highlight, selection);
  p.setColor(QPalette::HighlightedText, text);
  p.setColor(QPalette::Link, accent);
  p.setColor(QPalette::Mid, nodeBorder);
  p.setColor(QPalette::Midlight, hover);
  p.setColor(QPalette::Light, hover);
  p.setColor(QPalette::Dark, nodeBorder);
  p.setColor(QPalette::Shadow, canvas);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    p.setColor(QPalette::Disabled, role, mixed(textDim, window, 0.4));
  }
  return p;
}

QString Theme::styleSheet() const {
  return QStringLiteral(
             "QMainWindow::separator { background: %1; width: 5px; height: 5px; }"
             "QToolBar { border: 0; border-bottom: 1px solid %1; spacing: 4px; padding: 3px; }"
             "QToolButton { padding: 4px 8px; border-radius: 4px; } QToolButton:hover { background: %3; }"
             "QDockWidget { titlebar-close-icon: none; } QDockWidget::title { padding: 6px 8px; background: %2; }"
             "QPlainTextEdit { border: 0; padding: 4px; background: %2; } QTreeView, QTableView, QListView { border: "
             "0; background: %2; outline: 0; }"
             "QTreeView::item, QListView::item { padding: 3px 6px; }"
             "QHeaderView::section { background: %2; color: %4; border: 0; padding: 4px 6px; }"
             "QLineEdit { border: 1px solid %1; border-radius: "
             "4px; padding: 3px 6px; "
             "background: %5; } QLineEdit:focus { border-color: %6; }"
             "QStatusBar { border-top: 1px solid %1; } QStatusBar::item { border: 0; }"
             "QTabBar::tab { padding: 6px 12px; background: transparent; color: %4; border-bottom: 2px solid "
             "transparent; }"
             "QTabBar::tab:selected { color: %7; border-bottom-color: %6; }"
             "QTabWidget::pane { border: 0; } QScrollArea { border: 0; }"
             "QToolTip { background: %2; color: %7; border: 1px solid %1; padding: 4px; }")
      .arg(nodeBorder.name(), panel.name(), hover.name(), textDim.name(), field.name(), accent.name(), text.name());
}

void useTheme(QApplication& app, bool isDark) {
  isDarkNow = isDark;
  app.setPalette(Theme::current().palette());
  app.setStyleSheet(Theme::current().styleSheet());
}

bool setUpLooks(QApplication& app, bool isDark) {
  QApplication::setStyle(new OwnStyle);
  bringResources();
  const int regular = QFontDatabase::addApplicationFont(QStringLiteral(":/workbench/fonts/Inter-Regular.otf"));
  const int strong = QFontDatabase::addApplicationFont(QStringLiteral(":/workbench/fonts/Inter-SemiBold.otf"));
  if (regular < 0 || strong < 0) return false;
  app.setFont(ownFont(13));
  useTheme(app, isDark);
  return true;
}

QFont ownFont(double pixels, bool isStrong) {
  QFont font{QString::fromLatin1(family)};
  font.setPixelSize(static_cast<int>(std::lround(pixels)));
  if (isStrong) font.setWeight(QFont::DemiBold);
  return font;
}

}  // namespace millrace::workbench
