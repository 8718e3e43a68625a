#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "command/exit_code.hpp"
#include "command/figures.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "millrace/transport/control_endpoint.hpp"

namespace millrace::command {

namespace {

struct topology_request {
  std::string name;       ///< empty: the only one
  std::uint32_t pid = 0;  ///< 0: whichever
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

std::string status_text(const nlohmann::json& status) {
  const auto seconds = std::chrono::duration<double>(status.value("uptime_s", 0.0));
  return status.value("topology", "") + "  " + status.value("state", "") + "  up " +
         clock_text(std::chrono::duration_cast<std::chrono::nanoseconds>(seconds)) + "  snapshot " +
         std::to_string(status.value("last_epoch", std::uint64_t{0})) + "  restarts " +
         std::to_string(status.value("restarts", std::uint64_t{0})) + "  process " +
         std::to_string(status.value("pid", 0)) + "  data in " + status.value("data_dir", "") + "\n";
}

std::string task_text(const nlohmann::json& t) {
  return "  " + t.value("name", "") + "  " + t.value("state", "") + "  in " + count_text(t.value("in_per_s", 0.0)) +
         "/s  out " + count_text(t.value("out_per_s", 0.0)) + "/s  busy " + percent_text(t.value("busy_share", 0.0)) +
         "  blocked " + percent_text(t.value("blocked_share", 0.0)) + "\n";
}

int list_running(const topology_request& request) {
  const auto running = transport::list_endpoints();
  if (!running) return fail_with(running.error());
  auto all = nlohmann::json::array();
  for (const auto& e : *running) {
    const auto status = ask(e, "status");
    if (status) {
      all.push_back(*status);
    } else {
      // It may have ended between the listing and the question.
      print_error(name_of(e) + ": " + status.error().message);
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
  const auto endpoint = choose_running(request.name, request.pid);
  if (!endpoint) return fail_with(endpoint.error());
  const auto status = ask(*endpoint, "status");
  if (!status) return fail_with(status.error());
  if (request.is_json) {
    print(status->dump(2) + "\n");
    return exit_ok;
  }
  auto text = status_text(*status);
  for (const auto& t : status->value("tasks", nlohmann::json::array())) text += task_text(t);
  print(text);
  return exit_ok;
}

int command_running(const topology_request& request, const std::string& verb, const std::string& done) {
  const auto endpoint = choose_running(request.name, request.pid);
  if (!endpoint) return fail_with(endpoint.error());
  const auto answer = ask(*endpoint, verb);
  if (!answer) return fail_with(answer.error());
  print(request.is_json ? answer->dump() + "\n" : name_of(*endpoint) + ": " + done + "\n");
  return exit_ok;
}

int stop(const topology_request& r) {
  return command_running(r, "stop", "takes a last snapshot and ends");
}
int take_snapshot(const topology_request& r) {
  return command_running(r, "snapshot", "takes a snapshot");
}

CLI::App* declare(CLI::App* app, const std::shared_ptr<topology_request>& request, action& chosen,
                  int (*work)(const topology_request&)) {
  app->add_flag("--json", request->is_json, "Print JSON");
  app->callback([=, &chosen] { chosen = [=] { return work(*request); }; });
  return app;
}

void add_name(CLI::App* app, topology_request& request) {
  app->add_option("NAME", request.name, "Name of the topology (default: the only one running)")->type_name("");
  app->add_option("--pid", request.pid, "Its process, when one name runs more than once")->type_name("PID");
}

}  // namespace

void declare_topology(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<topology_request>();
  app.require_subcommand(1);
  declare(app.add_subcommand("list", "What is running"), request, chosen, list_running);
  add_name(declare(app.add_subcommand("status", "How a run is doing"), request, chosen, show_status), *request);
  add_name(declare(app.add_subcommand("stop", "End a run as Ctrl-C does"), request, chosen, stop), *request);
  add_name(declare(app.add_subcommand("snapshot", "Take a snapshot now"), request, chosen, take_snapshot), *request);
}

}  // namespace millrace::command
