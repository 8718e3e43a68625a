#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace millrace::crash {

/// What one life of the victim does.
struct life {
  std::filesystem::path folder;  ///< holds a.csv, b.csv, data/ and out/
  std::string payload = "shared";
  std::string broken;        ///< the protection that is off, see --break; empty: none
  std::int64_t lines = 0;    ///< entries of the feed; the files have theirs
  double rate = 4000;        ///< events/s of each file and of the feed
  std::int64_t kill_at = 0;  ///< SIGKILL once file a has come to this line; 0: not
  std::string point;         ///< SIGKILL at this fault point…
  int hit = 0;               ///< …the n-th time it is reached
};

/// Runs the topology until its input ends or the life does. Exit code: 0 ended, 1 the run failed.
int live(const life& l);

}  // namespace millrace::crash
