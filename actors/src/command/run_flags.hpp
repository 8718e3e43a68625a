#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/transport/frame_codec.hpp"

namespace CLI {
class App;
}

namespace millrace::command {

/// Which events are followed, and where what was seen goes.
struct trace_flags {
  std::string share = "off";           ///< as `node::parse_trace_share` takes it
  std::uint64_t per_second_max = 100;  ///< of each producer partition; 0: no limit
  std::vector<std::string> targets{};  ///< files and collectors
};

/// What `millrace run` can be told besides the topology.
struct run_flags {
  std::string data_dir;  ///< empty: beside the topology
  std::optional<std::chrono::milliseconds> duration;
  std::vector<std::string> settings;  ///< "actor.parameter=value"
  transport::payload_mode payload = transport::payload_mode::shared;
  std::size_t threads = 0;  ///< 0: one a core
  bool accept_duplicates = false;
  std::vector<std::string> without;   ///< protections that are off: a negative control
  std::uint64_t retain_disk_gib = 4;  ///< of what channels keep
  bool is_json = false;
  bool is_table_wanted = true;
  bool is_verbose = false;
  std::string metrics;              ///< HOST:PORT for monitoring over HTTP; empty: none
  std::string alerts;               ///< file of alert rules; empty: none
  std::string log_file;             ///< empty: standard error
  std::string log_format = "text";  ///< as `parse_log_format` takes it
  trace_flags trace;
};

/// Declares `--log-format`, of runs and nodes alike.
void add_log_format_option(CLI::App& app, std::string& format);
/// Declares `--metrics` and `--alerts`, of runs and nodes alike.
void add_monitoring_options(CLI::App& app, std::string& metrics, std::string& alerts);
/// Declares `--trace`, `--trace-limit` and `--trace-to`, of runs and nodes alike.
void add_trace_options(CLI::App& app, trace_flags& flags);
/// Declares `--retain-disk`, of runs and nodes alike.
void add_retain_option(CLI::App& app, std::uint64_t& gib);
/// Declares the options of `run` on `app`, to be parsed into `flags`, which must outlive the app.
void declare_run_flags(CLI::App& app, run_flags& flags);

}  // namespace millrace::command
