#pragma once

#include <QStringList>

namespace millrace::workbench {

/// What `makeScreenshots` can be asked for: parts of the pictures, in the order they are made.
[[nodiscard]] QStringList screenshotParts();

/// Makes pictures of the workbench's states, dark and light, at 1x and 2x, in `folder`: for looking at them after a
/// change (`millrace-workbench --screenshots FOLDER`). `parts`: of `screenshotParts()`; empty: all. States that need an
/// engine get a real one. Returns the exit code: 1 when a state could not be reached, 2 when there is no such part; the
/// sentence is on standard error.
int makeScreenshots(const QString& folder, const QStringList& parts);

}  // namespace millrace::workbench
