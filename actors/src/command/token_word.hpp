#pragma once

#include <string>

#include "millrace/error.hpp"
#include "millrace/transport/join_token.hpp"

namespace CLI {
class App;
}

namespace millrace::command {

/// The argument TOKEN, which may be left out. `printed_by`: the command whose word it is.
void add_token_word(CLI::App& app, std::string& word, const std::string& printed_by);

/// The invitation that the argument names: empty or `-`, a line of standard input; `@FILE`, the first line of that
/// file. The word itself works, too, with a warning: arguments of commands are there for all users of the machine to
/// see. Errors: a file that cannot be read, a word that is none.
[[nodiscard]] result<transport::join_token> read_token_word(const std::string& word);

}  // namespace millrace::command
