#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "command/conversation.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/sample_text.hpp"
#include "command/stop_signal.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "millrace/duration.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

// A breakpoint that is held is renewed with every look at it.
constexpr std::chrono::milliseconds between_looks{500};
constexpr std::chrono::milliseconds held_lease{10'000};

struct break_flags {
  running_choice which;
  std::string channel;
  std::string when;
  std::string duration;
  std::string task;
  std::uint64_t id = 0;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

std::string dumped(const json& v) {
  return v.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string stop_text(const json& s) {
  return s.value("task", "") + " stands before " + sample_text(s) + "\n";
}

/// Prints tasks that have come to stand since the last look.
void print_new(const json& list, std::uint64_t id, std::set<std::pair<std::string, std::uint64_t>>& known,
               bool is_json) {
  std::set<std::pair<std::string, std::uint64_t>> now;
  for (const auto& s : list.at("stopped")) {
    if (s.value("breakpoint", std::uint64_t{0}) != id) continue;
    const std::pair at{s.value("task", "") + s.value("channel", ""), s.value("sequence", std::uint64_t{0})};
    now.insert(at);
    if (!known.contains(at)) print(is_json ? dumped(s) + "\n" : stop_text(s));
  }
  known = std::move(now);
}

/// Holds the breakpoint until Ctrl-C; should this process die, nobody renews it and all goes on.
int hold(const break_flags& f, const conversation& talk, std::uint64_t id) {
  if (!f.is_json) {
    print("breakpoint " + std::to_string(id) + " is set until Ctrl-C; 'millrace topology step " + talk.with().topology +
          "' and 'continue' let a task that stands go on\n");
  }
  const stop_signal stop;
  std::set<std::pair<std::string, std::uint64_t>> known;
  while (!stop.is_raised()) {
    if (auto renewed = talk.ask("break_renew", {{"id", id}}); !renewed) return fail_with(renewed.error());
    const auto list = talk.ask("break_list");
    if (!list) return fail_with(list.error());
    print_new(*list, id, known, f.is_json);
    stop.wait(between_looks);
  }
  const auto cleared = talk.ask("break_clear", {{"id", id}});
  return cleared ? exit_ok : fail_with(cleared.error());
}

int set(const break_flags& f) {
  json args{{"channel", f.channel}, {"when", f.when}, {"lease_ms", held_lease.count()}};
  if (!f.duration.empty()) {
    const auto d = parse_duration(f.duration);
    if (!d) return fail_with(user_error(errc::invalid_argument, "--for: " + d.error().message));
    args["lease_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(*d).count();
  }
  auto chosen = choose_running(f.which);
  if (!chosen) return fail_with(chosen.error());
  const auto talk = conversation::begin(*std::move(chosen));
  if (!talk) return fail_with(talk.error());
  const auto answer = talk->ask("break_set", args);
  if (!answer) return fail_with(answer.error());
  const auto id = answer->value("id", std::uint64_t{0});
  if (f.duration.empty()) return hold(f, *talk, id);
  print(f.is_json ? answer->dump() + "\n"
                  : "breakpoint " + std::to_string(id) + " is set for " + f.duration +
                        "; 'millrace topology break list " + talk->with().topology + "' shows where tasks stand\n");
  return exit_ok;
}

std::string break_text(const json& b) {
  const auto when = b.value("when", "");
  return "  " + std::to_string(b.value("id", std::uint64_t{0})) + "  " + b.value("channel", "") +
         (when.empty() ? "" : "  when " + when) + "  hits " + std::to_string(b.value("hits", std::uint64_t{0})) +
         "  ends in " + std::to_string((b.value("left_ms", std::int64_t{0}) + 500) / 1000) + " s unless renewed\n";
}

int list(const break_flags& f) {
  const auto chosen = choose_running(f.which);
  if (!chosen) return fail_with(chosen.error());
  const auto answer = ask(*chosen, "break_list");
  if (!answer) return fail_with(answer.error());
  if (f.is_json) {
    print(answer->dump(2, ' ', false, json::error_handler_t::replace) + "\n");
    return exit_ok;
  }
  if (answer->at("breakpoints").empty()) print(name_of(*chosen) + ": no breakpoints\n");
  for (const auto& b : answer->at("breakpoints")) print(break_text(b));
  for (const auto& s : answer->at("stopped")) print("  " + stop_text(s));
  return exit_ok;
}

int command(const break_flags& f, const char* verb, const json& args, const char* field, const char* done) {
  const auto chosen = choose_running(f.which);
  if (!chosen) return fail_with(chosen.error());
  const auto answer = ask(*chosen, verb, args);
  if (!answer) return fail_with(answer.error());
  print(f.is_json ? answer->dump() + "\n"
                  : name_of(*chosen) + ": " + std::to_string(answer->value(field, std::size_t{0})) + done + "\n");
  return exit_ok;
}

int clear(const break_flags& f) {
  return command(f, "break_clear", {{"id", f.id}}, "cleared", " cleared");
}
int step(const break_flags& f) {
  return command(f, "break_step", {{"task", f.task}}, "tasks", " handled one record and stand before the next");
}
int go_on(const break_flags& f) {
  return command(f, "break_continue", {{"task", f.task}}, "tasks", " go on");
}

CLI::App* declare(CLI::App* app, const std::shared_ptr<break_flags>& flags, action& chosen,
                  int (*work)(const break_flags&)) {
  app->add_option("NAME", flags->which.name, "Name of the topology")->required()->type_name("");
  add_running_options(*app, flags->which);
  app->add_flag("--json", flags->is_json, "Print JSON");
  app->callback([=, &chosen] { chosen = [=] { return work(*flags); }; });
  return app;
}

void add_task(CLI::App* app, break_flags& flags) {
  app->add_option("--task", flags.task, "Only this one, such as ledger/1 (default: all that stand)")->type_name("TASK");
}

}  // namespace

void declare_break(CLI::App& app, action& chosen) {
  const auto flags = std::make_shared<break_flags>();
  app.require_subcommand(1);
  auto* setting = declare(app.add_subcommand("set", "Have tasks stop before a record, and say where they stand"), flags,
                          chosen, set);
  setting
      ->add_option("CHANNEL", flags->channel,
                   "FROM->TO: actors, partitions of them (ledger/1), with ports where it matters")
      ->required()
      ->type_name("");
  setting->add_option("--when", flags->when, "Only before records for which this holds, such as 'amount > 100'")
      ->type_name("EXPR");
  setting
      ->add_option("--for", flags->duration,
                   "Return at once; it goes by itself after so long (default: stay, and clear it with Ctrl-C)")
      ->type_name("TIME");
  declare(app.add_subcommand("list", "The breakpoints, and the tasks that stand"), flags, chosen, list);
  declare(app.add_subcommand("clear", "Take breakpoints away: one, or all"), flags, chosen, clear)
      ->add_option("ID", flags->id, "Which one (default: all)")
      ->type_name("");
}

void declare_stepping(CLI::App& app, action& chosen) {
  const auto flags = std::make_shared<break_flags>();
  add_task(declare(app.add_subcommand("step", "Let a task that stands handle one record"), flags, chosen, step),
           *flags);
  add_task(declare(app.add_subcommand("continue", "Let tasks that stand go on"), flags, chosen, go_on), *flags);
}

}  // namespace millrace::command
