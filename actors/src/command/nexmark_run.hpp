#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "millrace/transport/frame_codec.hpp"
#include "nexmark/event_feed.hpp"

namespace millrace::command {

/// What `millrace nexmark run` was asked for.
struct nexmark_request {
  std::string query;
  nexmark::feed_options feed;
  double rate = 10'000;
  std::uint32_t partitions = 1;
  std::string output;    ///< empty: rows are counted and forgotten
  std::string data_dir;  ///< empty: a folder that is removed at the end
  std::chrono::milliseconds snapshot_interval{10'000};
  transport::payload_mode payload = transport::payload_mode::shared;
  std::size_t threads = 0;
  bool is_baseline_wanted = false;
  bool is_json = false;
};

/// Runs a query to its end and reports on it. Returns the exit code. Thread: main.
[[nodiscard]] int run_nexmark(const nexmark_request& request);

}  // namespace millrace::command
