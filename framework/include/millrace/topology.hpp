#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/failure_policy.hpp"
#include "millrace/param.hpp"

namespace millrace {

/// What a run promises about each event's effect on committed output.
enum class guarantee : std::uint8_t { at_most_once, at_least_once, exactly_once };
[[nodiscard]] const char* to_string(guarantee g) noexcept;

/// Names of topologies, actors and ports: `[a-zA-Z0-9_-]{1,64}`, so that they can stand in file names and metrics.
inline constexpr std::size_t name_chars_max = 64;
[[nodiscard]] bool is_valid_name(const std::string& name) noexcept;

/// Where an actor's keyed state lives.
enum class state_place : std::uint8_t {
  memory,
  disk,  ///< in memory as far as the limit allows, the rest in the data directory
};
[[nodiscard]] const char* to_string(state_place p) noexcept;

struct state_spec {
  state_place place = state_place::memory;
  std::uint64_t memory_bytes = std::uint64_t{64} << 20;  ///< of each partition's rows; for `disk` only

  bool operator==(const state_spec&) const = default;
};

/// One actor of a topology.
struct actor_spec {
  std::string name;  ///< unique, stable: state and output files are found by it
  std::string type;  ///< id in the actor registry
  std::uint32_t parallelism = 1;
  std::map<std::string, param_value> params;
  failure_policy on_failure;
  state_spec state{};

  bool operator==(const actor_spec&) const = default;
};

/// A stream from an output port to an input port.
struct stream_spec {
  std::string from_actor, from_port;
  std::string to_actor, to_port;

  bool operator==(const stream_spec&) const = default;
};

/// Actors whose failures are counted together, and may send each other back.
struct group_spec {
  std::string name;
  std::vector<std::string> actors;
  failure_policy restarts{};  ///< of this only what says how restarts are done, which counts instead of the actors' own

  bool operator==(const group_spec&) const = default;
};

/// How much room dead letters get, and what happens when it is used up.
struct dead_letter_settings {
  enum class overflow : std::uint8_t {
    stop,         ///< no snapshot is completed any more, so the run ends and nothing is lost
    drop_oldest,  ///< the oldest make room
    drop_newest,  ///< those that come are dropped
  };
  std::uint64_t bytes_max = std::uint64_t{1} << 30;
  overflow when_full = overflow::stop;

  bool operator==(const dead_letter_settings&) const = default;
};
[[nodiscard]] const char* to_string(dead_letter_settings::overflow o) noexcept;

struct topology_settings {
  std::uint32_t key_groups = 1024;
  std::chrono::milliseconds snapshot_interval{1000};  ///< 0: no snapshots but the last
  std::chrono::milliseconds snapshot_timeout{60'000};
  guarantee promise = guarantee::exactly_once;
  dead_letter_settings dead_letters;

  bool operator==(const topology_settings&) const = default;
};

/// A graph of actors and streams as data: built in C++ or read from a `.mill` file, the same either way. Says nothing
/// about being right: `validate` does.
struct topology {
  std::string name;
  topology_settings settings;
  std::vector<actor_spec> actors;
  std::vector<stream_spec> streams;
  std::vector<group_spec> groups{};  ///< an actor is in one at most
  std::string base_folder{};         ///< where relative paths start; not part of equality or of the file

  /// Adds an actor: `t.add("sum", "millrace.aggregate", {{"key", "account"}}, 4)`.
  actor_spec& add(std::string actor_name, std::string type, std::map<std::string, param_value> params = {},
                  std::uint32_t parallelism = 1);
  /// Adds a stream; ends are written `actor.port`, or `actor` when the port is called `out` or `in`.
  topology& connect(const std::string& from, const std::string& to);
  [[nodiscard]] const actor_spec* find(const std::string& actor_name) const;
  /// The group of an actor; nullptr: it is in none.
  [[nodiscard]] const group_spec* group_of(const std::string& actor_name) const;

  friend bool operator==(const topology& a, const topology& b) {
    return a.name == b.name && a.settings == b.settings && a.actors == b.actors && a.streams == b.streams &&
           a.groups == b.groups;
  }
};

/// Reads a topology from the text of a `.mill` file (JSON; see docs/topology-file.md). Errors name line, column and
/// what was expected; unknown members are refused. `source` names the text in messages.
[[nodiscard]] result<topology> parse_topology(const std::string& text, const std::string& source);
/// Reads a `.mill` file; relative paths in it start from its folder.
[[nodiscard]] result<topology> load_topology(const std::string& path);
/// The `.mill` text of a topology: one actor or stream a line, stable order, so that files diff well.
[[nodiscard]] std::string to_text(const topology& t);

}  // namespace millrace
