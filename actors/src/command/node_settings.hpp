#pragma once

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace millrace::command {

/// What a node is told at its start.
struct node_settings {
  std::string name = "local";
  std::string data_dir;                  ///< empty: the user's own place
  std::string listen;                    ///< tcp://HOST:PORT; empty: only this machine's user
  std::string address;                   ///< tcp://HOST:PORT where others reach it; empty: as it listens
  std::string link;                      ///< tcp://HOST:PORT for other nodes' data
  std::vector<std::string> label_texts;  ///< NAME=VALUE each

  [[nodiscard]] std::map<std::string, std::string> labels() const;
};

/// The options that say who a node is and where.
void add_identity_options(CLI::App& app, node_settings& settings);

}  // namespace millrace::command
