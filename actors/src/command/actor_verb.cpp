#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "command/actor_description.hpp"
#include "command/actor_kit.hpp"
#include "command/actor_reference.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/style.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

using entry = actor_registry::entry;

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

int list_json(bool all) {
  auto list = nlohmann::json::array();
  for (const auto& [id, type] : actor_registry::instance().entries()) {
    if (all || !is_of_benchmarks(type)) list.push_back(describe(type));
  }
  print(list.dump(2) + "\n");
  return exit_ok;
}

int list_types(bool all) {
  constexpr std::size_t gap = 2;
  std::map<actor_kind, std::vector<const entry*>> by_kind;
  std::size_t width = 0;
  for (const auto& [id, type] : actor_registry::instance().entries()) {
    if (!all && is_of_benchmarks(type)) continue;
    by_kind[type.make()->kind()].push_back(&type);
    width = std::max(width, id.size());
  }
  const style look{console::terminal::has_colour()};
  for (const auto& [kind, types] : by_kind) {
    print(look(tone::bold, std::string{to_string(kind)} + "s") + "\n");
    for (const auto* type : types) {
      const auto& help = type->info.help.empty() ? type->info.title : type->info.help;
      const auto origin = type->plugin.empty() ? std::string{} : " [plugin " + type->plugin + "]";
      print("  " + pad_right(type->info.id, width + gap) + help + origin + "\n");
    }
  }
  return exit_ok;
}

int show_type(const std::string& id, bool is_json) {
  const auto& registry = actor_registry::instance();
  const auto* type = registry.find(id);
  if (type == nullptr) {
    const auto near = registry.nearest(id);
    print_error("there is no actor type '" + id + "'; " +
                (near.empty() ? "'millrace actor list' names them all" : "did you mean '" + near + "'?"));
    return exit_usage;
  }
  print(is_json ? describe(*type).dump(2) + "\n" : description_text(*type));
  return exit_ok;
}

int print_reference(const std::string& examples) {
  const auto text = actor_reference(examples);
  if (!text) {
    print_error(text.error().message);
    return exit_usage;
  }
  print(*text);
  return exit_ok;
}

int make_project(const kit_request& request) {
  const auto made = make_actor_project(request);
  if (!made) {
    print_error(made.error().message);
    return exit_usage;
  }
  print(*made);
  return exit_ok;
}

}  // namespace

void declare_actor(CLI::App& app, action& chosen) {
  const auto is_json = std::make_shared<bool>(false);
  const auto id = std::make_shared<std::string>();
  app.require_subcommand(1);

  auto* list = app.add_subcommand("list", "All actor types, by kind");
  list->add_flag("--json", *is_json, "Print JSON: all types with their ports and parameters");
  const auto all = std::make_shared<bool>(false);
  list->add_flag("--all", *all, "Also the parts of the built-in benchmarks");
  list->callback([=, &chosen] { chosen = [=] { return *is_json ? list_json(*all) : list_types(*all); }; });

  auto* show = app.add_subcommand("show", "One actor type: ports, parameters, what it promises");
  show->add_option("ID", *id, "Id of the type, e.g. millrace.file_source")->required()->type_name("");
  show->add_flag("--json", *is_json, "Print one JSON object");
  show->callback([=, &chosen] { chosen = [=] { return show_type(*id, *is_json); }; });

  const auto examples = std::make_shared<std::string>();
  auto* reference = app.add_subcommand("reference", "All actor types in full, as Markdown");
  reference->add_option("--examples", *examples, "Folder of topologies NAME.mill to show with their types")
      ->type_name("DIR");
  reference->callback([=, &chosen] { chosen = [=] { return print_reference(*examples); }; });

  const auto request = std::make_shared<kit_request>();
  auto* fresh =
      app.add_subcommand("new", "Make a project for an actor type of your own: source, test, topology, build");
  fresh->add_option("NAME", request->name, "Name of the actor and of the project, e.g. velocity_check")
      ->required()
      ->type_name("");
  fresh->add_option("--kind", request->kind, "What it is")->check(CLI::IsMember(kit_kinds()))->default_val("processor");
  fresh->add_option("--id", request->id, "Id of the type in topologies; left out: user.NAME")->type_name("ID");
  fresh->add_option("--folder", request->folder, "Where the project goes; left out: ./NAME")->type_name("DIR");
  fresh->callback([=, &chosen] { chosen = [=] { return make_project(*request); }; });
}

}  // namespace millrace::command
