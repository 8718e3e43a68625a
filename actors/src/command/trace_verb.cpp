#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "command/verb.hpp"
#include "command/waterfall.hpp"
#include "console/terminal.hpp"
#include "node/tracing/trace_watch.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

struct trace_request {
  running_choice which;
  std::string id = "last";
  std::string file;
  std::size_t most = 20;
  bool is_json = false;
};

constexpr std::size_t most_max = node::trace_book::traces_max;

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

style paint() {
  return {console::terminal::has_colour()};
}

/// What `--trace-to FILE` wrote, or anybody else's OTLP in JSON, a request a line.
result<json> ask_file(const std::string& file, const json& args) {
  std::ifstream in{file};
  if (!in) return user_error(errc::io_error, "cannot read " + file);
  node::trace_book book;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    const auto spans = node::read_otlp(line);
    if (!spans) {
      return user_error(errc::parse_error, file + ":" + std::to_string(number) + " " + spans.error().message);
    }
    book.add(*spans);
  }
  return node::answer_traces(book, args);
}

result<json> ask_for(const trace_request& r, const json& args) {
  if (!r.file.empty()) return ask_file(r.file, args);
  const auto chosen = choose_running(r.which);
  if (!chosen) return chosen.error();
  return ask(*chosen, "trace", args);
}

int list(const trace_request& r) {
  const auto answer = ask_for(r, {{"most", r.most}});
  if (!answer) return fail_with(answer.error());
  print(r.is_json ? answer->dump(2) + "\n" : trace_table(*answer, paint()));
  return exit_ok;
}

int show(const trace_request& r) {
  const auto answer = ask_for(r, {{"trace", r.id}});
  if (!answer) return fail_with(answer.error());
  print(r.is_json ? answer->dump(2) + "\n" : waterfall(*answer, console::terminal::size().columns, paint()));
  return exit_ok;
}

void add_common(CLI::App& app, trace_request& r) {
  app.add_option("name", r.which.name, "Name of the topology; left out: the only one that runs")->type_name("NAME");
  add_running_options(app, r.which);
  app.add_option("--file", r.file, "Read what --trace-to wrote into this file instead")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  app.add_flag("--json", r.is_json, "Print JSON");
}

}  // namespace

void declare_trace(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<trace_request>();
  app.require_subcommand(1);
  auto* all = app.add_subcommand("list", "The newest traces");
  all->add_option("--most", request->most, "At most so many")
      ->default_val(request->most)
      ->check(CLI::Range(std::size_t{1}, most_max).description(""))
      ->type_name("N");
  add_common(*all, *request);
  all->callback([=, &chosen] { chosen = [=] { return list(*request); }; });
  auto* one = app.add_subcommand("show", "One trace as a waterfall: where the event's time went");
  one->add_option("id", request->id, "Its first digits, or last: the newest that reached a sink")
      ->default_val(request->id)
      ->type_name("ID");
  add_common(*one, *request);
  one->callback([=, &chosen] { chosen = [=] { return show(*request); }; });
}

}  // namespace millrace::command
