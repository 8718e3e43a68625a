#pragma once

#include <QWidget>
#include <functional>

#include "app/main_window.hpp"

namespace millrace::workbench {

/// What making pictures needs of whoever makes the others.
struct PictureTools {
  std::function<void(const char* name)> shoot;  ///< the window
  std::function<void(QWidget& dialog, const char* name)> shootDialog;
  std::function<void(const std::function<bool()>&, const char*)> waitUntil;  ///< throws what was missed
  std::function<void(topology)> open;
};

/// Pictures of what there is about nodes, with two real ones, which end with it: adding one, a plan, the nodes with a
/// placed actor, keys, the audit log. `folder`: for what they keep. Throws std::runtime_error.
void takeNodePictures(MainWindow& window, const QString& folder, const PictureTools& tools);

}  // namespace millrace::workbench
