#include <toml++/toml.h>
#include <CLI/CLI.hpp>
#include <array>
#include <fstream>
#include <functional>
#include <string_view>
#include <variant>

#include "command/node_settings.hpp"
#include "command/run_log.hpp"
#include "plugins/trusted_builds.hpp"

namespace millrace::command {

namespace {

/// Where a key's value goes; which member says what kind of value it is.
template <class T>
using in_settings = T node_settings::*;
template <class T>
using in_trace = T trace_flags::*;
using texts = std::vector<std::string>;
using target = std::variant<in_settings<std::string>, in_settings<std::uint64_t>, in_settings<bool>, in_settings<texts>,
                            in_trace<std::string>, in_trace<std::uint64_t>, in_trace<texts>>;

template <class T>
T& member(node_settings& s, in_settings<T> m) {
  return s.*m;
}
template <class T>
T& member(node_settings& s, in_trace<T> m) {
  return s.trace.*m;
}

struct config_key {
  const char* name;
  const char* option;  ///< that overrides it; empty: none
  target goes_to;
  const char* left_out;  ///< what it is then, as it would stand in the file
  const char* help;
};

/// The labels are a table of their own: [labels].
constexpr const char* labels_key = "labels";
constexpr const char* trusted_key = "trusted_plugins";
constexpr const char* log_format_key = "log_format";

const auto& keys() {
  static const std::array table{
      config_key{"name", "--name", &node_settings::name, "\"local\"",
                 "Name of the node: 1 to 64 of a-z, A-Z, 0-9, _ and -."},
      config_key{"data_dir", "--data-dir", &node_settings::data_dir, "\"\"",
                 "Folder of deployments, snapshots, keys and the audit log. Empty: the user's own."},
      config_key{"threads", "--threads", &node_settings::threads, "0",
                 "Worker threads of each topology. 0: one a core. At most 1024."},
      config_key{"retain_disk", "--retain-disk", &node_settings::retain_disk_gib, "4",
                 "GiB on the disk, of each topology, for what channels keep beyond memory so that a task that fails\n"
                 "# comes back alone. 0: none. At most 1024."},
      config_key{"listen", "--listen", &node_settings::listen, "\"\"",
                 "For clients with a key, over the network: tcp://HOST:PORT. Empty: this machine's user alone."},
      config_key{"address", "--address", &node_settings::address, "\"\"",
                 "Where others reach it: tcp://HOST:PORT. Empty: as it listens, by this machine's name."},
      config_key{"link", "--link", &node_settings::link, "\"\"",
                 "Where other nodes' data comes in: tcp://HOST:PORT. Empty: no part in topologies of several nodes."},
      config_key{"compress_links", "--compress-links", &node_settings::compresses_links, "false",
                 "Compress what goes to other nodes (zstd): less on the network for more of a processor. Others need\n"
                 "# not do the same."},
      config_key{"at_rest", "--at-rest", &node_settings::begins_at_rest, "false",
                 "Begin with all topologies stopped, those too that ran at its last end."},
      config_key{"log", "--log", &node_settings::log_file, "\"\"", "File of the log. Empty: standard error."},
      config_key{log_format_key, "--log-format", &node_settings::log_format, "\"text\"",
                 "Lines of the log: \"text\" for people, or \"json\", an object each."},
      config_key{"verbose", "--verbose", &node_settings::is_verbose, "false",
                 "Log everything, not only warnings and errors."},
      config_key{"metrics", "--metrics", &node_settings::metrics, "\"\"",
                 "HOST:PORT where metrics for Prometheus, health and readiness are shown over HTTP. Empty: nowhere."},
      config_key{"alerts", "--alerts", &node_settings::alerts, "\"\"",
                 "File of alert rules, see docs/monitoring.md. Empty: none."},
      config_key{"trace", "--trace", &trace_flags::share, "\"off\"",
                 "Events to follow from producer to sink, of each topology: \"1%\", \"1/500\", \"all\" or \"off\"."},
      config_key{"trace_limit", "--trace-limit", &trace_flags::per_second_max, "100",
                 "At most so many a second of each producer partition, up to 1024. 0: no limit."},
      config_key{"trace_to", "--trace-to", &trace_flags::targets, "[]",
                 "Where traces go besides memory: files, and OTLP collectors as \"http://127.0.0.1:4318\"."},
      config_key{"plugins", "--plugins", &node_settings::plugin_folders, "[]",
                 "Folders of plugins to load besides the usual ones. They, and what is in them, must belong to the\n"
                 "# node's user or root, and nobody else may write there."},
      config_key{trusted_key, "", &node_settings::trusted_plugins, "[]",
                 "Build ids of the plugins that may be loaded ('millrace actor show TYPE'), wherever they lie; others\n"
                 "# are refused before any of their code runs. Empty: whatever lies in the folders."},
  };
  return table;
}

constexpr std::int64_t number_max = 1024;
constexpr std::size_t config_bytes_max = 64 << 10;

error at(const std::string& path, const toml::source_region& where, const std::string& what) {
  return user_error(errc::invalid_argument, path + ":" + std::to_string(where.begin.line) + ": " + what);
}

std::string known_keys() {
  std::string all;
  for (const auto& k : keys()) all += std::string{k.name} + ", ";
  return all + "[" + labels_key + "]";
}

bool put(const toml::node& value, std::string& out) {
  const auto text = value.value_exact<std::string>();
  if (text) out = *text;
  return text.has_value();
}
bool put(const toml::node& value, std::uint64_t& out) {
  const auto number = value.value_exact<std::int64_t>();
  if (!number || *number < 0 || *number > number_max) return false;
  out = static_cast<std::uint64_t>(*number);
  return true;
}
bool put(const toml::node& value, bool& out) {
  const auto flag = value.value_exact<bool>();
  if (flag) out = *flag;
  return flag.has_value();
}
bool put(const toml::node& value, std::vector<std::string>& out) {
  const auto* const list = value.as_array();
  if (list == nullptr) return false;
  out.clear();
  for (const auto& one : *list) {
    if (!put(one, out.emplace_back())) return false;
  }
  return true;
}

const char* kind_of(const target& t) {
  constexpr auto text = "a text";
  constexpr auto number = "a number from 0 to 1024";
  constexpr auto list = "a list of texts";
  constexpr std::array words{text, number, "true or false", list, text, number, list};
  return words[t.index()];
}

result<void> take_labels(const std::string& path, const toml::node& value, node_settings& settings) {
  const auto* const table = value.as_table();
  if (table == nullptr) return at(path, value.source(), "'labels' is a table: [labels], then NAME = \"VALUE\" a line");
  for (const auto& [name, one] : *table) {
    std::string text;
    if (!put(one, text)) return at(path, one.source(), "label '" + std::string{name.str()} + "' is no text");
    settings.label_texts.push_back(std::string{name.str()} + "=" + text);
  }
  return {};
}

}  // namespace

result<void> read_node_config(const std::string& path, const CLI::App& app, node_settings& settings) {
  std::ifstream in{path, std::ios::binary};
  std::string text(config_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || !in.is_open()) return user_error(errc::io_error, "cannot read " + path);
  if (text.size() > config_bytes_max) {
    return user_error(errc::limit_exceeded, path + " has more than " + std::to_string(config_bytes_max) + " bytes");
  }
  return take_node_config(text, path, app, settings);
}

result<void> take_node_config(std::string_view text, const std::string& path, const CLI::App& app,
                              node_settings& settings) {
  toml::table file;
  try {
    file = toml::parse(text, path);
  } catch (const toml::parse_error& e) {
    return at(path, e.source(), std::string{e.description()});
  }
  for (const auto& [name, value] : file) {
    if (name.str() == labels_key) {
      if (app.count("--label") > 0) continue;
      if (auto taken = take_labels(path, value, settings); !taken) return taken;
      continue;
    }
    const auto known =
        std::ranges::find(keys(), name.str(), [](const config_key& k) { return std::string_view{k.name}; });
    if (known == keys().end()) {
      return at(path, name.source(), "there is no key '" + std::string{name.str()} + "'; there are " + known_keys());
    }
    const auto* const option = *known->option == '\0' ? nullptr : app.get_option_no_throw(known->option);
    const bool is_given = option != nullptr && option->count() > 0;
    node_settings unused;
    auto& into = is_given ? unused : settings;
    const bool fits =
        std::visit([&, &given = value](const auto m) { return put(given, member(into, m)); }, known->goes_to);
    if (!fits) return at(path, value.source(), "'" + std::string{known->name} + "' is " + kind_of(known->goes_to));
  }
  if (const auto format = file[log_format_key]; format) {
    if (auto known = parse_log_format(*format.value<std::string>()); !known) {
      return at(path, format.node()->source(), known.error().message);
    }
  }
  for (const auto& build : settings.trusted_plugins) {
    if (auto fine = plugins::check_build_id(build); !fine) {
      return at(path, file[trusted_key].node()->source(), fine.error().message);
    }
  }
  return {};
}

std::string default_node_config() {
  std::string text =
      "# Configuration of a node: millrace node run --config FILE. Options of the command override it.\n";
  for (const auto& k : keys()) {
    text += std::string{"\n# "} + k.help + "\n# " + k.name + " = " + k.left_out + "\n";
  }
  return text + "\n# What placement may ask for.\n# [" + labels_key + "]\n# zone = \"east\"\n";
}

}  // namespace millrace::command
