#pragma once

#include <QString>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::workbench {

/// A dead letter, as far as it can be mended.
struct LetterNote {
  QString id, content;
};

/// How letters are to be mended. For one letter `content` is its new content; for several it is a JSON object whose
/// members are set in all of them. With `match`, a regular expression, what it finds is replaced by `with` instead,
/// where `$1` stands for its first group.
struct LetterFix {
  QString content, match, with;
};

/// The letters with the contents they are to get; those that a `match` does not change are left out. Errors (the user's
/// mistake): what is wrong with the fix, or with the first letter that it does not fit. Pure.
[[nodiscard]] result<std::vector<LetterNote>> mended(const std::vector<LetterNote>& letters, const LetterFix& fix);

}  // namespace millrace::workbench
