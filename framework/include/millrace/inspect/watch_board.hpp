#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/inspect/task_watch.hpp"

namespace millrace::inspect {

inline constexpr std::chrono::nanoseconds lease_least = std::chrono::seconds{1};
inline constexpr std::chrono::nanoseconds lease_most = std::chrono::hours{1};

/// A breakpoint that somebody wants.
struct break_request {
  std::string channels;                                       ///< as `choose_channels` takes them
  std::string when;                                           ///< in the language of the maker; empty: every record
  std::chrono::nanoseconds lease = std::chrono::seconds{30};  ///< it is taken away when nobody renews it for so long
};

/// A breakpoint as it is told about.
struct break_report {
  std::uint64_t id = 0;
  break_request request;
  std::vector<std::string> channels;
  std::uint64_t hits = 0;
  std::uint64_t failures = 0;
  std::chrono::nanoseconds left{};  ///< of its lease
};

/// A task that stands still.
struct stop_report {
  task_id task;
  stop_place where;
  std::chrono::nanoseconds standing_for{};
};

/// The taps and breakpoints of one run: takes them in, tells the tasks, and takes them away when nobody renews them.
///
/// Bounded: 16 of each at a time. Thread: any.
class watch_board {
public:
  static constexpr std::size_t breakpoints_max = 16;
  static constexpr std::size_t taps_max = 16;

  struct surroundings {
    const engine::plan* plan = nullptr;  ///< outlives the board
    std::shared_ptr<const engine::clock> time;
    condition_maker conditions;  ///< none: conditions are refused
    std::function<void(log_level, const std::string&)> log;
    std::function<bool(task_id)> is_here;                  ///< the task runs in this process
    std::function<void(std::int64_t steady_ns)> sweep_at;  ///< have `sweep` called then
  };
  explicit watch_board(surroundings s);
  ~watch_board();
  watch_board(const watch_board&) = delete;
  watch_board& operator=(const watch_board&) = delete;

  /// Tasks that take over the channels meant stop before the next record that the condition holds for. Gives its
  /// number. Errors: those of `choose_channels` and of the condition; a task on another node; too many; a lease out of
  /// its range.
  [[nodiscard]] result<std::uint64_t> add_breakpoint(const break_request& r);
  /// Its lease begins anew. errc::not_found: it is gone.
  [[nodiscard]] result<void> renew(std::uint64_t id);
  /// Takes it away, and tasks that stand at it go on; 0: all. Gives how many there were.
  [[nodiscard]] result<std::size_t> clear(std::uint64_t id);
  [[nodiscard]] std::vector<break_report> breakpoints() const;
  [[nodiscard]] std::vector<stop_report> stops() const;
  [[nodiscard]] bool is_stopped() const;
  /// Tasks that stand go on: to the next breakpoint, or past one record. None: all that stand. Gives how many.
  /// errc::not_found: it, or none of them, stands still.
  [[nodiscard]] result<std::size_t> go_on(std::optional<task_id> task, bool one_record);

  /// Whoever keeps it sees what goes over the channels meant, until its lease is over. Errors as of a breakpoint.
  [[nodiscard]] result<std::shared_ptr<tap>> open_tap(const std::vector<channel_id>& channels,
                                                      std::chrono::nanoseconds lease);
  void close_tap(const tap& t);

  /// The run ends: whatever stands goes on, and nothing new comes.
  void close();
  /// Takes away what nobody renews.
  void sweep();
  /// Of the task, for people: where it stands; empty: it does not.
  [[nodiscard]] std::string text_of_stop(task_id t) const;
  /// Of the newest incarnation.
  [[nodiscard]] std::shared_ptr<task_watch> task(task_id t) const;
  /// A new incarnation begins: it stands nowhere, and what is wanted of the task holds for it alone.
  [[nodiscard]] std::shared_ptr<task_watch> fresh(task_id t);

private:
  struct kept_breakpoint {
    std::shared_ptr<breakpoint> b;
    break_request request;
    std::vector<channel_id> channels;
  };
  struct kept_tap {
    std::shared_ptr<tap> t;
    std::vector<channel_id> channels;
  };
  [[nodiscard]] result<void> check_here(const std::vector<channel_id>& channels) const;
  void detach(const kept_breakpoint& b);
  void detach(const kept_tap& t);
  void say(log_level level, const std::string& text) const;
  [[nodiscard]] std::string text_of(const stop_place& s) const;
  [[nodiscard]] std::shared_ptr<task_watch> make_watch() const;
  [[nodiscard]] std::vector<std::shared_ptr<task_watch>> all() const;
  /// With the lock held: who receives from the channel.
  [[nodiscard]] task_watch& receiver_of(channel_id c) const {
    return *tasks_[around_.plan->channels[c.value].target.value];
  }

  const surroundings around_;
  task_watch::listener told_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<task_watch>> tasks_;
  std::uint64_t next_id_ = 1;
  bool is_closed_ = false;
  std::map<std::uint64_t, kept_breakpoint> breakpoints_;
  std::vector<kept_tap> taps_;
};

}  // namespace millrace::inspect
