#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "support/tcp_proxy.hpp"

namespace millrace::distributed {

/// Node processes of this machine that know each other, each reaching each other one through a proxy of its own.
/// Thread: one.
class cluster {
public:
  struct options {
    std::filesystem::path folder;
    std::string program;                ///< started as `PROGRAM --node NAME --folder F --link ADDRESS …`
    std::vector<std::string> names;     ///< the first one leads
    std::string broken;                 ///< passed on as `--break`; empty: nothing
    bool is_compressed = false;         ///< links
    std::uint64_t cut_bytes = 200'000;  ///< lines that are cut again and again: after so many bytes, on average half
    std::uint64_t seed = 1;
  };
  /// Makes keys, addresses and proxies. Throws std::runtime_error.
  explicit cluster(options o);
  /// Kills what still runs.
  ~cluster();
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  void start(const std::string& name);
  void kill(const std::string& name);
  [[nodiscard]] bool is_up(const std::string& name) const { return processes_.at(name) != 0; }
  /// Its process runs, or stands still; false also when something else ended it.
  [[nodiscard]] bool is_alive(const std::string& name) const;
  /// What the lead answers; an error also when it cannot be asked now.
  [[nodiscard]] result<nlohmann::json> ask(const std::string& verb, const nlohmann::json& args);
  /// The state of the topology, as the lead tells; empty: it does not answer now.
  [[nodiscard]] std::string state(const std::string& topology);
  /// Something happens to a line drawn at random: it is cut, frozen, slowed down, or made good again.
  void disturb(std::mt19937_64& random);
  void heal();
  [[nodiscard]] std::uint64_t cuts() const;
  /// Bytes that went over all lines.
  [[nodiscard]] std::uint64_t bytes() const;

private:
  using line = std::pair<std::string, std::string>;  // from, to
  void write_peers() const;

  options options_;
  std::map<std::string, std::string> addresses_;  // of links, without proxies
  std::map<std::string, std::string> keys_;
  std::map<line, std::unique_ptr<support::tcp_proxy>> lines_;
  std::map<std::string, pid_t> processes_;  // 0: not up
};

/// What a process of the cluster does: hosts until SIGTERM. Exit code.
int be_node(const std::string& name, const std::filesystem::path& folder, const std::string& link,
            const std::string& broken, bool is_compressed);

}  // namespace millrace::distributed
