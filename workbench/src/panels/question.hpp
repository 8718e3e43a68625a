#pragma once

#include <QString>
#include <functional>

class QWidget;

namespace millrace::workbench {

/// Asks before something that cannot be taken back, and does it when `yes` is chosen; Enter and Escape mean Cancel. It
/// does not wait: the window goes on behind it. `act` lives as long as `parent` at most.
void askFirst(QWidget* parent, const QString& title, const QString& text, const QString& yes,
              std::function<void()> act);

}  // namespace millrace::workbench
