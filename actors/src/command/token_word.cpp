#include "command/token_word.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <istream>

namespace millrace::command {

namespace {

constexpr std::size_t token_bytes_max = 1024;

std::string first_line(std::istream& in) {
  std::string line;
  for (char c = 0; line.size() <= token_bytes_max && in.get(c) && c != '\n';) line += c;
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  return line;
}

}  // namespace

void add_token_word(CLI::App& app, std::string& word, const std::string& printed_by) {
  app.add_option("TOKEN", word,
                 "What '" + printed_by +
                     "' printed: left out or -, read from standard input; @FILE, from a file. As an argument other "
                     "users of this machine can see it")
      ->type_name("");
}

result<transport::join_token> read_token_word(const std::string& word) {
  if (word.empty() || word == "-") {
    if (::isatty(STDIN_FILENO) != 0) std::cerr << "the word of the invitation: " << std::flush;
    return transport::join_token_of(first_line(std::cin));
  }
  if (word.front() == '@') {
    const auto path = word.substr(1);
    std::ifstream in{path, std::ios::binary};
    if (!in) return user_error(errc::io_error, "cannot read the invitation in '" + path + "'");
    return transport::join_token_of(first_line(in));
  }
  std::cerr
      << "millrace: warning: other users of this machine can see arguments while the command runs; give the word on "
         "standard input, or as @FILE\n";
  return transport::join_token_of(word);
}

}  // namespace millrace::command
