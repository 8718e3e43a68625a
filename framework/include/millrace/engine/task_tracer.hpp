#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "millrace/engine/clock.hpp"
#include "millrace/engine/frame.hpp"
#include "millrace/engine/span_ring.hpp"
#include "millrace/engine/trace_sampler.hpp"

namespace millrace::engine {

/// Follows traced events through one task: takes their marks off the frames that come, tells what happened to them as
/// spans, and puts marks on what they bring about.
///
/// The problem: records go through handlers as batches, and nobody notes which record brought about which. So a traced
/// record is handled alone, and the first record that appears on each output meanwhile continues its trace. What
/// brings nothing about and is kept by the actor (windows, timers) is remembered, at most `kept_max`; what fires later
/// begins a trace of its own with links to those. All of it costs one test of a pointer where nothing is traced.
/// Thread: owning task.
class task_tracer {
public:
  static constexpr std::size_t kept_max = 256;
  static constexpr std::size_t links_max = 8;
  static constexpr std::uint32_t no_row = std::numeric_limits<std::uint32_t>::max();

  struct parts {
    trace_rule rule{};              ///< of producers
    std::uint64_t space = 1;        ///< first half of the ids of traces that begin here
    std::int64_t wall_offset_ns{};  ///< wall clock less steady clock, the same for all tasks of a process
    const clock* time = nullptr;
    std::shared_ptr<span_ring> spans{};
    std::shared_ptr<traced_progress> progress{};  ///< of all incarnations of the task
  };
  /// Whose tracer it is.
  struct owner {
    task_id task{};
    generation incarnation{};
    std::size_t inputs = 0;
    std::vector<std::size_t> groups{};  ///< of lanes, per output
    std::size_t dead_output = 0;        ///< its records are no events of a producer
    bool is_producer = false;
    bool is_sink = false;
    bool keeps_events = false;  ///< the actor has windows or timers
  };

  task_tracer(parts p, owner o);

  // The frame being handled.
  void take(const frame& f, std::size_t channel, bool is_repeated);
  void drop();
  /// Row of the first traced record from `row` on; `no_row`: there is none.
  [[nodiscard]] std::uint32_t next(std::uint32_t row) const noexcept;
  /// Only these records of the frame are left.
  void keep_rows(const std::vector<std::uint32_t>& kept);

  // Handlers: the traced records of [first, end) are at work. Outputs are noted before and asked after.
  void begin(std::uint32_t first, std::uint32_t end);
  void end(bool has_failed, std::uint64_t key_hash);
  /// The record that failed last becomes a dead letter: what is emitted for that continues its trace.
  [[nodiscard]] bool begin_given_up();
  void end_given_up();

  // Windows and timers. `key_hash`: of the key whose timer fires; nothing: whatever was kept may be in it.
  [[nodiscard]] bool begin_firing(std::optional<std::uint64_t> key_hash);
  void end_firing();

  // Outputs.
  void note_size(std::size_t output, std::uint32_t records) noexcept;
  void note_emitted(std::size_t output, std::uint32_t records);
  /// A router has dealt out the records [first, end); `sizes`: of the batches they went to, afterwards.
  void dealt(std::size_t output, std::uint32_t first, std::uint32_t end, std::span<const std::uint16_t> targets,
             const std::vector<std::uint32_t>& sizes);
  /// A router sends the records [first, end) on as they are, to all groups.
  void passed_on(std::size_t output, std::uint32_t first, std::uint32_t end);
  /// The batch being filled leaves; `first`: sequence of its first event. Null: nothing in it is traced.
  [[nodiscard]] frame_traces_ptr leaving(std::size_t output, std::size_t group, std::uint32_t records,
                                         std::uint64_t first, std::int64_t ingest_ns);

  // Snapshots.
  void hold(std::size_t channel);
  void release();
  void at_barrier(epoch_id epoch);
  /// `is_visible`: the sink has committed what it wrote before the barrier of `epoch`; else it had no need to.
  void committed(epoch_id epoch, bool is_visible);

private:
  /// A traced record of the frame being handled.
  struct traced {
    std::uint32_t row = 0;
    std::uint32_t attempts = 0;
    std::uint64_t sequence = 0;
    trace_context from{};
  };
  /// What goes on now: of a record, or a firing.
  struct activity {
    trace_context of{};
    std::uint64_t parent = 0;
    std::uint64_t sequence = 0;
    channel_id channel{};
    bool is_continued = false;  ///< something was emitted for it
  };
  struct pending {
    trace_mark mark{};
    std::int64_t since_ns = 0;  ///< wall
  };
  struct output_state {
    std::vector<std::vector<pending>> groups{};  ///< marks of the batches being filled
    std::uint32_t size_before = 0;
    bool is_marked = false;  ///< by what is at work
    std::optional<trace_sampler> sampler{};
  };
  struct kept_event {
    trace_context of{};
    std::uint64_t key_hash = 0;
  };
  struct written_event {
    activity what{};
    std::int64_t end_ns = 0;
    epoch_id epoch{};  ///< 0: no barrier has come since
  };
  struct held_time {
    std::int64_t from_ns = 0;   ///< wall
    std::int64_t until_ns = 0;  ///< 0: still
  };

  [[nodiscard]] std::int64_t wall() const { return parts_.time->steady_ns() + parts_.wall_offset_ns; }
  [[nodiscard]] std::uint64_t span_of(const traced& t) const noexcept;
  void tell(const activity& a, span_kind kind, std::int64_t from, std::int64_t until, bool has_failed = false);
  void tell_way(const traced& t);
  void tell_part(const traced& t, span_kind kind, std::int64_t from, std::int64_t until, task_id task);
  [[nodiscard]] activity enter(traced& t);
  void mark(std::size_t output, std::size_t group, std::uint32_t row, const trace_context& of, std::int64_t since);
  void tell_links();
  [[nodiscard]] frame_traces_ptr begin_traces(std::size_t output, std::uint32_t records, std::uint64_t first,
                                              std::int64_t ingest_ns);

  parts parts_;
  owner owner_;
  std::vector<output_state> outputs_;
  std::vector<held_time> held_;

  // the frame
  std::vector<traced> marks_;
  task_id source_{};
  channel_id channel_{};
  std::int64_t emitted_ns_ = 0, sent_ns_ = 0, arrived_ns_ = 0, taken_ns_ = 0;  // wall
  std::int64_t held_from_ns_ = 0, held_until_ns_ = 0;

  std::vector<activity> at_work_;
  std::int64_t since_ns_ = 0;  // wall: what is at work began
  std::optional<activity> failed_;
  bool is_firing_ = false;
  std::uint64_t firings_ = 0;
  std::vector<kept_event> linked_;

  std::deque<kept_event> kept_;
  std::deque<written_event> written_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace millrace::engine
