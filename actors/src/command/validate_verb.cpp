#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catalogue/actor_description.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/setting.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "millrace/topology.hpp"
#include "millrace/validation.hpp"

namespace millrace::command {

namespace {

struct validate_request {
  std::string file;
  std::vector<std::string> settings;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

nlohmann::json to_json(const validation& v) {
  auto problems = nlohmann::json::array();
  for (const auto& p : v.problems) {
    problems.push_back({{"level", p.level == problem::severity::error ? "error" : "warning"},
                        {"where", p.where},
                        {"what", p.what},
                        {"remedy", p.remedy}});
  }
  auto guarantees = nlohmann::json::array();
  for (const auto& g : v.guarantees) {
    guarantees.push_back({{"sink", g.sink}, {"guarantee", to_string(g.holds)}, {"why", g.why}, {"equal", g.equal}});
  }
  auto outputs = nlohmann::json::array();
  for (const auto& o : v.outputs) {
    outputs.push_back({{"actor", o.actor}, {"port", o.port}, {"emits", catalogue::record_text(*o.type)}});
  }
  return {{"ok", v.ok()},
          {"problems", std::move(problems)},
          {"guarantees", std::move(guarantees)},
          {"outputs", std::move(outputs)},
          {"tasks", v.plan ? v.plan->tasks.size() : 0},
          {"channels", v.plan ? v.plan->channels.size() : 0}};
}

/// A file that cannot be read as a topology, in the form of a validation.
nlohmann::json unreadable_json(const std::string& message) {
  validation v;
  v.problems.push_back({problem::severity::error, "file", message, ""});
  return to_json(v);
}

std::string to_words(guarantee g) {
  switch (g) {
    case guarantee::at_most_once:
      return "at most once";
    case guarantee::at_least_once:
      return "at least once";
    case guarantee::exactly_once:
      return "exactly once";
  }
  return {};
}

void print_report(const topology& t, const validation& v) {
  for (const auto& p : v.problems) console::terminal::instance().write_error(problem_line(p) + "\n");
  if (!v.ok()) return;
  print(t.name + ": valid, " + std::to_string(t.actors.size()) + " actors, " + std::to_string(v.plan->tasks.size()) +
        " tasks, " + std::to_string(v.plan->channels.size()) + " channels\n");
  for (const auto& g : v.guarantees) {
    print("  " + g.sink + ": " + to_words(g.holds) + " (" + g.why + ")\n");
    if (!g.equal.empty()) print("    two runs compare equal: " + g.equal + "\n");
  }
}

int validate_file(const validate_request& request) {
  auto t = load_topology(request.file);
  for (const auto& text : request.settings) {
    if (!t) break;
    if (auto applied = apply_setting(*t, text); !applied) t = std::move(applied).error();
  }
  if (!t) {
    if (request.is_json) print(unreadable_json(t.error().message).dump() + "\n");
    return fail_with(t.error());
  }
  const auto checked = validate(*t);
  if (request.is_json) {
    print(to_json(checked).dump(2) + "\n");
  } else {
    print_report(*t, checked);
  }
  return checked.ok() ? exit_ok : exit_usage;
}

}  // namespace

void declare_validate(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<validate_request>();
  app.add_option("FILE", request->file, "Topology to check (.mill)")->required()->type_name("");
  app.add_option("--set", request->settings, "As for run: check with this parameter or setting changed")
      ->type_name("NAME=VALUE")
      ->type_size(1)
      ->allow_extra_args(false);
  app.add_flag("--json", request->is_json, "Print one JSON object");
  app.callback([request, &chosen] { chosen = [request] { return validate_file(*request); }; });
}

}  // namespace millrace::command
