#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "command/exit_code.hpp"
#include "command/figures.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "command/savepoint_verb.hpp"
#include "command/setting.hpp"
#include "command/task_times.hpp"
#include "command/topology_logs_verb.hpp"
#include "command/topology_steering_verb.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "millrace/topology.hpp"

namespace millrace::command {

namespace {

struct topology_request {
  running_choice which;
  std::string from;  // a savepoint; empty: the newest snapshot
  bool accepts_duplicates = false;
  bool is_json = false;
};

struct deploy_request {
  std::string file;
  node_choice node;
  std::vector<std::string> settings;
  std::vector<std::string> nodes;
  std::vector<std::string> pins;
  std::string from;
  bool accepts_duplicates = false;
  bool is_replacing = false;
  bool is_stopped = false;
  bool is_dry = false;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

std::string status_text(const nlohmann::json& status) {
  const auto seconds = std::chrono::duration<double>(status.value("uptime_s", 0.0));
  const auto node = status.value("node", "");
  const auto message = status.value("message", "");
  const bool is_paused = status.contains("paused_since") && status["paused_since"].is_string();
  const auto since = is_paused ? "  since " + status["paused_since"].get<std::string>() : std::string{};
  return status.value("topology", "") + "  " + status.value("state", "") + since + "  up " +
         clock_text(std::chrono::duration_cast<std::chrono::nanoseconds>(seconds)) + "  snapshot " +
         std::to_string(status.value("last_epoch", std::uint64_t{0})) + "  restarts " +
         std::to_string(status.value("restarts", std::uint64_t{0})) + "  " +
         (node.empty() ? "" : "node " + node + "  ") + "process " + std::to_string(status.value("pid", 0)) +
         "  data in " + status.value("data_dir", "") + "\n" + (message.empty() ? "" : "  " + message + "\n");
}

std::string task_text(const nlohmann::json& t) {
  return "  " + t.value("name", "") + "  " + t.value("state", "") + "  in " + count_text(t.value("in_per_s", 0.0)) +
         "/s  out " + count_text(t.value("out_per_s", 0.0)) + "/s  busy " + percent_text(t.value("busy_share", 0.0)) +
         "  blocked " + percent_text(t.value("blocked_share", 0.0)) +
         (t.value("muted", false) ? "  muted, dropped " + std::to_string(t.value("muted_events", std::uint64_t{0}))
                                  : "") +
         (t.contains("node") ? "  on " + t.value("node", "") : "") + "\n" +
         (t.contains("stopped_at") ? "    " + t.value("stopped_at", "") + "\n" : "");
}

int list_running(const topology_request& request) {
  const auto running = all_running(request.which.key_file);
  if (!running) return fail_with(running.error());
  auto all = nlohmann::json::array();
  for (const auto& t : *running) {
    auto status = ask(t, "status");
    if (status) {
      if (!t.node.empty()) (*status)["node"] = t.node;
      all.push_back(*std::move(status));
    } else {
      // It may have ended between the listing and the question.
      print_error(name_of(t) + ": " + status.error().message);
    }
  }
  if (request.is_json) {
    print(all.dump(2) + "\n");
  } else if (running->empty()) {
    print("no topology is running\n");
  } else {
    for (const auto& status : all) print(status_text(status));
  }
  return exit_ok;
}

int show_status(const topology_request& request) {
  const auto chosen = choose_running(request.which);
  if (!chosen) return fail_with(chosen.error());
  const auto status = ask(*chosen, "status");
  if (!status) return fail_with(status.error());
  if (request.is_json) {
    print(status->dump(2) + "\n");
    return exit_ok;
  }
  auto text = status_text(*status);
  const auto tasks = status->value("tasks", nlohmann::json::array());
  for (const auto& t : tasks) text += task_text(t);
  print(text + task_times(tasks));
  return exit_ok;
}

int show_why(const topology_request& request) {
  const auto chosen = choose_running(request.which);
  if (!chosen) return fail_with(chosen.error());
  const auto why = ask(*chosen, "why");
  if (!why) return fail_with(why.error());
  if (request.is_json) {
    print(why->dump(2) + "\n");
    return exit_ok;
  }
  auto text = why->value("sentence", "") + "\n";
  std::string path;
  for (const auto& task : why->value("path", std::vector<std::string>{})) path += (path.empty() ? "" : " -> ") + task;
  if (!path.empty()) text += "  full from the source to there: " + path + "\n";
  for (const auto& other : why->value("also", nlohmann::json::array())) {
    text += "also: " + other.value("sentence", "") + "\n";
  }
  print(text);
  return exit_ok;
}

std::string alert_text(const nlohmann::json& a) {
  const auto actor = a.value("actor", "");
  const auto value = a.find("value");
  const bool is_shown = value != a.end() && value->is_number();
  return "  " + a.value("severity", "") + "  " + a.value("rule", "") + (actor.empty() ? "" : "  at " + actor) + "  " +
         a.value("measure", "") + " is " +
         (is_shown ? count_text(value->get<double>()) : std::string{"shown to operators only"}) +
         (a.value("fires", "") == "below" ? ", lower limit " : ", limit ") + count_text(a.value("limit", 0.0)) +
         "  since " + a.value("since", "") + (a.value("in_maintenance", false) ? "  (in maintenance)" : "") + "\n";
}

int show_alerts(const topology_request& request) {
  const auto chosen = choose_running(request.which);
  if (!chosen) return fail_with(chosen.error());
  const auto answer = ask(*chosen, "alerts");
  if (!answer) return fail_with(answer.error());
  if (request.is_json) {
    print(answer->dump(2) + "\n");
    return exit_ok;
  }
  const auto alerts = answer->value("alerts", nlohmann::json::array());
  auto text = name_of(*chosen) + ": " +
              (alerts.size() == 1 ? "1 alert is" : std::to_string(alerts.size()) + " alerts are") + " firing\n";
  for (const auto& a : alerts) text += alert_text(a);
  print(text);
  return exit_ok;
}

int command_running(const topology_request& request, const std::string& verb, const std::string& done,
                    nlohmann::json args = nlohmann::json::object()) {
  const auto chosen = choose_running(request.which);
  if (!chosen) return fail_with(chosen.error());
  const auto answer = ask(*chosen, verb, std::move(args));
  if (!answer) return fail_with(answer.error());
  print(request.is_json ? answer->dump() + "\n" : name_of(*chosen) + ": " + done + "\n");
  return exit_ok;
}

int stop(const topology_request& r) {
  return command_running(r, "stop", "takes a last snapshot and ends");
}
int start(const topology_request& r) {
  if (r.from.empty()) return command_running(r, "start", "starts from its newest snapshot");
  return command_running(r, "start", "starts from savepoint " + r.from,
                         {{"from", r.from}, {"accept_duplicates", r.accepts_duplicates}});
}
int remove(const topology_request& r) {
  return command_running(r, "remove", "ends; then its deployment and its data are deleted");
}
int take_snapshot(const topology_request& r) {
  return command_running(r, "snapshot", "takes a snapshot");
}

/// Which nodes run which tasks: `--nodes a,b` and `--place actor=a,b` as a node takes them.
result<nlohmann::json> placement_argument(const deploy_request& r) {
  nlohmann::json out{{"nodes", r.nodes}, {"pins", nlohmann::json::object()}};
  for (const auto& pin : r.pins) {
    const auto equals = pin.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == pin.size()) {
      return user_error(errc::invalid_argument,
                        "--place " + pin + ": write ACTOR=NODE[,NODE…] or ACTOR/PARTITION=NODE, such as sum=b,c");
    }
    auto names = nlohmann::json::array();
    std::istringstream list{pin.substr(equals + 1)};
    for (std::string name; std::getline(list, name, ',');) names.push_back(name);
    out["pins"][pin.substr(0, equals)] = std::move(names);
  }
  return out;
}

/// What is sent to a node: the topology as it stands in the file, with the settings of the command line.
result<nlohmann::json> topology_arguments(const deploy_request& r) {
  auto t = load_topology(r.file);
  if (!t) return std::move(t).error();
  for (const auto& text : r.settings) {
    if (auto applied = apply_setting(*t, text); !applied) return std::move(applied).error();
  }
  auto placement = placement_argument(r);
  if (!placement) return std::move(placement).error();
  return nlohmann::json{{"text", to_text(*t)},
                        {"placement", *std::move(placement)},
                        {"base_folder", std::filesystem::absolute(t->base_folder).lexically_normal().string()},
                        {"replace", r.is_replacing},
                        {"start", !r.is_stopped}};
}

void print_problems(const nlohmann::json& answer) {
  for (const auto& p : answer.at("problems")) {
    const auto level = p.at("severity") == "error" ? problem::severity::error : problem::severity::warning;
    console::terminal::instance().write_error(problem_line({level, p.at("where"), p.at("what"), p.at("remedy")}) +
                                              "\n");
  }
}

int plan(const deploy_request& r);

int deploy(const deploy_request& r) {
  if (r.is_dry) return plan(r);
  auto args = topology_arguments(r);
  if (!args) return fail_with(args.error());
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  if (!r.from.empty()) {
    (*args)["from"] = r.from;
    (*args)["accept_duplicates"] = r.accepts_duplicates;
  }
  const auto answer = ask(*node, "deploy", *args);
  if (!answer) return fail_with(answer.error());
  if (r.is_json) {
    print(answer->dump() + "\n");
    return exit_ok;
  }
  print_problems(*answer);
  auto text = answer->value("topology", "") + (answer->value("changed", true) ? ": deployed"
                                               : answer->value("starting", false)
                                                   ? ": deployed already, starts from its newest snapshot"
                                                   : ": deployed already, nothing changed");
  for (const auto& g : answer->at("guarantees")) {
    text += "\n  " + g.value("sink", "") + ": " + g.value("holds", "") + " (" + g.value("why", "") + ")";
  }
  print(text + "\n");
  return exit_ok;
}

std::string change_text(const nlohmann::json& c) {
  auto text = "  " + c.value("what", "") + " " + c.value("where", "");
  const bool has_from = c.contains("from") && !c["from"].is_null();
  const bool has_to = c.contains("to") && !c["to"].is_null();
  if (has_from) text += ": " + c["from"].dump();
  if (has_to) text += (has_from ? " -> " : ": ") + c["to"].dump();
  return text + "\n";
}

int plan(const deploy_request& r) {
  const auto args = topology_arguments(r);
  if (!args) return fail_with(args.error());
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto answer = ask(*node, "plan", *args);
  if (!answer) return fail_with(answer.error());
  const bool is_valid = answer->value("valid", false);
  if (r.is_json) {
    print(answer->dump(2) + "\n");
    return is_valid ? exit_ok : exit_usage;
  }
  print_problems(*answer);
  const auto& changes = answer->at("changes");
  std::string text = answer->value("topology", "");
  text += !answer->value("deployed", false) ? ": not deployed yet"
          : changes.empty()                 ? ": nothing changes"
                                            : ": changes";
  text += "\n";
  for (const auto& c : changes) text += change_text(c);
  print(text);
  return is_valid ? exit_ok : exit_usage;
}

template <class Request>
CLI::App* declare(CLI::App* app, const std::shared_ptr<Request>& request, action& chosen, int (*work)(const Request&)) {
  app->add_flag("--json", request->is_json, "Print JSON");
  app->callback([=, &chosen] { chosen = [=] { return work(*request); }; });
  return app;
}

void add_name(CLI::App* app, topology_request& request) {
  app->add_option("NAME", request.which.name, "Name of the topology (default: the only one running)")->type_name("");
  add_running_options(*app, request.which);
}

void add_from(CLI::App& app, std::string& from, bool& accepts_duplicates) {
  auto* savepoint = app.add_option("--from", from, "A savepoint to go on from: its name, TOPOLOGY/NAME, or latest");
  savepoint->type_name("SAVEPOINT");
  app.add_flag("--accept-duplicates", accepts_duplicates,
               "Also where sinks that cannot take output back get it a second time")
      ->needs(savepoint);
}

void add_file(CLI::App* app, deploy_request& request) {
  app->add_option("FILE", request.file, "Topology (.mill)")->required()->type_name("");
  add_node_options(*app, request.node);
  app->add_option("--nodes", request.nodes,
                  "Nodes to spread the tasks over: partition i runs on the i-th, and so on from the first")
      ->delimiter(',')
      ->type_name("NODE,...");
  app->add_option("--place", request.pins,
                  "Where an actor, or one partition of it, runs instead: sum=b,c or sum/3=b or sum=disk=fast (a label)")
      ->type_name("ACTOR=NODE,...");
  app->add_option("--set", request.settings, "Changes a parameter: actor.parameter=value; repeat it for more")
      ->type_name("SETTING");
}

}  // namespace

void declare_topology(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<topology_request>();
  app.require_subcommand(1);
  add_running_options(
      *declare(app.add_subcommand("list", "What is running, and what nodes host"), request, chosen, list_running),
      request->which);
  add_name(declare(app.add_subcommand("status", "How a run is doing"), request, chosen, show_status), *request);
  add_name(declare(app.add_subcommand("alerts", "The alerts that fire"), request, chosen, show_alerts), *request);
  add_name(declare(app.add_subcommand("why", "What holds a run up"), request, chosen, show_why), *request);
  add_name(declare(app.add_subcommand("stop", "End a run as Ctrl-C does"), request, chosen, stop), *request);
  add_name(declare(app.add_subcommand("snapshot", "Take a snapshot now"), request, chosen, take_snapshot), *request);
  auto* to_start = declare(app.add_subcommand("start", "Start a topology of a node again"), request, chosen, start);
  add_name(to_start, *request);
  add_from(*to_start, request->from, request->accepts_duplicates);
  add_name(declare(app.add_subcommand("remove", "End a topology of a node and delete it with its data"), request,
                   chosen, remove),
           *request);
  declare_tail(*app.add_subcommand("tail", "Show records that go over a channel"), chosen);
  declare_break(*app.add_subcommand("break", "Stop tasks before records on a channel"), chosen);
  declare_stepping(app, chosen);
  const auto deployment = std::make_shared<deploy_request>();
  auto* to_deploy = declare(app.add_subcommand("deploy", "Give a topology to a node"), deployment, chosen, deploy);
  add_file(to_deploy, *deployment);
  to_deploy->add_flag("--replace", deployment->is_replacing, "End what runs under this name, and go on with this");
  to_deploy->add_flag("--stopped", deployment->is_stopped, "Do not start it");
  auto* dry = to_deploy->add_flag("--dry-run", deployment->is_dry, "Do nothing; say what would change, as 'plan' does");
  add_from(*to_deploy, deployment->from, deployment->accepts_duplicates);
  dry->excludes("--from");
  declare_topology_steering(app, chosen);
  declare_topology_savepoint(app, chosen);
  declare_topology_logs(app, chosen);
  add_file(declare(app.add_subcommand("plan", "What deploying would change"), deployment, chosen, plan), *deployment);
}

}  // namespace millrace::command
