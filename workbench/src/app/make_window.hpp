#pragma once

#include <memory>

#include "app/main_window.hpp"

namespace millrace::workbench {

/// The window as the program has it, with the panels that only the program may link.
[[nodiscard]] std::unique_ptr<MainWindow> makeWindow();

}  // namespace millrace::workbench
