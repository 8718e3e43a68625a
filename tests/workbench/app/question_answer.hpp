#pragma once

#include <QMessageBox>
#include <QPointer>
#include <QPushButton>

#include "workplace.hpp"

namespace millrace::workbench::testing {

/// Waits for a question and chooses the answer of those words; false: no question with it comes.
[[nodiscard]] inline bool choose(const char* words) {
  QPointer<QMessageBox> question;
  const auto isThere = [&question] {
    question = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
    return question != nullptr;
  };
  if (!Workplace::waitFor(isThere)) return false;
  const auto buttons = question->buttons();
  for (auto* button : buttons) {
    if (button->text().remove(QLatin1Char('&')) != QLatin1String(words)) continue;
    auto* window = question->parentWidget();
    button->click();
    if (!Workplace::waitFor([&question] { return question.isNull(); })) return false;
    // Some platforms give the keyboard back by themselves.
    window->activateWindow();
    return QTest::qWaitForWindowActive(window);
  }
  return false;
}

}  // namespace millrace::workbench::testing
