#pragma once

#include <QString>

#include "canvas/canvas_scene.hpp"
#include "millrace/error.hpp"

namespace millrace::workbench {

/// Writes the whole drawing as a picture in the present theme, without what is selected: `.svg`, or `.png` at two
/// pixels a canvas unit, fewer where it would have more than 16,000 on a side. Errors: `invalid_argument` for an empty
/// drawing or another ending, `io_error`. Thread: GUI.
[[nodiscard]] result<void> exportPicture(CanvasScene& scene, const QString& path);

}  // namespace millrace::workbench
