#pragma once

#include <QElapsedTimer>
#include <QFrame>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QStackedWidget>
#include <QTimer>
#include <QTreeWidget>
#include <QWidget>

#include "core/actor_catalogue.hpp"

namespace millrace::workbench {

/// All types of actors, by category, to be filtered, dragged to the canvas or added with Enter. While they are asked
/// for, and where they did not come, a strip above them says so and has the button that ends it or tries again; what is
/// known already stays. Thread: GUI.
class PalettePanel final : public QWidget {
  Q_OBJECT

public:
  explicit PalettePanel(QWidget* parent = nullptr);
  void setCatalogue(const ActorCatalogue& catalogue);
  /// The engine is asked. What is answered at once is not announced: the strip comes after 300 ms.
  void setLoading();
  void setFailed(const QString& why);
  void focusFilter();
  /// Whether a type is listed under this heading.
  [[nodiscard]] bool hasType(const QString& category, const QString& id) const;
  /// After the theme has changed.
  void repaintTitles();
  [[nodiscard]] QTreeWidget& tree() noexcept { return *m_tree; }
  /// Of the strip; empty: it is not there.
  [[nodiscard]] QString notice() const { return m_strip->isHidden() ? QString{} : m_notice->text(); }
  /// Cancel or Try again, by what the strip says.
  [[nodiscard]] QPushButton& noticeButton() noexcept { return *m_button; }

Q_SIGNALS:
  void typeActivated(const QString& type);
  void cancelWanted();
  void retryWanted();

private:
  void filter(const QString& text);
  QWidget* makeStrip();
  void showWaiting();

  QLineEdit* m_filter;
  QFrame* m_strip;
  QLabel* m_sign;
  QLabel* m_notice;
  QPushButton* m_button;
  QStackedWidget* m_pages;
  QTreeWidget* m_tree;
  QWidget* m_skeleton;
  QTimer m_waiting;
  QElapsedTimer m_asked;
  bool m_isLoading = false;
};

/// The sign of a kind of actor in the present theme: arrow out, fork, clockwork, tray.
[[nodiscard]] QIcon kindIcon(ActorKind kind);

}  // namespace millrace::workbench
