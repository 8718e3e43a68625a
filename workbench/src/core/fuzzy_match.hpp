#pragma once

#include <QString>
#include <optional>

namespace millrace::workbench {

/// How well `typed` abbreviates `text`: its letters appear in that order, whatever the case. The higher the better;
/// nothing when they do not. Beginnings of words and letters that follow each other count most, so that "fsi" finds
/// "File sink" before "Follow simulation"; of two that are alike the shorter text wins.
///
/// The best of all ways to place the letters is taken (dynamic programming over both texts). Pure.
[[nodiscard]] std::optional<int> fuzzyScore(const QString& typed, const QString& text);

}  // namespace millrace::workbench
