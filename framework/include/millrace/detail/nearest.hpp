#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::detail {

/// The candidate most like `text` by edit distance (insert, remove, replace, swap neighbours), empty when none is near
/// enough to be a slip of the fingers.
[[nodiscard]] std::string nearest(std::string_view text, const std::vector<std::string>& candidates);

/// `; did you mean 'x'?`, or nothing when no candidate is near.
[[nodiscard]] std::string did_you_mean(std::string_view text, const std::vector<std::string>& candidates);

/// `'a', 'b', 'c'`; `none` when empty. Long lists are cut.
[[nodiscard]] std::string quoted_list(const std::vector<std::string>& names);

}  // namespace millrace::detail
