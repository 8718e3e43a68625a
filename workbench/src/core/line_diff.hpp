#pragma once

#include <QString>
#include <QStringList>

namespace millrace::workbench {

/// What leads from one text to another, a line each: "- " gone, "+ " new; lines that stay are left out. Longest common
/// subsequence; texts of more than 2,000 lines are compared as a whole from their first difference on. Pure.
[[nodiscard]] QStringList lineDiff(const QString& before, const QString& after);

}  // namespace millrace::workbench
