#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "command/exit_code.hpp"
#include "command/join_verb.hpp"
#include "command/node_settings.hpp"
#include "command/plugin_folders.hpp"
#include "command/report.hpp"
#include "command/run_log.hpp"
#include "command/running.hpp"
#include "command/service_manager.hpp"
#include "command/stop_signal.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "millrace/transport/node_address.hpp"
#include "node/node.hpp"

namespace millrace::command {

namespace {

struct node_request {
  node_settings own;
  std::string config;    ///< empty: none
  std::string key_file;  ///< of the node to list; empty: those of this user
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

/// Where programs of this user keep their data, as the desktop's conventions say.
result<std::string> default_data_dir(const std::string& name) {
  namespace fs = std::filesystem;
  const char* data = std::getenv("XDG_DATA_HOME");
  const char* home = std::getenv("HOME");
  if (data != nullptr && fs::path{data}.is_absolute()) return (fs::path{data} / "millrace" / name).string();
  if (home != nullptr && fs::path{home}.is_absolute()) {
    return (fs::path{home} / ".local" / "share" / "millrace" / name).string();
  }
  return user_error(errc::invalid_argument, "there is no home folder to keep data in: give --data-dir");
}

/// What the file says, under what was given as options, and then the plugins: those that it trusts.
result<void> read_config(node_request& r, const CLI::App& app) {
  if (!r.config.empty()) {
    if (auto read = read_node_config(r.config, app, r.own); !read) return read;
  }
  load_plugins(r.own.plugin_folders, r.own.trusted_plugins);
  return {};
}

int run_node(node_request& r, const CLI::App& app) {
  if (auto read = read_config(r, app); !read) return fail_with(read.error());
  auto data_dir = r.own.data_dir.empty() ? default_data_dir(r.own.name) : result<std::string>{r.own.data_dir};
  if (!data_dir) return fail_with(data_dir.error());
  const auto format = parse_log_format(r.own.log_format);
  if (!format) return fail_with(format.error());
  const auto log =
      run_log::open({.file = r.own.log_file, .is_verbose = r.own.is_verbose, .format = *format, .node = r.own.name});
  if (!log) return fail_with(log.error());
  const auto& trace = r.own.trace;
  auto tracing = node::parse_tracing(trace.share, trace.per_second_max, trace.targets);
  if (!tracing) return fail_with(tracing.error());
  const stop_signal signal;
  auto opened =
      node::node::open({.name = r.own.name,
                        .data_dir = *std::move(data_dir),
                        .threads = r.own.threads,
                        .listen = r.own.listen,
                        .address = r.own.address,
                        .link = r.own.link,
                        .compresses_links = r.own.compresses_links,
                        .begins_at_rest = r.own.begins_at_rest,
                        .retained_disk_bytes_max = r.own.retain_disk_gib << 30U,
                        .metrics = r.own.metrics,
                        .alerts = r.own.alerts,
                        .tracing = *std::move(tracing),
                        .labels = r.own.labels(),
                        .log = [l = *log](log_level level, const std::string& text) { l.write(level, text); },
                        .topology_log = [l = *log](log_level level, const std::string& topology,
                                                   const std::string& text) { l.write(level, topology, text); }});
  if (!opened) return fail_with(opened.error());
  auto& hosting = **opened;
  print("node " + r.own.name + ": ready, " + std::to_string(hosting.topologies()) + " topologies\n  control       " +
        hosting.address() + "\n" +
        (r.own.listen.empty()
             ? ""
             : "  network       " + hosting.remote_address() + "\n  public key    " + hosting.public_key() + "\n") +
        (hosting.metrics_url().empty() ? "" : "  metrics       " + hosting.metrics_url() + "\n"));
  service_manager service;
  service.ready("node " + r.own.name);
  const auto ending = hosting.work([&](std::chrono::milliseconds timeout) {
    signal.wait(timeout);
    if (signal.is_raised()) service.stopping();
    service.alive(signal.is_raised() ? 0 : hosting.control_turns());
    return signal.is_raised();
  });
  if (ending == node::node::ending::escalated) {
    print_error("an actor's failure policy ends the node");
    // Whatever its threads are doing.
    std::_Exit(exit_failed);
  }
  print("node " + r.own.name + ": stopped; the next start goes on from the last snapshots\n");
  if (hosting.has_left_behind()) std::_Exit(exit_ok);
  return exit_ok;
}

/// The keys a node is known by, made before its first start.
int make_identity(const node_request& r) {
  const auto store = node::deployment_store::open(r.own.data_dir);
  if (!store) return fail_with(store.error());
  const auto keys = node::key_registry::open(store->folder());
  if (!keys) return fail_with(keys.error());
  const auto& key = keys->own().public_key;
  const auto fingerprint = transport::fingerprint(key);
  print(r.is_json ? nlohmann::json{{"public_key", key}, {"fingerprint", fingerprint}}.dump() + "\n"
                  : "public key   " + key + "\nfingerprint  " + fingerprint + "\n");
  return exit_ok;
}

/// What each of this user's nodes says of itself; one that does not answer is named on standard error.
result<nlohmann::json> own_nodes() {
  const auto nodes = all_nodes();
  if (!nodes) return nodes.error();
  auto all = nlohmann::json::array();
  for (const auto& e : *nodes) {
    const auto answer = ask(reachable{e}, "node");
    if (answer) {
      all.push_back(*answer);
    } else {
      print_error("node " + node_name(e) + ": " + answer.error().message);
    }
  }
  return all;
}

result<nlohmann::json> node_with_key(const std::string& key_file) {
  const auto node = choose_node({.key_file = key_file});
  if (!node) return node.error();
  auto answer = ask(*node, "node");
  if (!answer) return answer;
  return nlohmann::json::array({*std::move(answer)});
}

int list_nodes(const node_request& r) {
  const auto known = r.key_file.empty() ? own_nodes() : node_with_key(r.key_file);
  if (!known) return fail_with(known.error());
  const auto& all = *known;
  if (r.is_json) {
    print(all.dump(2) + "\n");
  } else if (all.empty()) {
    print("no node is running; start one with 'millrace node run'\n");
  } else {
    for (const auto& n : all) {
      print(console::printable(n.value("node", "")) + "  topologies " + std::to_string(n.value("topologies", 0)) +
            "  process " + std::to_string(n.value("pid", 0)) + "  data in " +
            console::printable(n.value("data_dir", "")) + "\n");
    }
  }
  return exit_ok;
}

}  // namespace

void declare_node(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<node_request>();
  app.require_subcommand(1);
  auto* run = app.add_subcommand("run", "Host topologies until Ctrl-C or SIGTERM");
  add_node_run_options(*run, request->own);
  run->add_option("--config", request->config, "Read what is not given here from a file ('millrace node config')")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  run->callback([=, &chosen] { chosen = [=] { return run_node(*request, *run); }; });
  auto* init = app.add_subcommand("init", "Make the keys of a node that has not run yet, and show the public one");
  init->add_option("--data-dir", request->own.data_dir, "The node's folder")->required()->type_name("DIR");
  init->add_flag("--json", request->is_json, "Print JSON");
  init->callback([=, &chosen] { chosen = [=] { return make_identity(*request); }; });
  app.add_subcommand("config", "Print a configuration file with every key, explained")->callback([&chosen] {
    chosen = [] {
      print(default_node_config());
      return exit_ok;
    };
  });
  auto* list = app.add_subcommand("list", "The nodes of this user, or the one that a key is for");
  add_key_option(*list, request->key_file);
  list->add_flag("--json", request->is_json, "Print JSON");
  declare_peers(app, chosen);
  list->callback([=, &chosen] { chosen = [=] { return list_nodes(*request); }; });
}

}  // namespace millrace::command
