#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/engine/commit_ledger.hpp"
#include "millrace/error.hpp"
#include "millrace/ids.hpp"
#include "millrace/time.hpp"

namespace millrace::engine {

/// One environment's snapshot as `list()` and `millrace snapshot list` show it.
struct snapshot_info {
  epoch_id epoch;  ///< 0 when the damage does not even leave the number
  generation incarnation;
  unsigned environment = 0;  ///< 0 or 1
  processing_time written_at;
  std::uint64_t bytes = 0;  ///< live content: pages and meta
  std::uint64_t chunks = 0;
  std::uint64_t pages = 0;
  std::uint64_t tasks = 0;
  bool is_ok = true;
  std::string reason;  ///< when not ok: what is wrong and what to do
};

/// Takes one snapshot in. Atomic: readers see all of it once `commit` returned, or nothing of it.
///
/// Tasks are named by keys such as "actor/3". A task that is not mentioned is not part of the snapshot. Give the tasks
/// one after the other: a change of task closes the chunk being filled. After an error only `abort` is useful.
/// Destroying a writer that was not committed aborts it. Must not outlive its store. Thread: snapshot writer.
class snapshot_writer {
public:
  virtual ~snapshot_writer() = default;

  /// One page that may differ from the base (see `snapshot_store::base`); the others carry over. Copies `content`.
  /// The same page twice is errc::invalid_argument.
  virtual result<void> put_page(std::string_view task, std::uint32_t page, std::span<const std::byte> content) = 0;

  /// The task has pages 0…pages−1; later ones of the base are dropped. Without this call the count only grows.
  virtual result<void> set_page_count(std::string_view task, std::uint32_t pages) = 0;

  /// Everything of a task that is not in pages; complete each time, empty when not called. Copies `content`.
  virtual result<void> put_meta(std::string_view task, std::span<const std::byte> content) = 0;

  /// Makes the snapshot the newest one, durably (process crash and power cut). `entry.epoch` and `.incarnation` are
  /// those given to `begin`. An error means that it is not committed, and the epoch can be given up; errc::failed that
  /// even this could not be found out: stop, and let a restart look. A page below the count that was neither given nor
  /// in the base is errc::invalid_argument. errc::fenced after a larger generation was handed out.
  virtual result<void> commit(ledger_entry entry) = 0;

  /// Gives up. Pages handed to an aborted snapshot stay dirty for their environment: give them again.
  virtual void abort() noexcept = 0;
};

/// Pages of a task that lie together in a snapshot, to be read apart from its others. `where` is the store's business.
struct page_piece {
  std::uint64_t where = 0;
  std::uint32_t pages = 0;  ///< how many it has
};

/// Reads one complete snapshot. Sees the same epoch to its end, whatever is written meanwhile. Every chunk's checksum
/// is looked at; errc::corrupt names environment, epoch, chunk and remedy. Thread: any, one at a time.
class snapshot_reader {
public:
  using page_visitor = std::function<result<void>(std::uint32_t page, std::span<const std::byte> content)>;

  virtual ~snapshot_reader() = default;
  [[nodiscard]] virtual const snapshot_info& info() const = 0;
  [[nodiscard]] virtual std::vector<std::string> tasks() const = 0;  ///< sorted
  virtual result<std::vector<std::byte>> meta(std::string_view task) = 0;
  virtual result<std::uint32_t> page_count(std::string_view task) = 0;
  /// What holds the task's pages, in the order of storage: each page is in one piece.
  virtual result<std::vector<page_piece>> pieces(std::string_view task) = 0;
  /// Visits the pages of a piece, which `pieces` of any reader of this snapshot gave. The view lives for the call; an
  /// error of `visit` ends the walk.
  virtual result<void> read(std::string_view task, const page_piece& piece, const page_visitor& visit) = 0;
  /// Visits every page of the task once.
  result<void> for_each_page(std::string_view task, const page_visitor& visit) {
    auto all = pieces(task);
    if (!all) return std::move(all).error();
    for (const auto& piece : *all) {
      if (auto done = read(task, piece, visit); !done) return done;
    }
    return {};
  }
};

/// Whether `discard` may leave nothing behind.
enum class discard_mode { keep_one, force };

/// Keeps the two newest snapshots of a topology so that damage to one leaves the other.
///
/// Two environments take turns: an epoch goes to the one that does not hold the newest complete epoch, and its pages
/// are those that changed since that environment's own last epoch (two dirty bits a page). Numbers handed out
/// (generations, epochs) are never handed out again. Thread: snapshot writer, one owner; nothing is locked inside.
class snapshot_store {
public:
  virtual ~snapshot_store() = default;

  /// A fencing token larger than every one before, durable when it returns. Taken at process start and at each restart
  /// of a region; fences writers with a smaller one.
  virtual result<generation> next_generation() = 0;

  /// A number no snapshot ever had or will have, also when this process is killed now (reserved durably in blocks).
  virtual result<epoch_id> next_epoch() = 0;

  /// The environment (0 or 1) the next snapshot goes to.
  [[nodiscard]] virtual unsigned turn() const = 0;

  /// The epoch whose pages carry over into the next snapshot; none: every page must be given.
  [[nodiscard]] virtual std::optional<epoch_id> base() const = 0;

  /// True when there is no base for the next snapshot, or (second form) no such task in it: give every page.
  [[nodiscard]] bool wants_full() const { return !base().has_value(); }
  [[nodiscard]] virtual bool wants_full(std::string_view task) const = 0;

  /// Says that the tasks' state is now that of `epoch` (restored; epoch_id{} is "fresh"). An environment holding any
  /// other epoch stops being a base until it is written again, since nobody knows which pages differ. A store that was
  /// just opened is as after `resume_from({})`.
  virtual void resume_from(epoch_id epoch) = 0;

  /// Starts snapshot `epoch`, which must be newer than every committed one. One writer at a time.
  /// errc::fenced: a larger generation was handed out. errc::disk_full: names the folder, bytes needed and free.
  /// errc::corrupt: a committed epoch is lost and nobody has called `discard` for it.
  virtual result<std::unique_ptr<snapshot_writer>> begin(epoch_id epoch, generation incarnation) = 0;

  /// The newest 64 commits, oldest first, merged from both environments.
  virtual result<std::vector<ledger_entry>> ledger() = 0;

  /// Newest first: one snapshot an environment at most, damaged ones included, and a committed epoch that is nowhere
  /// any more. A cheap look; see `verify`.
  virtual std::vector<snapshot_info> list() = 0;

  /// Reads everything of `epoch` and checks it.
  virtual result<void> verify(epoch_id epoch) = 0;

  /// errc::not_found names what there is; errc::corrupt what is damaged.
  virtual result<std::unique_ptr<snapshot_reader>> open(epoch_id epoch) = 0;

  /// The older of the epochs that can still be opened; logs must not be trimmed past its positions. None: trim nothing.
  [[nodiscard]] virtual std::optional<epoch_id> oldest_retained() const = 0;

  /// Gives a (damaged) snapshot up for good: its environment is wiped and gets a full snapshot next. The ledger forgets
  /// the epochs after the one that is left. Refused (errc::failed) when no other good one would be left, unless forced.
  /// Idempotent; after a crash in the middle call it again. errc::in_use while a snapshot is written.
  virtual result<void> discard(epoch_id epoch, discard_mode mode = discard_mode::keep_one) = 0;
};

}  // namespace millrace::engine
