#include "command/node_settings.hpp"

#include <CLI/CLI.hpp>

namespace millrace::command {

std::map<std::string, std::string> node_settings::labels() const {
  std::map<std::string, std::string> out;
  for (const auto& text : label_texts) {
    const auto equals = text.find('=');
    out[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return out;
}

void add_identity_options(CLI::App& app, node_settings& settings) {
  app.add_option("--name", settings.name, "Name of the node")->default_val("local")->type_name("NAME");
  app.add_option("--data-dir", settings.data_dir, "Where deployments and snapshots are kept (default: the user's)")
      ->type_name("DIR");
  app.add_option("--listen", settings.listen, "Also for clients with a key, over the network: tcp://HOST:PORT")
      ->type_name("ADDRESS");
  app.add_option("--address", settings.address,
                 "Where others reach it, when that is not where it listens: tcp://HOST:PORT")
      ->type_name("ADDRESS");
  app.add_option("--link", settings.link,
                 "Where other nodes' data comes in: tcp://HOST:PORT; without it the node takes "
                 "no part in topologies of several nodes")
      ->type_name("ADDRESS");
  app.add_option("--label", settings.label_texts, "What placement may ask for: NAME=VALUE; repeat it for more")
      ->type_name("LABEL");
}

void add_node_run_options(CLI::App& app, node_settings& settings) {
  add_identity_options(app, settings);
  app.add_option("--threads", settings.threads, "Worker threads of each topology; 0: one a core")->type_name("N");
  add_retain_option(app, settings.retain_disk_gib);
  app.add_option("--log", settings.log_file, "Log to this file instead of standard error")->type_name("FILE");
  add_log_format_option(app, settings.log_format);
  app.add_flag("--compress-links", settings.compresses_links,
               "Compress what goes to other nodes (zstd): less on the network for more of a processor");
  app.add_flag("--at-rest", settings.begins_at_rest,
               "Begin with all topologies stopped, those too that ran at its last end");
  add_monitoring_options(app, settings.metrics, settings.alerts);
  add_trace_options(app, settings.trace);
  app.add_flag("--verbose", settings.is_verbose, "Log everything, not only warnings and errors");
}

}  // namespace millrace::command
