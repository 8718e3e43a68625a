#pragma once

#include <QKeyEvent>
#include <QPlainTextEdit>

namespace millrace::workbench {

/// A text in which Tab indents. Escape goes on to what comes after it, Shift+Tab back to what is before, so that nobody
/// without a mouse is kept there. Thread: GUI.
class CodeText : public QPlainTextEdit {
public:
  explicit CodeText(QWidget* parent = nullptr) : QPlainTextEdit{parent} {
    setAccessibleDescription(QObject::tr("Tab indents; Escape and Shift+Tab leave the text"));
  }

protected:
  bool focusNextPrevChild(bool isNext) override {
    return isNext ? QPlainTextEdit::focusNextPrevChild(true) : QWidget::focusNextPrevChild(false);
  }
  void keyPressEvent(QKeyEvent* event) override {
    if (event->key() == Qt::Key_Escape) {
      QWidget::focusNextPrevChild(true);
    } else {
      QPlainTextEdit::keyPressEvent(event);
    }
  }
};

}  // namespace millrace::workbench
