#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "millrace/chaos/output_comparison.hpp"
#include "millrace/error.hpp"

namespace millrace::chaos {

/// A probe or action of an experiment, which is a process that is called.
struct activity {
  nlohmann::json text;    ///< as it stands in the file, references resolved, names in braces not
  std::string pointer{};  ///< where it stands there
  std::string name;
  bool is_probe = false;
  bool is_background = false;
  std::chrono::milliseconds before{};
  std::chrono::milliseconds after{};
  std::optional<nlohmann::json> tolerance{};

  std::string provider;  ///< process, python or http; only the first can be run here
  std::string path;
  std::vector<std::string> arguments{};
  std::chrono::milliseconds timeout{60'000};
};

/// When rollbacks are played.
enum class rollback_strategy : std::uint8_t { usual, always, never, deviated };
/// When the hypothesis is looked at.
enum class hypothesis_strategy : std::uint8_t {
  usual,
  before_method_only,
  after_method_only,
  during_method_only,
  continuously
};

/// What stands under `extensions`, `millrace`: the topology to run for the experiment, and how it is judged.
struct trial_settings {
  std::string topology{};    ///< path, made absolute by the file's folder; empty: the experiment brings its own target
  std::string program{};     ///< one of somebody's own around `millrace::run`, instead of a topology; the same
  std::string throughput{};  ///< actor whose events are measured; empty: the sinks
  std::vector<std::string> settings{};
  std::uint64_t seed = 1;
  double blast_percent = 100;
  std::chrono::milliseconds warm_up{1'000};
  std::chrono::milliseconds baseline{2'000};
  std::chrono::milliseconds recovery_limit{30'000};
  std::chrono::milliseconds abort_after{300'000};
  std::uint64_t abort_restarts = 100;
  bool has_oracle = true;
  std::vector<std::string> oracle_settings{};  ///< in addition, for the run without faults: it need not keep a pace
  output_order order = output_order::none;
  std::string key{};                   ///< column of the output that holds the key
  std::string expect{};                ///< the verdict that a suite wants; empty: PASS
  std::string because{};               ///< what its first reason holds
  std::vector<std::string> without{};  ///< protections that are off in the run with faults
};

/// An experiment in Chaos Toolkit's open format (https://chaostoolkit.org/reference/api/experiment/).
struct experiment {
  nlohmann::json text;
  std::string title;
  std::string hypothesis{};
  std::vector<activity> probes{};
  std::vector<activity> method{};
  std::vector<activity> rollbacks{};
  rollback_strategy rolls_back = rollback_strategy::usual;
  hypothesis_strategy looks = hypothesis_strategy::usual;
  std::chrono::milliseconds looks_every{1'000};
  trial_settings trial{};
  std::vector<experiment> controls{};  ///< the same without a protection, which must fail: whole, with a title each
};

/// The first mistake of an experiment.
struct experiment_mistake {
  std::string pointer{};  ///< JSON pointer; empty: the whole, or a file that cannot be read
  std::string what{};
};

/// Reads what `text` holds; `folder`: where its relative paths start. Values of `configuration` and of the environment
/// are put in for `${name}`. Errors name the JSON pointer of the mistake and what is wanted there; `mistake` takes both
/// apart. Thread: any.
[[nodiscard]] result<experiment> read_experiment(nlohmann::json text, const std::string& folder,
                                                 experiment_mistake* mistake = nullptr);

/// Reads a file, JSON or YAML by its ending. Errors: the file, its syntax with the line, and those of
/// `read_experiment`, all with the file's name before them.
[[nodiscard]] result<experiment> load_experiment(const std::string& path, experiment_mistake* mistake = nullptr);

}  // namespace millrace::chaos
