#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"

namespace millrace::engine {

/// Where one version of a page lies in a spill. Handed out by the row store, never twice.
using spill_place = std::uint64_t;

/// Where the pages of one task wait that do not fit into its memory.
///
/// Scratch, not the truth: the snapshots are. Nothing has to survive the process, nothing has to be durable; what
/// `put` took must come back from `get` unchanged. Versions of pages are immutable: a place is put once, read any
/// number of times and erased once. Thread: `put` and `erase`: the owning actor's; `get`: any, also meanwhile.
class page_spill {
public:
  struct entry {
    spill_place place;
    bytes_view content;
  };
  virtual ~page_spill() = default;

  /// Takes several pages at once; all of them or, with an error, none.
  [[nodiscard]] virtual result<void> put(std::span<const entry> pages) = 0;
  /// Replaces `out` by the page's content. errc::not_found for a place that is not there, errc::corrupt for one that
  /// changed.
  [[nodiscard]] virtual result<void> get(spill_place place, byte_buffer& out) = 0;
  /// These will not be asked for again; their room is used for others.
  [[nodiscard]] virtual result<void> erase(std::span<const spill_place> places) = 0;
  /// Bytes taken outside of memory.
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};

/// Makes the spills of a run's tasks. Thread: any.
class state_backend {
public:
  virtual ~state_backend() = default;
  /// An empty spill for a new incarnation of a task ("actor/3-7": task and generation).
  [[nodiscard]] virtual result<std::unique_ptr<page_spill>> open(std::string_view task) = 0;
};

/// A backend in memory: the reference the others are held against. Thread: any.
[[nodiscard]] std::shared_ptr<state_backend> memory_state_backend();

/// A spill and what its users on other threads leave to be erased.
class shared_spill {
public:
  explicit shared_spill(std::unique_ptr<page_spill> in) : in_{std::move(in)} {}

  [[nodiscard]] page_spill& pages() noexcept { return *in_; }
  void bury(spill_place place) {
    const std::lock_guard lock{mutex_};
    dead_.push_back(place);
  }
  [[nodiscard]] std::vector<spill_place> take_dead() {
    const std::lock_guard lock{mutex_};
    return std::exchange(dead_, {});
  }

private:
  std::unique_ptr<page_spill> in_;
  std::mutex mutex_;
  std::vector<spill_place> dead_;
};

/// One version of a page in a spill, held by the row store and by snapshots in flight; the last one buries it.
class spilled_page {
public:
  spilled_page(std::shared_ptr<shared_spill> in, spill_place place) : in_{std::move(in)}, place_{place} {}
  spilled_page(const spilled_page&) = delete;
  spilled_page& operator=(const spilled_page&) = delete;
  ~spilled_page() { in_->bury(place_); }

  [[nodiscard]] result<void> read(byte_buffer& out) const { return in_->pages().get(place_, out); }

private:
  std::shared_ptr<shared_spill> in_;
  spill_place place_;
};

}  // namespace millrace::engine
