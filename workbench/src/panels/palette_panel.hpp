#pragma once

#include <QLineEdit>
#include <QTreeWidget>
#include <QWidget>

#include "core/actor_catalogue.hpp"

namespace millrace::workbench {

/// All types of actors, by category, to be filtered, dragged to the canvas or added with Enter. Thread: GUI.
class PalettePanel final : public QWidget {
  Q_OBJECT

public:
  explicit PalettePanel(QWidget* parent = nullptr);
  void setCatalogue(const ActorCatalogue& catalogue);
  /// Instead of the list: why there is none yet.
  void setNotice(const QString& text);
  void focusFilter();
  /// Whether a type is listed under this heading.
  [[nodiscard]] bool hasType(const QString& category, const QString& id) const;
  void repaintIcons();

Q_SIGNALS:
  void typeActivated(const QString& type);

private:
  void filter(const QString& text);

  QLineEdit* m_filter;
  QTreeWidget* m_tree;
};

/// The sign of a kind of actor in the present theme: arrow out, fork, clockwork, tray.
[[nodiscard]] QIcon kindIcon(ActorKind kind);

}  // namespace millrace::workbench
