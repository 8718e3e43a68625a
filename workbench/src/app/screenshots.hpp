#pragma once

#include <QString>

namespace millrace::workbench {

/// Makes pictures of the workbench's states, dark and light, at 1x and 2x, in `folder`: for looking at them after a
/// change
/// (`millrace-workbench --screenshots FOLDER`). States that need an engine get a real one. Returns the exit code: 1
/// when a state could not be reached; the sentence is on standard error.
int makeScreenshots(const QString& folder);

}  // namespace millrace::workbench
