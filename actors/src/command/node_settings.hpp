#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "command/run_flags.hpp"
#include "millrace/error.hpp"

namespace CLI {
class App;
}

namespace millrace::command {

/// What a node is told at its start, by options or by a file.
struct node_settings {
  std::string name = "local";
  std::string data_dir;  ///< empty: the user's own place
  std::string listen;    ///< tcp://HOST:PORT; empty: only this machine's user
  std::string address;   ///< tcp://HOST:PORT where others reach it; empty: as it listens
  std::string link;      ///< tcp://HOST:PORT for other nodes' data
  bool compresses_links = false;
  bool begins_at_rest = false;
  std::vector<std::string> label_texts;  ///< NAME=VALUE each
  std::uint64_t threads = 0;             ///< of each topology; 0: one a core
  std::uint64_t retain_disk_gib = 4;     ///< of each topology, of what channels keep
  std::string log_file;                  ///< empty: standard error
  std::string log_format = "text";       ///< as `parse_log_format` takes it
  bool is_verbose = false;
  std::string metrics;  ///< HOST:PORT for monitoring over HTTP; empty: none
  std::string alerts;   ///< file of alert rules; empty: none
  trace_flags trace{};
  std::vector<std::string> plugin_folders{};   ///< besides the usual ones
  std::vector<std::string> trusted_plugins{};  ///< build ids; none: by owner and permissions alone

  [[nodiscard]] std::map<std::string, std::string> labels() const;
};

/// The options that say who a node is and where.
void add_identity_options(CLI::App& app, node_settings& settings);
/// All options that the file has keys for.
void add_node_run_options(CLI::App& app, node_settings& settings);

/// Takes over what the file says, but for what was given as an option of `app`. Errors (`invalid_argument`): what is no
/// TOML, a key there is not, a value of another kind; each with file and line.
[[nodiscard]] result<void> read_node_config(const std::string& path, const CLI::App& app, node_settings& settings);
/// The same of its text; `path` is for errors.
[[nodiscard]] result<void> take_node_config(std::string_view text, const std::string& path, const CLI::App& app,
                                            node_settings& settings);
/// A file with every key, what it means and what it is when left out.
[[nodiscard]] std::string default_node_config();

}  // namespace millrace::command
