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

Theme makeDark() {
  Theme t;
  t.isDark = true;
  t.window = QColor{0x1b1f26};
  t.panel = QColor{0x20252d};
  t.canvas = QColor{0x15181d};
  t.grid = QColor{0x232830};
  t.node = QColor{0x262b33};
  t.nodeBorder = QColor{0x3a414c};
  t.field = QColor{0x171b21};
  t.hover = QColor{0x2d343e};
  t.text = QColor{0xeef1f5};
  t.textDim = QColor{0x9aa3b0};
  t.accent = QColor{0x4C9BE8};
  t.selection = QColor{0x2f5f92};
  t.health = {QColor{0x6f7682}, QColor{0x4C9BE8}, QColor{0xF0E442}, QColor{0xE4572E}};
  t.kinds = {QColor{0x56B4E9}, QColor{0xB48EDC}, QColor{0x7C8FA8}, QColor{0xD9A066}};
  t.fill = {QColor{0x4A7FB5}, QColor{0x86AFC9}, QColor{0xD9CF7A}, QColor{0xF0A830}, QColor{0xE4572E}};
  t.records = {QColor{0x9aa3b0}, QColor{0x56B4E9}, QColor{0xE69F00},
               QColor{0xCC79A7}, QColor{0xB8C4D6}, QColor{0x8C9EFF}};
  t.wire = QColor{0x5d6775};
  return t;
}

Theme makeLight() {
  Theme t;
  t.isDark = false;
  t.window = QColor{0xf3f5f7};
  t.panel = QColor{0xfafbfc};
  t.canvas = QColor{0xeceff2};
  t.grid = QColor{0xdde1e6};
  t.node = QColor{0xffffff};
  t.nodeBorder = QColor{0xc3c9d1};
  t.field = QColor{0xffffff};
  t.hover = QColor{0xe6ebf1};
  t.text = QColor{0x1c2127};
  t.textDim = QColor{0x57606a};
  t.accent = QColor{0x1f5f99};
  t.selection = QColor{0xb9d5ef};
  t.health = {QColor{0x57606a}, QColor{0x1f5f99}, QColor{0x9a6700}, QColor{0xA61B1B}};
  t.kinds = {QColor{0x1f77b4}, QColor{0x7d4fb0}, QColor{0x5b6b80}, QColor{0xa5661c}};
  t.fill = {QColor{0x4A7FB5}, QColor{0x5f93b3}, QColor{0xa8982c}, QColor{0xc47a08}, QColor{0xA61B1B}};
  t.records = {QColor{0x6b7480}, QColor{0x1f77b4}, QColor{0xb26a00},
               QColor{0xa0417a}, QColor{0x4b5a6e}, QColor{0x4a55b8}};
  t.wire = QColor{0x8b95a1};
  return t;
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
