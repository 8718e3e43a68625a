#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "millrace/dead_letter.hpp"
#include "millrace/engine/letter_block.hpp"
#include "millrace/engine/output_lane.hpp"
#include "millrace/engine/task_steering.hpp"
#include "millrace/engine/task_tracer.hpp"
#include "millrace/port.hpp"

namespace millrace::engine {

/// A batch that an output filled, by the output's number.
struct emitted_batch {
  std::size_t port = 0;
  batch_ptr records;
};

/// All that leaves a task: per output port the batch being filled, per channel credit and sequence.
///
/// A port of a router has one group of lanes for each target partition; any other port has one group, in which each
/// stream has one lane and all lanes carry the same batch. Thread: owning task.
class task_outputs final : public output_listener {
public:
  struct port {
    output_base* out = nullptr;
    std::vector<std::vector<output_lane>> groups;
    std::vector<std::unique_ptr<batch_builder>> dealt;  ///< routers: one batch being filled for each group
    std::vector<std::int64_t> oldest_ingest;            ///< of the batch being filled, per group; 0: unknown
  };

  explicit task_outputs(std::vector<port> ports);

  /// Gives the ports that somebody listens to a batch to fill. `dealing` is a router's output, whose records are dealt
  /// out to the partitions instead; nullptr for other actors.
  /// `keeps_letters`: what nobody takes from the output `dead` is kept until `take_letters`.
  void bind(std::uint32_t batch_events, const output_base* dealing, bool keeps_letters);

  /// Names the arrival time of what is handled from now on; batches still empty take it as theirs.
  void begin_frame(std::int64_t ingest_ns);
  void set_watermark(event_time t) noexcept { watermark_ = t; }
  [[nodiscard]] event_time watermark() const noexcept { return watermark_; }

  /// From now on what is emitted is kept until it is taken instead of being sent (logged producers).
  void hold() noexcept { holds_ = true; }
  /// What was emitted since, oldest first for each output.
  [[nodiscard]] std::vector<emitted_batch> take_held();
  void send(const emitted_batch& b) { send(ports_[b.port], 0, b.records); }
  /// Copies of the records go the way of what is emitted.
  void emit_again(const emitted_batch& b);

  /// From now on what is sent is dropped and counted there, dead letters excepted; null: it is sent again.
  void mute(task_steering* counts) noexcept { muted_ = counts; }
  [[nodiscard]] bool is_muted() const noexcept { return muted_ != nullptr; }

  /// A malformed input leaves by the output `dead`, or is kept where nobody takes from that.
  void set_aside(const malformed_input& what, const std::string& actor, std::uint32_t partition);
  /// The letters kept since the last call.
  [[nodiscard]] std::vector<letter_block> take_letters();
  [[nodiscard]] std::uint64_t letter_bytes() const noexcept { return letters_.bytes(); }

  void batch_full(output_base& out) override;
  void emit_current(output_base& out) override;
  /// The records being handled, or nullptr: what `emit_current` takes from.
  void set_current(const batch_run* run) noexcept { current_ = run; }
  /// What is emitted from now on is late against `t`; until `end_late`.
  void begin_late(event_time t);
  void end_late();
  /// Routers: deals `records` out from `cursor` to before `end`; stops when a lane has no credit.
  void deal(const batch& records, std::uint32_t& cursor, std::uint32_t end, std::span<const std::uint16_t> targets,
            std::span<const std::uint64_t> hashes);
  /// Routers: number of target partitions.
  [[nodiscard]] std::uint32_t dealing_groups() const noexcept {
    return static_cast<std::uint32_t>(dealing_->groups.size());
  }
  /// Routers: events on their way to each target partition, about (`router::see_load`).
  [[nodiscard]] std::vector<std::uint64_t> loads() const;
  /// Routers: sends the batch to every partition as it is. `first`: which record of the frame is its first.
  void broadcast(const batch_ptr& records, std::uint32_t first);

  /// Sends partial batches and, where nothing carried it, the watermark.
  void flush();
  /// Sends partial batches, and then that nothing is expected.
  void send_idle();
  void send_barrier(epoch_id epoch);
  void send_end();

  /// Marks what leaves by `t` from now on, which outlives the outputs.
  void trace_by(task_tracer& t) noexcept { tracer_ = &t; }
  /// What is emitted between the two is by what the tracer has at work.
  void begin_traced();
  void end_traced();
  /// Groups of lanes of each output.
  [[nodiscard]] std::vector<std::size_t> groups_of_ports() const;

  void collect_credit();
  /// A lane that waits for the disk, see `output_lane`.
  [[nodiscard]] bool waits_for_disk() const noexcept;
  /// What keeps a lane from sending what its receiver needs; null: nothing.
  [[nodiscard]] const error* failure() const noexcept { return failure_; }
  /// False: some lane has no credit; take no input and stop handlers after the current record.
  [[nodiscard]] bool is_free() const noexcept;
  [[nodiscard]] const bool& pause() const noexcept { return pause_; }
  void refresh_pause() noexcept { pause_ = !is_free(); }
  [[nodiscard]] bool has_partial() const noexcept;

  [[nodiscard]] std::uint64_t events_sent() const noexcept { return events_sent_; }
  /// Events that came too late and were sent to a late output, or would have been.
  [[nodiscard]] std::uint64_t events_late() const noexcept { return events_late_; }
  [[nodiscard]] std::uint32_t credit_used() const noexcept;
  [[nodiscard]] std::uint32_t credit_total() const noexcept;

  template <class F>
  void for_each_lane(F&& f) {
    for (auto& p : ports_) {
      for (auto& group : p.groups) {
        for (auto& lane : group) f(lane);
      }
    }
  }
  template <class F>
  void for_each_lane(F&& f) const {
    for (const auto& p : ports_) {
      for (const auto& group : p.groups) {
        for (const auto& lane : group) f(lane);
      }
    }
  }
  /// Called with each fresh batch that leaves, and the output's number: producers measure event time there.
  void on_batch(std::function<void(std::size_t, const batch_ptr&)> f) { on_batch_ = std::move(f); }

private:
  void deal_one(const batch& records, std::uint32_t row, std::uint16_t target, std::span<const std::uint64_t> hashes);
  template <class F>
  void for_each_builder(F&& f);
  void send(port& p, std::size_t group, const batch_ptr& records);
  void flush_port(port& p);
  void trace_dealt(std::uint32_t first, std::uint32_t end, std::span<const std::uint16_t> targets);
  [[nodiscard]] std::size_t number_of(const port& p) const noexcept {
    return static_cast<std::size_t>(&p - ports_.data());
  }

  std::vector<port> ports_;
  port* dealing_ = nullptr;
  std::vector<batch_builder*> dealt_;  // the router's builders, as scatter wants them
  std::int64_t ingest_ns_ = 0;
  event_time watermark_ = event_time::min();
  bool pause_ = false;
  const error* failure_ = nullptr;  // of a lane
  bool holds_ = false;
  std::vector<emitted_batch> held_;
  letter_writer letters_;
  bool keeps_letters_ = false;
  std::uint64_t events_sent_ = 0;
  std::uint64_t events_late_ = 0;
  const batch_run* current_ = nullptr;
  task_tracer* tracer_ = nullptr;     // null: nothing is traced
  std::vector<std::uint32_t> sizes_;  // of the batches dealt to
  std::function<void(std::size_t, const batch_ptr&)> on_batch_;
  task_steering* muted_ = nullptr;  // null: it is not
};

}  // namespace millrace::engine
