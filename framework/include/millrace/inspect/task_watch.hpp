#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "millrace/engine/frame.hpp"
#include "millrace/inspect/record_condition.hpp"
#include "millrace/inspect/tap.hpp"

namespace millrace::inspect {

/// A breakpoint as the receivers of its channels see it.
struct breakpoint {
  std::uint64_t id = 0;
  std::int64_t begun_ns = 0;
  std::atomic<std::int64_t> ends_ns{0};
  std::atomic<std::uint64_t> hits{0};
  std::atomic<std::uint64_t> failures{0};  ///< records that its condition could not be worked out for

  [[nodiscard]] bool is_over(std::int64_t now_ns) const noexcept {
    return now_ns >= ends_ns.load(std::memory_order_relaxed);
  }
};

/// Where a task stands still: before this record.
struct stop_place {
  std::shared_ptr<breakpoint> at;
  bool by_step = false;  ///< a step ended here, whatever the condition says
  channel_id channel{};
  sequence number{};  ///< of the record on its channel
  batch_ptr records{};
  std::uint32_t row = 0;
  event_time watermark = event_time::min();
  std::int64_t since_ns = 0;
};

/// What a task asks whether somebody looks at what it takes, or wants it to stop. Off, it costs one relaxed load.
///
/// Each incarnation of a task has its own, which takes over what the one before was told: a record that it was let go
/// past does not stop the task a second time. One that hangs and is replaced keeps its watch, which nobody asks any
/// more. Thread: `see`, `stop_row` the task's own; the rest any.
class task_watch {
public:
  /// Told when the task stops, and of the first record a condition could not be worked out for. On the task's thread.
  struct listener {
    std::function<void(const stop_place&)> stopped;
    std::function<void(const breakpoint&, const std::string& why)> failed;
  };
  /// Both outlive it.
  void connect(const engine::clock& time, const listener& to) {
    time_ = &time;
    told_ = &to;
  }

  [[nodiscard]] bool is_on() const noexcept { return is_on_.load(std::memory_order_relaxed); }

  /// Taps, breakpoints and what was passed go over to the watch of the next incarnation, which stands nowhere. This one
  /// is off from then on. `next` is fresh and connected.
  void hand_over(task_watch& next);
  /// The task takes a batch.
  void see(const engine::frame& taken, std::uint32_t skip);
  /// The rows from `cursor` up to the one returned may be handled: the batch's size when nothing stops it, `cursor`
  /// when it is to stand still for now. `places`: the records' sequences where they are not `first`, `first`+1, …
  [[nodiscard]] std::uint32_t stop_row(const engine::frame& current, std::uint32_t cursor,
                                       const std::vector<std::uint64_t>& places);

  void add(channel_id channel, const std::shared_ptr<breakpoint>& b, std::shared_ptr<record_condition> when);
  /// A task that stands at it goes on.
  void remove(const breakpoint& b);
  void add(channel_id channel, const std::shared_ptr<tap>& t);
  void remove(const tap& t);

  /// It goes on, to the next breakpoint or to the next record. False: it does not stand.
  [[nodiscard]] bool go_on(bool one_record);
  [[nodiscard]] std::optional<stop_place> stopped() const;
  [[nodiscard]] bool is_stopped() const noexcept { return is_stopped_.load(std::memory_order_relaxed); }

private:
  struct armed {
    channel_id channel;
    std::shared_ptr<breakpoint> at;
    std::shared_ptr<record_condition> when;  // null: every record
  };
  struct tapped {
    channel_id channel;
    std::shared_ptr<tap> to;
  };
  // What the last look at a batch came to: handlers come back for the rest of it.
  struct outlook {
    const batch* records = nullptr;
    sequence first{};
    std::uint32_t from = 0, row = 0;
    std::shared_ptr<breakpoint> at;
  };

  void refresh();
  void release();
  [[nodiscard]] std::uint32_t stand(const engine::frame& f, std::uint32_t row, std::uint64_t number,
                                    std::shared_ptr<breakpoint> at, bool by_step);
  void look_ahead(const engine::frame& f, std::uint32_t cursor, const std::vector<std::uint64_t>& places);
  [[nodiscard]] std::uint32_t first_hit(const armed& a, const engine::frame& f, std::uint32_t from);

  const engine::clock* time_ = nullptr;
  const listener* told_ = nullptr;
  std::atomic<bool> is_on_{false};
  std::atomic<bool> is_stopped_{false};
  mutable std::mutex mutex_;
  std::vector<armed> armed_;
  std::vector<tapped> taps_;
  std::optional<stop_place> stopped_;
  std::shared_ptr<breakpoint> stepping_;        // stops before the next record
  std::map<channel_id, std::uint64_t> passed_;  // records before it were let go
  outlook seen_;
};

}  // namespace millrace::inspect
