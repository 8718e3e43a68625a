#pragma once

#include <QIcon>

namespace millrace::workbench {

enum class ToolIcon { Run, Pause, Stop, Snapshot, Layout, Fit, StopChaos };

[[nodiscard]] QIcon toolIcon(ToolIcon icon);

}  // namespace millrace::workbench
