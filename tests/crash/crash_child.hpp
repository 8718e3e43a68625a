#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace millrace::crash {

/// What one life of the victim does.
struct life {
  std::filesystem::path folder;  ///< holds a.csv, b.csv, data/ and out/
  std::string payload = "shared";
  std::string broken;        ///< "align" or "commit": protection off; empty: none
  double rate = 4000;        ///< events/s of each file
  std::int64_t kill_at = 0;  ///< SIGKILL once file a has come to this line; 0: not
  std::string point;         ///< SIGKILL at this fault point…
  int hit = 0;               ///< …the n-th time it is reached
};

/// Runs the topology until its input ends or the life does. Exit code: 0 ended, 1 the run failed.
int live(const life& l);

}  // namespace millrace::crash
