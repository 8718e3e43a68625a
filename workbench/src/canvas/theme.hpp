#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>
#include <array>

#include "core/actor_catalogue.hpp"
#include "core/difference.hpp"
#include "core/figures.hpp"

class QApplication;

namespace millrace::workbench {

/// All colours of the workbench, dark or light. The colours of health can be told apart with protan, deutan and tritan
/// vision; on light ground they keep a contrast of 4.5 to 1.
struct Theme {
  bool isDark;
  QColor window, panel, canvas, grid, node, nodeBorder, field, hover;
  QColor text, textDim, accent, selection, wire;
  std::array<QColor, 4> health;   ///< by Health
  std::array<QColor, 4> kinds;    ///< by ActorKind
  std::array<QColor, 5> fill;     ///< of a queue, from empty to full
  std::array<QColor, 6> records;  ///< of record types, in the order they are met
  std::array<QColor, 3> changes;  ///< by ChangeKind

  [[nodiscard]] static const Theme& dark();
  [[nodiscard]] static const Theme& light();
  /// The one that is in use.
  [[nodiscard]] static const Theme& current();

  [[nodiscard]] const QColor& of(Health h) const { return health[static_cast<std::size_t>(h)]; }
  [[nodiscard]] const QColor& of(ActorKind k) const { return kinds[static_cast<std::size_t>(k)]; }
  [[nodiscard]] const QColor& of(ChangeKind k) const { return changes[static_cast<std::size_t>(k)]; }
  /// Between the five steps of `fill`; `share` from 0 to 1.
  [[nodiscard]] QColor ofFill(double share) const;
  /// The same for areas, where little stands back: it fades into `grid`.
  [[nodiscard]] QColor ofHeat(double share) const;
  [[nodiscard]] QPalette palette() const;
  [[nodiscard]] QString styleSheet() const;
};

/// Makes a theme the current one of the whole program. Thread: GUI.
void useTheme(QApplication& app, bool isDark);

/// Style, theme, and the fonts that come with the workbench. False: the fonts cannot be loaded, and glyphs would be
/// boxes on a machine without any. Once, before the first window.
[[nodiscard]] bool setUpLooks(QApplication& app, bool isDark);
/// The font of the workbench in this size, in canvas units or pixels.
[[nodiscard]] QFont ownFont(double pixels, bool isStrong = false);

}  // namespace millrace::workbench
