#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/chaos/task_gate.hpp"
#include "millrace/engine/barrier_aligner.hpp"
#include "millrace/engine/frame_spill.hpp"
#include "millrace/engine/hot_key_watch.hpp"
#include "millrace/engine/input_channel.hpp"
#include "millrace/engine/producer_log.hpp"
#include "millrace/engine/retained_budget.hpp"
#include "millrace/engine/snapshot_store.hpp"
#include "millrace/engine/state_query.hpp"
#include "millrace/engine/step_meter.hpp"
#include "millrace/engine/task_context.hpp"
#include "millrace/engine/task_host.hpp"
#include "millrace/engine/task_journal.hpp"
#include "millrace/engine/task_outputs.hpp"
#include "millrace/engine/task_stats.hpp"
#include "millrace/engine/task_steering.hpp"
#include "millrace/engine/task_tracer.hpp"
#include "millrace/engine/upstream_faults.hpp"
#include "millrace/engine/watermark_tracker.hpp"
#include "millrace/failure_policy.hpp"
#include "millrace/inspect/task_watch.hpp"
#include "millrace/producer.hpp"
#include "millrace/router.hpp"
#include "millrace/sink.hpp"

namespace millrace::engine {

/// Protections a negative control switches off to show that the tests would notice. Never off in a real run.
struct protections {
  bool align_barriers = true;
  bool commit_after_manifest = true;
  bool slowest_input_rules = true;  ///< off: the watermark is that of the fastest input
  bool rebuild_firings = true;      ///< off: windows and timers do not come back after a recovery
  bool log_before_emit = true;
  bool replay_log = true;
  bool letters_before_manifest = true;
  bool merge_all_places = true;  ///< off: of a salted key, one place's partial results are lost
  bool trim_seen = true;         ///< off: what a rebuilt task sends again is taken again
  bool send_again = true;        ///< off: who comes back does not get again what was sent since its snapshot
};

/// All a task is made of. The channel ends belong to this incarnation alone.
struct task_parts {
  task_id id;
  std::string name;
  std::uint32_t partition = 0;
  std::uint32_t parallelism = 1;
  generation incarnation;
  std::unique_ptr<actor> behavior;
  failure_policy on_failure;
  std::vector<input_channel> inputs;
  std::vector<std::shared_ptr<const key_extractor>> input_keys;  ///< per input port
  std::shared_ptr<const key_extractor> router_key;
  std::uint32_t key_groups = 1024;
  std::vector<task_outputs::port> outputs;
  std::uint32_t batch_events = 256;
  protections protect;
  event_log* log = nullptr;                  ///< of logged producers; outlives the task
  bool keeps_letters = false;                ///< dead letters that no stream takes go into the snapshots' parts
  bool measures = false;                     ///< tells all there is to tell, see `step_meter`
  std::vector<record_type_ptr> input_types;  ///< per input port, as its handler sees records
  const clock* time = nullptr;
  task_host* host = nullptr;
  std::shared_ptr<task_stats> stats;
  std::unique_ptr<page_spill> spill{};  ///< where keyed state goes beyond `state_memory_bytes`; none: all in memory
  std::size_t state_memory_bytes = 0;
  /// For a task that can be rebuilt alone, and neighbours that can; outlives the task. None: the region goes back.
  std::shared_ptr<task_journal> journal{};
  std::uint64_t retained_bytes_max = 0;          ///< of each lane; 0: nothing is retained
  std::shared_ptr<retained_budget> retained{};   ///< of all lanes; none: there is no common limit
  std::shared_ptr<frame_spill> retained_disk{};  ///< for what memory has no room for; none: it is let go
  std::optional<chaos::task_gate> faults{};      ///< none: nobody can inject any
  std::shared_ptr<inspect::task_watch> watch{};  ///< its own; null: nobody can look into its channels
  std::optional<task_tracer::parts> tracing{};   ///< none: nothing is traced
  std::shared_ptr<task_steering> steering{};     ///< none: nobody steers it
};

/// What a step came to.
enum class step_result : std::uint8_t {
  again,   ///< there is more to do: step again soon
  idle,    ///< nothing until a doorbell rings or the wake-up asked for
  failed,  ///< the task is over, `failure()` says why
};

/// Text of the exception being handled.
[[nodiscard]] std::string current_failure();

/// Why a task is over, and what its policy says about it.
struct task_failure {
  error what;
  failure_action action = failure_action::restart;
};

/// A partition of an actor at work: takes frames in, runs the actor's handlers, sends batches out, aligns barriers,
/// freezes state. The same code live and simulated; who calls `step` and what the ports in `task_parts` lead to is all
/// that differs.
///
/// Order of calls: constructor, `restore` (with a snapshot or without; at once or bit by bit), then `step` until it
/// says failed. Failures of handlers follow the policy: resume and retry are settled here, everything else ends the
/// task. Thread: one at a time; not reentrant.
class task {
public:
  explicit task(task_parts parts);
  ~task();
  task(const task&) = delete;
  task& operator=(const task&) = delete;

  /// A snapshot's part of this task; fresh when `meta` is empty.
  struct restored {
    epoch_id epoch{};
    unsigned environment = 0;
    bytes_view meta{};
    std::vector<page_piece> pieces{};  ///< what its encoded pages are in
    /// Visits the pages of a piece.
    std::function<result<void>(const page_piece&, const snapshot_reader::page_visitor&)> read{};
    std::vector<replay_item> replays{};  ///< dead letters to be taken back
    bool reopens = false;                ///< some task has such: what had ended goes on once more, see offer_replays
  };
  /// Loads it, then opens the actor.
  [[nodiscard]] result<void> restore(restored from);
  /// The same bit by bit, so that a large state does not keep others from the thread: begins, and then goes on for
  /// about so long. True: it is done, and the actor is open. What `from` views must live until then.
  [[nodiscard]] result<void> begin_restoring(restored from);
  [[nodiscard]] result<bool> go_on_restoring(std::chrono::nanoseconds for_about);

  [[nodiscard]] step_result step();
  [[nodiscard]] const task_failure& failure() const noexcept { return *failure_; }

  /// Producers: put a barrier into the stream at the next step. Others get theirs through channels.
  void inject_barrier(const epoch_target& target);
  /// The epoch is complete: sinks commit what they prepared for it, and logs drop what no snapshot from
  /// `oldest_retained` on needs (0: nothing).
  [[nodiscard]] result<void> epoch_complete(epoch_id epoch, epoch_id oldest_retained = {});
  /// The epoch came to nothing: its pages are dirty again.
  void epoch_aborted(epoch_id epoch);
  /// Dead letters to be taken back; those known already are left out. `more`: some task has such that no complete
  /// snapshot has, so producers do not end before they are told otherwise.
  void offer_replays(std::vector<replay_item> items, bool more);
  /// Before the task is destroyed in an orderly end.
  void close();

  /// The receiver of this channel is gone and will be made anew; the task goes on for its other receivers.
  void part(const std::string& channel);
  /// A neighbour was made anew from the snapshot of `from`, and this is the end of the channel with its new
  /// incarnation (by the channel's name). Error: what it needs was not retained.
  [[nodiscard]] result<void> reconnect(const std::string& channel, std::unique_ptr<channel_sender> sender,
                                       generation incarnation, epoch_id from);
  void reconnect(const std::string& channel, std::unique_ptr<channel_receiver> receiver, generation incarnation);
  /// Frames taken before the failure are being taken again.
  [[nodiscard]] bool is_catching_up() const { return parts_.journal && parts_.journal->next_replayed(); }

  /// Looks into the keyed state between two steps. Bounded work: what takes longer is answered in parts. Errors are the
  /// asker's: not_found for a state the actor does not declare, an actor without keyed state.
  [[nodiscard]] result<state_answer> query(const state_request& request);

  /// Bytes of encoded pages that were restored.
  [[nodiscard]] std::uint64_t restored_bytes() const noexcept { return restored_bytes_; }
  [[nodiscard]] const std::string& name() const noexcept { return parts_.name; }
  [[nodiscard]] actor& behavior() noexcept { return *parts_.behavior; }
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }
  /// The task may wait for the disk or whatever its actor waits for: it needs a thread of its own.
  [[nodiscard]] bool is_blocking() const noexcept {
    // Whoever hangs keeps its thread: where its place is to be taken by another, that must not be one of all tasks.
    const bool may_be_left_behind = parts_.on_failure.on_hang == hang_action::rebuild;
    return log_ != nullptr || may_be_left_behind || parts_.behavior->is_blocking();
  }
  [[nodiscard]] const failure_policy& policy() const noexcept { return parts_.on_failure; }

private:
  enum class progress { worked, nothing, stopped };

  /// Says what is being called, for whoever wonders why nothing goes on.
  struct calling {
    calling(task_stats& stats, task_call call, std::uint32_t port = 0) : stats_{stats}, before_{stats.place.get()} {
      stats_.place.set({call, port});
    }
    calling(const calling&) = delete;
    calling& operator=(const calling&) = delete;
    ~calling() { stats_.place.set(before_); }

  private:
    task_stats& stats_;
    task_place before_;
  };

  /// A call outside the step loop, which takes as long as somebody else wants: says since when, too.
  struct calling_out {
    calling_out(task_stats& stats, const clock& time, task_call call)
        : here_{stats, call}, stats_{stats}, is_first_{stats.stepping_since.get() == 0} {
      if (is_first_) stats_.stepping_since.set(time.steady_ns());
    }
    calling_out(const calling_out&) = delete;
    calling_out& operator=(const calling_out&) = delete;
    ~calling_out() {
      if (is_first_) stats_.stepping_since.set(0);
    }

  private:
    calling here_;
    task_stats& stats_;
    bool is_first_;
  };

  // task.cpp: the step loop
  [[nodiscard]] progress advance();
  [[nodiscard]] progress take_frame();
  [[nodiscard]] progress start_frame(std::size_t channel, input_channel::arrival what, std::uint32_t skip);
  [[nodiscard]] progress poll_producer();
  [[nodiscard]] progress after_poll(poll_result r, std::int64_t now);
  void follow_told_watermark();
  [[nodiscard]] progress finish_frame();
  void flush_if_lingering(std::int64_t now);
  void publish(step_result r, bool has_worked);
  void release_inputs(std::int64_t now);
  void publish_hot_keys(std::int64_t now);
  void measure_wait(std::size_t channel);

  // task_steering.cpp: what the run's owner wants while it runs
  [[nodiscard]] bool is_paused() const noexcept;
  [[nodiscard]] progress rest();
  void follow_steering();
  void apply_settings(epoch_id epoch);
  [[nodiscard]] progress drop_records();

  // task_faults.cpp: what is injected on purpose
  [[nodiscard]] bool has_faults() const noexcept { return parts_.faults && parts_.faults->is_on(); }
  [[nodiscard]] std::optional<progress> meet_faults(std::uint64_t events, bool in_record);
  [[nodiscard]] std::optional<progress> meet_poll_faults(std::int64_t now);

  // task_watching.cpp: who looks into what it takes
  [[nodiscard]] std::uint32_t rows_allowed();
  [[nodiscard]] progress stand_still();
  [[nodiscard]] batch_ptr slice(std::uint32_t end) const;

  // task_settling.cpp: timers, watermark and end of input
  enum class settling : std::uint8_t { done, timers, windows, watermark, end, ended, processing };
  [[nodiscard]] static task_call call_of(settling s) noexcept;
  [[nodiscard]] progress settle();
  [[nodiscard]] bool run_settling_step();
  /// Of a salted actor, the half that merges is the one that follows time.
  [[nodiscard]] bool only_collects() const noexcept {
    return actor_access::role(*parts_.behavior) == salt_role::collects;
  }
  void next_settling_step();
  [[nodiscard]] bool fire_timers(timer_queue& due, std::int64_t limit);
  [[nodiscard]] bool fire_windows();
  [[nodiscard]] bool fire_processing(processing_time now);
  void put_timer_back();

  // task_logging.cpp: logged producers
  [[nodiscard]] bool stage_emitted(bool is_final);
  [[nodiscard]] progress log_emitted();
  [[nodiscard]] progress write_log();
  [[nodiscard]] progress on_log_failure(const error& why);
  [[nodiscard]] progress send_logged();
  [[nodiscard]] progress replay_logged();
  [[nodiscard]] result<bool> restore_log(bool covered);

  // task_letters.cpp: dead letters out and back
  void collect_letters();
  void release_letters(epoch_id complete);
  [[nodiscard]] bool has_too_many_letters();
  [[nodiscard]] bool can_replay() const noexcept;
  void ask_for_more_replays();
  [[nodiscard]] progress replay_letter();
  [[nodiscard]] progress replay_line();
  [[nodiscard]] progress replay_record();
  void mark_if_late(const batch_ptr& records);
  void give_back(const std::string& why);

  // task_handlers.cpp: user code and its failures
  [[nodiscard]] progress run_records();
  void run_handlers(std::uint32_t end);
  [[nodiscard]] std::uint32_t end_of_segment(event_time& late_against) const noexcept;
  [[nodiscard]] bool prepare_keys();
  [[nodiscard]] bool hash_keys(const key_extractor& key);
  [[nodiscard]] bool drop_invalid_keys(const key_extractor& key);
  [[nodiscard]] bool prepare_targets();
  void route_records(std::uint32_t end);
  void pick_targets(std::uint32_t partitions);
  [[nodiscard]] progress on_handler_failure(const std::string& reason, bool in_record);
  [[nodiscard]] progress on_poll_failure(const std::string& reason);
  [[nodiscard]] progress give_up_records(const std::string& reason);
  [[nodiscard]] progress route_singly();
  void keep_records(const std::vector<std::uint32_t>& kept);
  void dead_letter(const std::string& reason, bool in_record);
  [[nodiscard]] std::uint64_t place_of(std::uint32_t record) const noexcept;
  [[nodiscard]] std::string place() const;
  /// The input port of the frame being handled.
  [[nodiscard]] std::uint32_t current_input() const noexcept {
    return replayed_ ? replay_input_ : parts_.inputs[current_channel_].input();
  }
  [[nodiscard]] progress fail(error what, failure_action action);

  // task_state.cpp: times to live, states of the partition
  void run_input(input_base& input, batch_run& run, event_time late_against);
  void read_state_clock();
  [[nodiscard]] step_result expire_state(step_result so_far);
  void encode_partition_states(msgpack::writer& out) const;
  [[nodiscard]] result<void> load_partition_states(msgpack::reader& in);
  [[nodiscard]] std::string key_type() const;

  // task_query.cpp
  [[nodiscard]] result<std::uint32_t> cells_asked_for(const std::string& state) const;
  [[nodiscard]] state_answer scan(const state_request& request, std::uint32_t cells);
  [[nodiscard]] state_answer measure(const state_request& request);
  [[nodiscard]] state_row row_of(const std::byte* row, std::uint32_t cells) const;

  // task_rebuilding.cpp
  void begin_retaining(epoch_id epoch);
  void note_taken(std::size_t channel);
  void forget_before(epoch_id epoch);
  /// What is done now would not be done again in the same way.
  void spoil_journal(const char* why) {
    if (parts_.journal != nullptr && kind_ != actor_kind::sink) parts_.journal->spoil(why);
  }

  // task_tracing.cpp
  void begin_tracing();
  void run_traced(input_base& input, batch_run& run, event_time late_against);
  [[nodiscard]] std::uint32_t end_of_untraced(std::uint32_t end, bool takes_batches) const noexcept;
  void emit_letter(millrace::dead_letter&& letter);
  [[nodiscard]] bool run_traced_settling_step();
  void fire_traced(timer_base& at_work, std::uint64_t key_hash);

  // task_snapshots.cpp
  void take_snapshot(const epoch_target& target);
  void freeze(const epoch_target& target);
  void take_back_pages(unsigned environment);
  [[nodiscard]] bool prepare_sink(epoch_id epoch, std::string& handle);
  void encode_meta(msgpack::writer& out) const;

  // task_restoring.cpp
  /// What is left to do.
  struct restoring {
    restored from;
    std::vector<cell_source> sources{};
    std::size_t next_piece = 0;
  };
  [[nodiscard]] result<void> load_meta(msgpack::reader& in, std::vector<cell_source>& sources);
  [[nodiscard]] result<void> load_cells(msgpack::reader& in, std::vector<cell_source>& sources);
  [[nodiscard]] result<void> load_key_type(msgpack::reader& in) const;
  [[nodiscard]] result<void> load_channels(msgpack::reader& in, bool reopens);
  [[nodiscard]] result<void> load_actor(msgpack::reader& in);
  void begin_rows();
  [[nodiscard]] result<void> load_piece();
  void finish_rows();
  [[nodiscard]] result<void> open_restored();
  [[nodiscard]] result<void> recover_sink(epoch_id epoch);
  void enrol_rows_of(std::uint32_t page);
  void observe_event_times(const batch_ptr& records);
  [[nodiscard]] bool is_processing_due();
  [[nodiscard]] std::optional<processing_time> next_processing();

  task_parts parts_;
  actor_kind kind_;
  task_context context_;
  task_outputs outputs_;
  barrier_aligner aligner_;
  watermark_tracker watermarks_;
  std::size_t next_channel_ = 0;

  // the frame being handled
  frame current_;
  std::size_t current_channel_ = 0;
  std::uint32_t cursor_ = 0;
  bool in_frame_ = false;
  bool keys_ready_ = false;
  bool hashed_ = false;  // routers: hashes_ holds key hashes
  std::vector<key_bytes> keys_;
  std::vector<std::uint64_t> hashes_;
  std::vector<row_id> hints_;
  std::vector<std::uint16_t> targets_;
  std::unique_ptr<hot_key_watch> hot_keys_;  // routers by key
  std::int64_t hot_keys_told_ = 0;

  std::vector<std::uint64_t> places_;  // of the records left when some were given up; else empty

  settling settling_ = settling::done;
  bool watermark_moved_ = false;
  timer_queue::entry firing_{};    // the timer at work, and its key
  firing* fired_ = nullptr;        // the windows at work; nullptr: a timer is
  std::uint64_t meta_format_ = 0;  // of the snapshot being loaded
  key_bytes firing_key_;
  std::size_t ends_ = 0;  // input channels that have ended
  bool ended_ = false;
  bool stop_polling_ = false;  // after the barrier of the last epoch
  std::int64_t poll_at_ = 0;
  std::optional<epoch_target> barrier_;  // producers: to be put in at the next step
  event_time newest_ = event_time::min();

  std::unique_ptr<upstream_faults> upstream_;   // producers that a fault was at
  std::unique_ptr<producer_log> log_;           // logged producers
  std::optional<log_offset> snapshot_offset_;   // where the snapshot says that the log goes on
  std::uint64_t letters_next_ = 0;              // number of the next dead letter
  std::vector<numbered_letters> kept_letters_;  // that no complete epoch has
  std::map<epoch_id, std::uint64_t> letters_at_;
  std::uint64_t kept_bytes_ = 0;
  bool letters_want_out_ = false;
  std::uint64_t replays_next_ = 0;
  std::deque<replay_item> replays_;
  bool more_replays_ = false;
  bool replays_want_out_ = false;        // some were taken that no snapshot was asked for
  bool input_over_ = false;              // producers: the end waits for replays
  std::optional<replay_item> replayed_;  // the one being handled
  std::uint32_t replay_input_ = 0;

  std::vector<emitted_batch> unsent_;  // staged in the log, and sent when it is written
  std::uint32_t log_failures_ = 0;     // in a row

  std::uint32_t attempts_ = 0;
  std::uint32_t attempted_at_ = 0;   // the record they were made at
  std::uint32_t poll_failures_ = 0;  // producers, policy resume: since the last successful poll
  std::int64_t retry_at_ = 0;
  std::optional<task_failure> failure_;

  std::optional<restoring> restoring_;
  std::uint64_t restored_bytes_ = 0;
  std::vector<sink::prepared> prepared_;
  std::map<epoch_id, std::pair<unsigned, std::vector<std::uint32_t>>> frozen_pages_;
  std::int64_t partial_since_ = 0;
  epoch_id settings_from_{};  // of the newest setting that the actor has
  step_meter meter_;
  std::unique_ptr<task_tracer> tracer_;  // null: nothing is traced
};

}  // namespace millrace::engine
