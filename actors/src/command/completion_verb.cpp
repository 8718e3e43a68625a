#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "command/command_line.hpp"
#include "command/completion.hpp"
#include "command/exit_code.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

int print_script(const std::string& shell) {
  action unused;
  console::terminal::instance().write(completion_script(*make_grammar(unused), shell));
  return exit_ok;
}

}  // namespace

void declare_completion(CLI::App& app, action& chosen) {
  const auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember(completion_shells()));
  app.footer("For bash: millrace completion bash > ~/.local/share/bash-completion/completions/millrace");
  app.callback([=, &chosen] { chosen = [=] { return print_script(*shell); }; });
}

}  // namespace millrace::command
