#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalogue/actor_description.hpp"
#include "command/actor_kit.hpp"
#include "command/actor_reference.hpp"
#include "command/answer_pages.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "command/style.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "node/actors_answer.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

struct actors_request {
  node_choice node;
  bool is_there = false;  // on a node, not in this program
  std::string id;
  bool all = false;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

/// Of this program, or of a node.
result<json> ask_for(const actors_request& r, const json& args) {
  if (!r.is_there) return node::answer_actors(args);
  const auto node = choose_node(r.node);
  if (!node) return node.error();
  return ask(*node, "actors", args);
}

/// All types, part by part.
result<json> all_types(const actors_request& r) {
  auto types = json::array();
  answer_pages pages;
  for (std::string after;;) {
    const auto part = ask_for(r, {{"after", after}, {"all", r.all}});
    if (!part) return part.error();
    for (const auto& t : part->at("types")) types.push_back(t);
    if (!part->value("more", false) || part->at("types").empty()) return types;
    after = types.back().at("id").get<std::string>();
    if (const auto turned = pages.turn(after); !turned) return turned.error();
  }
}

/// In the order in which records meet them.
int order_of(const std::string& kind) {
  for (const auto k : {actor_kind::producer, actor_kind::router, actor_kind::processor, actor_kind::sink}) {
    if (kind == to_string(k)) return static_cast<int>(k);
  }
  return 99;
}

int list_types(const actors_request& r) {
  constexpr std::size_t gap = 2;
  constexpr std::size_t build_digits = 12;  // `show` and --json have them all
  const auto types = all_types(r);
  if (!types) return fail_with(types.error());
  if (r.is_json) {
    print(types->dump(2) + "\n");
    return exit_ok;
  }
  std::map<int, std::vector<const json*>> by_kind;
  std::size_t width = 0;
  for (const auto& type : *types) {
    by_kind[order_of(type.at("kind").get<std::string>())].push_back(&type);
    width = std::max(width, type.at("id").get<std::string>().size());
  }
  const style look{console::terminal::has_colour()};
  for (const auto& [kind, of_kind] : by_kind) {
    print(look(tone::bold, of_kind.front()->at("kind").get<std::string>() + "s") + "\n");
    for (const auto* type : of_kind) {
      const auto word = [type](const char* name) { return type->value(name, ""); };
      const auto build = word("build_id").empty() ? "" : ", build " + word("build_id").substr(0, build_digits);
      const auto origin = word("plugin").empty() ? std::string{} : " [plugin " + word("plugin") + build + "]";
      print("  " + pad_right(word("id"), width + gap) + (word("help").empty() ? word("title") : word("help")) + origin +
            "\n");
    }
  }
  return exit_ok;
}

int show_type(const actors_request& r) {
  const auto found = ask_for(r, {{"type", r.id}});
  if (!found) {
    const bool is_unknown = found.error().code == errc::not_found;
    const bool has_remedy = found.error().message.find("did you mean") != std::string::npos;
    print_error(found.error().message + (is_unknown && !has_remedy ? "; 'millrace actor list' names them all" : ""));
    return exit_usage;
  }
  const auto& type = found->at("types").at(0);
  print(r.is_json ? type.dump(2) + "\n" : catalogue::description_text(type));
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
  const auto asked = std::make_shared<actors_request>();
  app.require_subcommand(1);
  const auto declare = [&chosen, asked](CLI::App* sub, int (*work)(const actors_request&)) {
    add_node_options(*sub, asked->node);
    sub->add_flag("--on-node", asked->is_there,
                  "What a node can run instead of this program: the only one, or as chosen");
    sub->callback([=, &chosen] {
      asked->is_there = asked->is_there || !asked->node.name.empty() || !asked->node.key_file.empty();
      chosen = [=] { return work(*asked); };
    });
  };

  auto* list = app.add_subcommand("list", "All actor types, by kind: of this program, or of a node");
  list->add_flag("--json", asked->is_json, "Print JSON: all types with their ports and parameters");
  list->add_flag("--all", asked->all, "Also the parts of the built-in benchmarks");
  declare(list, list_types);

  auto* show = app.add_subcommand("show", "One actor type: ports, parameters, what it promises");
  show->add_option("ID", asked->id, "Id of the type, e.g. millrace.file_source")->required()->type_name("");
  show->add_flag("--json", asked->is_json, "Print one JSON object");
  declare(show, show_type);

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
