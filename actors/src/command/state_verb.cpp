#include <CLI/CLI.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "command/answer_pages.hpp"
#include "command/exit_code.hpp"
#include "command/figures.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

// A task that is restored or busy is asked again for this long.
constexpr int attempts_max = 40;
constexpr std::chrono::milliseconds between_attempts{250};

struct state_request {
  running_choice run;
  std::string actor;
  std::string state;
  std::string key;
  std::string prefix, from, to;
  std::uint64_t limit = 100;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

result<json> ask_patiently(const running_topology& endpoint, const json& args) {
  for (int attempt = 1;; ++attempt) {
    auto answer = ask(endpoint, "state", args);
    if (answer || answer.error().code != errc::unavailable || attempt == attempts_max) return answer;
    std::this_thread::sleep_for(between_attempts);
  }
}

json arguments(const state_request& r, const char* what) {
  json args{{"actor", r.actor}, {"what", what}};
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) args[name] = text;
  };
  add("state", r.state);
  add("prefix", r.prefix);
  add("from", r.from);
  add("to", r.to);
  return args;
}

std::string row_text(const json& row) {
  auto text = row.at("key").dump();
  for (const auto& [name, content] : row.at("states").items()) text += "  " + name + "=" + content.dump();
  return text + "\n";
}

int get(const state_request& r) {
  const auto endpoint = choose_running(r.run);
  if (!endpoint) return fail_with(endpoint.error());
  auto args = arguments(r, "get");
  args["key"] = r.key;
  const auto answer = ask_patiently(*endpoint, args);
  if (!answer) return fail_with(answer.error());
  const auto& rows = answer->at("rows");
  if (rows.empty()) {
    return fail_with(
        {errc::not_found, error_class::fatal,
         "'" + r.actor + "' has no " + (r.state.empty() ? "state" : "'" + r.state + "'") + " for key " + r.key});
  }
  print(r.is_json ? rows.front().dump() + "\n" : row_text(rows.front()));
  return exit_ok;
}

/// Walks the actor's tasks slice by slice; `take` gets each answer and says whether to go on.
template <class Take>
result<void> walk(const state_request& r, json args, Take take) {
  const auto endpoint = choose_running(r.run);
  if (!endpoint) return endpoint.error();
  for (answer_pages pages;;) {
    auto answer = ask_patiently(*endpoint, args);
    if (!answer) return std::move(answer).error();
    const auto next = answer->value("next", json{});
    if (!take(*answer, args) || next.is_null()) return {};
    if (auto turned = pages.turn(next); !turned) return turned;
    args["partition"] = next.at("partition");
    args["cursor"] = next.at("cursor");
  }
}

int scan(const state_request& r) {
  auto rows = json::array();
  bool is_cut = false;
  auto args = arguments(r, "scan");
  args["limit"] = r.limit;
  const auto done = walk(r, args, [&](const json& answer, json& next) {
    for (const auto& row : answer.at("rows")) rows.push_back(row);
    is_cut = rows.size() >= r.limit && !answer.at("next").is_null();
    next["limit"] = r.limit - std::min<std::uint64_t>(r.limit, rows.size());
    return !is_cut;
  });
  if (!done) return fail_with(done.error());
  if (r.is_json) {
    print(rows.dump() + "\n");
    return exit_ok;
  }
  std::string text;
  for (const auto& row : rows) text += row_text(row);
  print(text);
  if (is_cut) print_error("there may be more than " + std::to_string(r.limit) + " keys; raise --limit to see them");
  return exit_ok;
}

int size(const state_request& r) {
  struct sum {
    std::uint64_t rows = 0, bytes = 0;
  };
  std::map<std::uint32_t, std::pair<std::uint32_t, sum>> groups;  // by group: partition, size
  sum all;
  const auto done = walk(r, arguments(r, "size"), [&](const json& answer, json&) {
    for (const auto& g : answer.at("groups")) {
      auto& [partition, size] = groups[g.at("group").get<std::uint32_t>()];
      partition = g.at("partition").get<std::uint32_t>();
      size.rows += g.at("rows").get<std::uint64_t>();
      size.bytes += g.at("bytes").get<std::uint64_t>();
      all.rows += g.at("rows").get<std::uint64_t>();
      all.bytes += g.at("bytes").get<std::uint64_t>();
    }
    return true;
  });
  if (!done) return fail_with(done.error());
  if (r.is_json) {
    auto list = json::array();
    for (const auto& [group, of] : groups) {
      list.push_back({{"group", group}, {"partition", of.first}, {"rows", of.second.rows}, {"bytes", of.second.bytes}});
    }
    print(json{{"actor", r.actor}, {"rows", all.rows}, {"bytes", all.bytes}, {"groups", std::move(list)}}.dump() +
          "\n");
    return exit_ok;
  }
  std::string text;
  for (const auto& [group, of] : groups) {
    text += "group " + std::to_string(group) + "  partition " + std::to_string(of.first) + "  " +
            std::to_string(of.second.rows) + " keys  " + bytes_text(of.second.bytes) + "\n";
  }
  print(text + r.actor + ": " + std::to_string(all.rows) + " keys  " + bytes_text(all.bytes) + " in " +
        std::to_string(groups.size()) + " key groups\n");
  return exit_ok;
}

CLI::App* declare(CLI::App* app, const std::shared_ptr<state_request>& r, action& chosen,
                  int (*work)(const state_request&)) {
  app->add_option("RUN", r->run.name, "Name of the running topology")->required()->type_name("");
  app->add_option("ACTOR", r->actor, "The actor that keeps the state")->required()->type_name("");
  add_running_options(*app, r->run);
  app->add_flag("--json", r->is_json, "Print JSON");
  app->callback([=, &chosen] { chosen = [=] { return work(*r); }; });
  return app;
}

void add_state(CLI::App* app, state_request& r) {
  app->add_option("STATE", r.state, "Only this state (default: all of the key)")->type_name("");
}

}  // namespace

void declare_state(CLI::App& app, action& chosen) {
  const auto r = std::make_shared<state_request>();
  app.require_subcommand(1);
  auto* one = declare(app.add_subcommand("get", "The state of one key"), r, chosen, get);
  add_state(one, *r);
  one->add_option("--key", r->key, "Text, a number, or a JSON list for keys of several values")
      ->required()
      ->type_name("KEY");
  auto* some = declare(app.add_subcommand("scan", "The state of several keys, in no order"), r, chosen, scan);
  add_state(some, *r);
  some->add_option("--prefix", r->prefix, "Keys that begin with this text")->type_name("TEXT");
  some->add_option("--from", r->from, "Keys from this one on")->type_name("KEY");
  some->add_option("--to", r->to, "Keys before this one")->type_name("KEY");
  some->add_option("--limit", r->limit, "Keys at most")->capture_default_str()->check(CLI::PositiveNumber);
  declare(app.add_subcommand("size", "Keys and bytes by key group"), r, chosen, size);
}

}  // namespace millrace::command
