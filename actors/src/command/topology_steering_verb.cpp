#include "command/topology_steering_verb.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

struct steering_request {
  running_choice which;
  std::string verb;
  std::string actor;
  std::string setting;
  bool is_json = false;
};

std::string said(const std::string& verb, const json& answer) {
  const bool is_change = answer.value("changed", true);
  if (verb == "pause") {
    return (is_change ? "paused since " : "is paused already, since ") + answer.value("paused_since", "") +
           ": it takes no input, keeps its state and connections, and handles what is on its way";
  }
  if (verb == "resume") return is_change ? "takes input again" : "is not paused";
  if (verb == "set") {
    return answer.value("parameter", "") + " is " + answer.at("value").dump() +
           (is_change ? " in all partitions behind the next snapshot's barrier, and after every start" : " already");
  }
  const auto muted = answer.value("muted", std::vector<std::string>{});
  std::string names;
  for (const auto& m : muted) names += (names.empty() ? "" : ", ") + m;
  return names.empty() ? "nothing is muted" : "muted: " + names + "; what they send is dropped and counted";
}

/// `actor.parameter=value`, as `--set` takes it.
result<json> setting_argument(const std::string& text) {
  const auto equals = text.find('=');
  const auto dot = text.substr(0, equals).find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot == 0 || dot + 1 == equals) {
    return user_error(errc::invalid_argument, "'" + text + "': expected actor.parameter=value");
  }
  return json{{"actor", text.substr(0, dot)},
              {"parameter", text.substr(dot + 1, equals - dot - 1)},
              {"value", text.substr(equals + 1)}};
}

int steer(const steering_request& r) {
  json args = json::object();
  if (!r.actor.empty()) args["actor"] = r.actor;
  if (r.verb == "set") {
    auto setting = setting_argument(r.setting);
    if (!setting) return fail_with(setting.error());
    args = *std::move(setting);
  }
  const auto chosen = choose_running(r.which);
  if (!chosen) return fail_with(chosen.error());
  const auto answer = ask(*chosen, r.verb, std::move(args));
  if (!answer) return fail_with(answer.error());
  console::terminal::instance().write(r.is_json ? answer->dump() + "\n"
                                                : name_of(*chosen) + ": " + said(r.verb, *answer) + "\n");
  return exit_ok;
}

CLI::App* declare(CLI::App& app, action& chosen, const char* verb, const char* help,
                  std::shared_ptr<steering_request>& request) {
  request = std::make_shared<steering_request>();
  request->verb = verb;
  auto* sub = app.add_subcommand(verb, help);
  sub->add_option("NAME", request->which.name, "Name of the topology")->required()->type_name("");
  add_running_options(*sub, request->which);
  sub->add_flag("--json", request->is_json, "Print JSON");
  sub->callback([r = request, &chosen] { chosen = [r] { return steer(*r); }; });
  return sub;
}

}  // namespace

void declare_topology_steering(CLI::App& app, action& chosen) {
  std::shared_ptr<steering_request> r;
  declare(app, chosen, "pause", "Take no more input; state and connections stay", r);
  declare(app, chosen, "resume", "Take input again", r);
  for (const auto& [verb, help] : {std::pair{"mute", "Drop what an actor sends, and count it"},
                                   std::pair{"unmute", "Send what an actor emits again"}}) {
    declare(app, chosen, verb, help, r)->add_option("ACTOR", r->actor, "Name of the actor")->required()->type_name("");
  }
  declare(app, chosen, "set", "Change a parameter while the topology runs", r)
      ->add_option("SETTING", r->setting, "actor.parameter=value")
      ->required()
      ->type_name("");
}

}  // namespace millrace::command
