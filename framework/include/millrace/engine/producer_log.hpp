#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/engine/event_log.hpp"
#include "millrace/engine/task_outputs.hpp"

namespace millrace::engine {

/// Where a logged producer stood after something it emitted: all that is needed to go on behind it.
struct logged_state {
  event_time before = event_time::min();  ///< the watermark when the first event of it left
  std::optional<event_time> told{};       ///< the watermark the producer told behind it
  std::uint64_t random = 0;
  std::uint64_t replays = 0;  ///< dead letters it has taken back
  byte_buffer actor;          ///< what `save_state` wrote
  byte_buffer position;       ///< what `save_position` wrote
  bool is_final = false;      ///< the input had ended: nothing is polled behind this
};

/// One producer partition's events in the event log.
///
/// The problem: a source that cannot be read again loses what no snapshot covers yet. So what a poll emitted becomes
/// one entry of the log, together with the producer's position behind it, and leaves only when the entry is durable.
/// After a failure the entries behind the snapshot's offset are sent once more, in the same batches, so that watermarks
/// come out the same; then polling goes on behind the last entry. Entries no retained snapshot needs are trimmed.
///
/// Calls: `restore`, `replay` while `is_replaying`, then `stage` and `write` in turn. Thread: owning task; it waits for
/// the disk.
class producer_log {
public:
  /// `outputs` are the producer's, bound; `log` outlives this.
  producer_log(event_log& log, std::string actor, std::uint32_t partition, const std::vector<output_base*>& outputs);

  /// Goes to a snapshot's offset; `covered`: without an offset the snapshot is one of a time when nothing was logged,
  /// and the log counts from its end. The state behind the last entry, when there is one behind the offset. Errors:
  /// `corrupt` and the user's, when the log and the snapshot do not fit together.
  [[nodiscard]] result<std::optional<logged_state>> restore(std::optional<log_offset> from, bool covered);

  /// There are entries that were not sent yet since `restore`.
  [[nodiscard]] bool is_replaying() const noexcept { return next_ < tail_; }
  struct replayed {
    logged_state behind;
    std::vector<emitted_batch> batches;
  };
  [[nodiscard]] result<replayed> replay();
  /// Negative control: takes the rest of the replay as done.
  void skip_replay() noexcept { next_ = tail_; }

  /// Makes an entry of what was emitted, to be written next. `batches` must not be empty.
  void stage(const std::vector<emitted_batch>& batches, const logged_state& behind);
  [[nodiscard]] bool has_staged() const noexcept { return !staged_.empty(); }
  /// Appends what is staged: durable when it returns. After an error it is still staged, and not in the log.
  [[nodiscard]] result<void> write();

  /// Everything before it has been sent: where a snapshot taken now goes on.
  [[nodiscard]] log_offset next() const noexcept { return next_; }
  /// Remembers `next` for the epoch.
  void note(epoch_id epoch) { offsets_[epoch] = next_; }
  /// Drops what no epoch from `oldest_retained` on needs. An epoch never noted drops nothing.
  [[nodiscard]] result<void> trim(epoch_id oldest_retained);

private:
  struct port {
    std::string name;
    record_type_ptr type;
    std::string fields;
  };
  [[nodiscard]] result<void> check_extent(const log_extent& there, std::optional<log_offset> from) const;
  [[nodiscard]] result<logged_state> last_state();
  [[nodiscard]] result<void> read_ahead();
  [[nodiscard]] result<replayed> decode(const log_entry& from) const;
  [[nodiscard]] result<std::optional<emitted_batch>> decode_batch(msgpack::reader& in, log_offset at) const;
  [[nodiscard]] error unreadable(log_offset at, const std::string& what) const;

  event_log* log_;
  std::string topic_;
  std::uint32_t partition_;
  std::vector<port> ports_;
  std::vector<log_entry> ahead_;  // of the replay, newest first
  log_offset next_;
  log_offset tail_;
  byte_buffer staged_;
  std::uint32_t staged_events_ = 0;
  std::map<epoch_id, log_offset> offsets_;
};

}  // namespace millrace::engine
