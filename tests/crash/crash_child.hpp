#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "support/kills.hpp"

namespace millrace::crash {

/// What one life of the victim does.
struct life {
  std::filesystem::path folder;  ///< holds a.csv, b.csv, data/ and out/
  std::string payload = "shared";
  std::string compress = "none";
  std::string broken;        ///< the protection that is off, see --break; empty: none
  std::int64_t lines = 0;    ///< entries of the feed; the files have theirs
  double rate = 4000;        ///< events/s of each file and of the feed
  support::kill_order kill;  ///< progress is the line of file a
};

/// Runs the topology until its input ends or the life does. Exit code: 0 ended, 1 the run failed.
int live(const life& l);

}  // namespace millrace::crash
