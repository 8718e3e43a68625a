#include "command/report.hpp"

#include <cctype>
#include <sstream>

#include "command/exit_code.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

std::string unreadable_answer(const std::string& why) {
  return "the node's answer cannot be read (" + why + "): are both of one version?";
}

void print_error(const std::string& message) {
  std::istringstream lines{message};
  std::string text;
  for (std::string line; std::getline(lines, line);) text += "error: " + line + "\n";
  console::terminal::instance().write_error(text);
}

int fail_with(const error& e) {
  print_error(e.message);
  return e.kind == error_class::user ? exit_usage : exit_failed;
}

std::string problem_line(const problem& p) {
  auto line = (p.level == problem::severity::error ? "error: " : "warning: ") + p.where + ": " + p.what;
  if (p.remedy.empty()) return line;
  auto remedy = p.remedy;
  remedy.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(remedy.front())));
  return line + ". " + remedy;
}

}  // namespace millrace::command
