#pragma once

#include <string>

#include "millrace/error.hpp"
#include "millrace/validation.hpp"

namespace millrace::command {

/// Writes `error: …` to stderr, once for each line of the message.
void print_error(const std::string& message);
/// The same, and the exit code that fits: 2 when the input was wrong, 1 otherwise.
[[nodiscard]] int fail_with(const error& e);

/// What to say when the JSON that a node answered is not what its verb answers.
[[nodiscard]] std::string unreadable_answer(const std::string& why);

/// One line: `error: where: what. Remedy` (or `warning: …`), without the newline.
[[nodiscard]] std::string problem_line(const problem& p);

}  // namespace millrace::command
