#pragma once

#include <QIcon>
#include <functional>

class QPainter;

namespace millrace::workbench {

/// An icon that is painted anew wherever it is seen: in the theme that is in use then, sharp at any scale, the same in
/// a selected row as beside it, paler where its action cannot be used. `paint`: draws into a square of so many canvas
/// units, from 0, 0. Thread: GUI.
[[nodiscard]] QIcon paintedIcon(int size, std::function<void(QPainter&)> paint);

}  // namespace millrace::workbench
