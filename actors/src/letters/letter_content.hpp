#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "millrace/engine/dead_letter_store.hpp"

namespace millrace::letters {

/// What a letter holds, as it can be edited: the line of the input byte by byte, or a record as JSON.
[[nodiscard]] std::string content_of(const engine::kept_letter& l);
/// The same with the fix, when there is one.
[[nodiscard]] std::string newest_content_of(const engine::kept_letter& l);

/// A fix out of an edited content: a record is read from its JSON by the fields it had. Errors name what is wrong.
[[nodiscard]] result<engine::letter_fix> fix_from(const engine::kept_letter& l, const std::string& content);

/// Sets members of a JSON content. The values are JSON, or else taken as text.
[[nodiscard]] result<std::string> with_members(const std::string& content,
                                               const std::vector<std::pair<std::string, std::string>>& members);

[[nodiscard]] nlohmann::json to_json(const engine::kept_letter& l);
/// One line, and several.
[[nodiscard]] std::string line_of(const engine::kept_letter& l);
[[nodiscard]] std::string to_text(const engine::kept_letter& l);

}  // namespace millrace::letters
