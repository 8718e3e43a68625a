#include "command/topology_logs_verb.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds look_interval{500};

struct logs_request {
  running_choice which;
  std::string actor;
  std::string level = "info";
  std::uint64_t lines = 100;
  bool follows = false;
  bool is_json = false;
};

std::string line_of(const json& r) {
  const auto task =
      r.at("actor").is_null()
          ? std::string{}
          : r.at("actor").get<std::string>() + "/" + std::to_string(r.at("partition").get<std::int64_t>()) +
                (r.value("node", json{}).is_string() ? " on " + r.at("node").get<std::string>() : "") + "  ";
  const auto trace =
      r.value("trace", json{}).is_string() ? " [trace " + r.at("trace").get<std::string>() + "]" : std::string{};
  return r.at("at").get<std::string>() + "  " + r.at("level").get<std::string>() + "  " + task +
         r.at("text").get<std::string>() + trace + "\n";
}

int show(const logs_request& r) {
  const auto chosen = choose_running(r.which);
  if (!chosen) return fail_with(chosen.error());
  json args{{"level", r.level}, {"actor", r.actor}, {"limit", r.lines}};
  for (;;) {
    const auto answer = ask(*chosen, "logs", args);
    if (!answer) return fail_with(answer.error());
    std::string text;
    for (const auto& record : answer->at("records")) text += r.is_json ? record.dump() + "\n" : line_of(record);
    console::terminal::instance().write(text);
    if (!r.follows) return exit_ok;
    args["after"] = answer->at("last");
    // Until Ctrl-C.
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace

void declare_topology_logs(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<logs_request>();
  auto* sub = app.add_subcommand("logs", "What a topology of a node says of itself");
  sub->add_option("NAME", request->which.name, "Name of the topology")->required()->type_name("");
  add_running_options(*sub, request->which);
  sub->add_option("--actor", request->actor, "Only what this actor says")->type_name("ACTOR");
  sub->add_option("--level", request->level, "Only this and worse")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->type_name("LEVEL");
  sub->add_option("--lines", request->lines, "The newest so many, at most 1000")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  sub->add_flag("--follow", request->follows, "Go on with what comes, until Ctrl-C");
  sub->add_flag("--json", request->is_json, "Print JSON, one object a line");
  sub->callback([request, &chosen] { chosen = [request] { return show(*request); }; });
}

}  // namespace millrace::command
