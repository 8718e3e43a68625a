#pragma once

#include <QApplication>
#include <QGraphicsView>
#include <QTest>

namespace millrace::workbench::testing {

/// Somebody at mouse and keyboard, who counts what they do.
class User {
public:
  void key(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
    ++m_events;
    QTest::keyClick(keyboardOwner(), key, modifiers);
  }
  void type(const char* text) {
    for (const char* c = text; *c != 0; ++c) {
      ++m_events;
      QTest::keyClick(keyboardOwner(), *c);
    }
  }
  void click(QWidget* target) {
    ++m_events;
    QTest::mouseClick(target, Qt::LeftButton);
  }
  /// At a place of the scene that a view shows.
  void click(const QGraphicsView& view, QPointF place) {
    ++m_events;
    QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, view.mapFromScene(place));
  }
  [[nodiscard]] int events() const noexcept { return m_events; }

private:
  /// An open menu takes the keyboard from whatever has it.
  static QWidget* keyboardOwner() {
    auto* popup = QApplication::activePopupWidget();
    return popup != nullptr ? popup : QApplication::focusWidget();
  }

  int m_events = 0;
};

}  // namespace millrace::workbench::testing
