#include "command/savepoint_verb.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "command/exit_code.hpp"
#include "command/figures.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

/// A snapshot of much state takes minutes; whoever waits longer looks with `savepoint list`.
constexpr std::chrono::minutes write_patience{10};
constexpr std::chrono::milliseconds look_interval{100};

struct take_request {
  running_choice which;
  std::string label;
  bool is_json = false;
};

struct kept_request {
  node_choice node;
  std::string topology;
  std::string id;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

std::string line_of(const json& s) {
  const auto problem = s.value("problem", "");
  if (!problem.empty()) return s.value("id", "") + "  damaged: " + problem + "\n";
  const auto label = s.value("label", "");
  return s.value("id", "") + "  epoch " + std::to_string(s.value("epoch", std::uint64_t{0})) + "  " +
         bytes_text(s.value("bytes", std::uint64_t{0})) + "  " + std::to_string(s.value("tasks", std::uint64_t{0})) +
         " tasks  " + s.at("written_at").get<std::string>() + (label.empty() ? "" : "  " + label) + "\n";
}

/// What became of it by now; nothing: it is being written.
result<std::optional<json>> find(const running_topology& t, const std::string& id) {
  const auto all = ask(t, "savepoint_list");
  if (!all) return all.error();
  for (const auto& s : all->at("savepoints")) {
    if (s.value("id", "") == id) return std::optional{s};
  }
  for (const auto& f : all->at("failed")) {
    if (f.value("id", "") == id) return fatal_error(errc::failed, f.value("problem", ""));
  }
  return std::optional<json>{};
}

int take(const take_request& r) {
  const auto chosen = choose_running(r.which);
  if (!chosen) return fail_with(chosen.error());
  const auto asked = ask(*chosen, "savepoint", {{"label", r.label}});
  if (!asked) return fail_with(asked.error());
  const auto id = asked->value("savepoint", "");
  const auto until = std::chrono::steady_clock::now() + write_patience;
  while (std::chrono::steady_clock::now() < until) {
    const auto made = find(*chosen, id);
    if (!made) return fail_with(made.error());
    if (*made) {
      print(r.is_json ? (*made)->dump() + "\n" : name_of(*chosen) + ": savepoint " + line_of(**made));
      return exit_ok;
    }
    std::this_thread::sleep_for(look_interval);
  }
  return fail_with(retryable_error(errc::timeout, "savepoint " + id +
                                                      " is not written yet: look with 'millrace "
                                                      "savepoint list " +
                                                      chosen->topology + "'"));
}

int list(const kept_request& r) {
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto all = ask(*node, "savepoint_list", {{"topology", r.topology}});
  if (!all) return fail_with(all.error());
  if (r.is_json) {
    print(all->dump(2) + "\n");
    return exit_ok;
  }
  std::string text;
  for (const auto& s : all->at("savepoints")) text += line_of(s);
  for (const auto& id : all->at("under_way")) text += id.get<std::string>() + "  is being written\n";
  for (const auto& f : all->at("failed")) text += f.value("id", "") + "  failed: " + f.value("problem", "") + "\n";
  print(text.empty() ? "'" + r.topology + "' has no savepoint\n" : text);
  return exit_ok;
}

int remove(const kept_request& r) {
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto answer = ask(*node, "savepoint_delete", {{"topology", r.topology}, {"savepoint", r.id}});
  if (!answer) return fail_with(answer.error());
  print(r.is_json ? answer->dump() + "\n" : "savepoint " + r.id + " of " + r.topology + " is deleted\n");
  return exit_ok;
}

CLI::App* declare(CLI::App& app, action& chosen, const char* name, const char* help,
                  const std::shared_ptr<kept_request>& request, int (*work)(const kept_request&)) {
  auto* sub = app.add_subcommand(name, help);
  sub->add_option("TOPOLOGY", request->topology, "Name of the topology, which may be gone")->required()->type_name("");
  add_node_options(*sub, request->node);
  sub->add_flag("--json", request->is_json, "Print JSON");
  sub->callback([=, &chosen] { chosen = [=] { return work(*request); }; });
  return sub;
}

}  // namespace

void declare_topology_savepoint(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<take_request>();
  auto* sub = app.add_subcommand("savepoint", "Keep a snapshot: of a running topology its next one, else its newest");
  sub->add_option("NAME", request->which.name, "Name of the topology")->required()->type_name("");
  sub->add_option("--label", request->label, "What it is for")->type_name("TEXT");
  add_running_options(*sub, request->which);
  sub->add_flag("--json", request->is_json, "Print JSON");
  sub->callback([request, &chosen] { chosen = [request] { return take(*request); }; });
}

void declare_savepoint(CLI::App& app, action& chosen) {
  app.require_subcommand(1);
  declare(app, chosen, "list", "The snapshots of a topology that were kept", std::make_shared<kept_request>(), list);
  const auto request = std::make_shared<kept_request>();
  declare(app, chosen, "delete", "Delete one for good", request, remove)
      ->add_option("SAVEPOINT", request->id, "Its name")
      ->required()
      ->type_name("");
}

}  // namespace millrace::command
