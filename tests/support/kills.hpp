#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

/// What programs that kill running topologies have in common: lives in child processes, and when each is to end.
namespace support {

/// How one life ends early.
struct kill_order {
  std::int64_t at = 0;  ///< SIGKILL at this progress of the input, or moment; 0: not
  std::string point;    ///< SIGKILL at this fault point…
  int hit = 0;          ///< …the n-th time it is reached
};

/// Makes this process kill itself with SIGKILL when it comes to `point` for the `hit`-th time. Before a run starts.
void die_at_point(const std::string& point, int hit);

struct death {
  bool was_killed = false;  ///< by SIGKILL
  int exit_code = 0;        ///< -1: by a signal
};

/// Runs `life` in a process of its own, whose exit code is what it returns. This one must have a single thread.
[[nodiscard]] death live_in_child(const std::function<int()>& life);

/// Epoch of the newest intact snapshot in a data directory; 0: none. Throws std::runtime_error when it cannot be read.
[[nodiscard]] std::uint64_t newest_complete_epoch(const std::filesystem::path& data_dir);

/// A fault point, and how often it is passed before it kills: `from` and up to `more - 1` times more.
struct kill_point {
  std::string name;
  int from = 7;
  std::uint64_t more = 20;
  bool may_be_first = true;  ///< it is reached in a first life, too
};

/// Deals out kills over as many runs as it takes: some spread over the progress of the input, some at each fault point.
class kill_schedule {
public:
  kill_schedule(std::vector<kill_point> points, int at_progress, int per_point, std::uint64_t seed);

  /// The kills of the next run, of an input whose progress goes up to `end`.
  [[nodiscard]] std::vector<kill_order> next_run(std::int64_t end);
  /// A life ended as ordered.
  void count(const kill_order& k);
  [[nodiscard]] bool is_complete() const;
  [[nodiscard]] int kills() const;
  /// Prints how often each point killed, and how often it was to.
  void print() const;

private:
  [[nodiscard]] int left(const std::string& name, int wanted) const;
  [[nodiscard]] bool any_point_left() const;

  std::vector<kill_point> points_;
  int at_progress_;
  int per_point_;
  std::mt19937_64 random_;
  std::map<std::string, int> done_;
};

}  // namespace support
