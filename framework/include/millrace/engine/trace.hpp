#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::engine {

/// A trace as W3C Trace Context names it: 16 bytes, not all 0.
struct trace_id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  [[nodiscard]] explicit operator bool() const noexcept { return (high | low) != 0; }
  friend auto operator<=>(const trace_id&, const trace_id&) = default;
};

/// 32 hexadecimal digits.
[[nodiscard]] std::string to_string(const trace_id& id);
/// 16 hexadecimal digits.
[[nodiscard]] std::string span_text(std::uint64_t span);
/// Reads what `to_string` writes; not an id: false. Pure.
[[nodiscard]] bool read_trace_id(std::string_view text, trace_id& out) noexcept;

/// Where a traced event stands: what is done to it next is a child of `span`.
struct trace_context {
  trace_id trace{};
  std::uint64_t span = 0;
  bool is_replayed = false;  ///< the event was emitted before, by an incarnation that failed
  friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// A record of a batch that is traced.
struct trace_mark {
  std::uint32_t row = 0;
  trace_context of{};
  friend bool operator==(const trace_mark&, const trace_mark&) = default;
};

/// What a data frame carries beside its records when some of them are traced, or when a link wants to know how long it
/// took. Times are wall-clock nanoseconds since 1970, by the clock of the sender's machine; 0: not noted.
struct frame_traces {
  std::int64_t emitted_ns = 0;      ///< the batch was complete
  std::int64_t sent_ns = 0;         ///< it left: until then it waited for credit
  std::vector<trace_mark> marks{};  ///< by row, ascending
};
/// Copied by those who send one batch to several; not changed once its frame is under way.
using frame_traces_ptr = std::shared_ptr<frame_traces>;

/// More marks than a frame may have are refused by whoever decodes it, and never made.
inline constexpr std::size_t frame_marks_max = 4'096;

/// What a span tells of.
enum class span_kind : std::uint8_t {
  emit,     ///< a producer: from reading the input to the batch being complete
  batch,    ///< emitted, waiting in a batch that was not full
  credit,   ///< the batch waited for credit
  network,  ///< between two nodes
  queue,    ///< arrived, waiting to be taken
  align,    ///< of the wait in the queue, what was because of a snapshot's barrier
  service,  ///< handlers at work
  fire,     ///< what was kept (windows, timers) brought something about: linked with the events it may come from
  write,    ///< a sink's handlers
  commit,   ///< from written to visible outside
};
inline constexpr std::size_t span_kinds = 10;
[[nodiscard]] const char* to_string(span_kind k) noexcept;

/// One span as a task tells it. Times: wall-clock nanoseconds since 1970.
struct span_record {
  trace_id trace{};
  std::uint64_t span = 0;
  std::uint64_t parent = 0;  ///< 0: the trace begins here
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::uint64_t sequence = 0;  ///< of the event on its channel
  std::uint32_t task = 0;      ///< id in the plan
  std::uint32_t channel = 0;   ///< id in the plan
  span_kind kind = span_kind::service;
  bool is_replayed = false;
  bool has_failed = false;  ///< the handler did
  /// Of `fire`: another trace that this one continues, one record a link; the fields above are those of the span.
  trace_id linked{};
  std::uint64_t linked_span = 0;
};

/// The traced event that this thread is handling; no id: none. What is logged meanwhile belongs to it. Thread: any.
[[nodiscard]] trace_id current_trace() noexcept;
void set_current_trace(const trace_id& id) noexcept;

}  // namespace millrace::engine
