#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "millrace/engine/frame_spill.hpp"
#include "millrace/engine/kept_frame.hpp"
#include "millrace/engine/retained_budget.hpp"
#include "millrace/error.hpp"
#include "millrace/record_type.hpp"

namespace millrace::engine {

/// What a lane may keep of what it sends.
struct retention {
  std::uint64_t bytes_max = 0;          ///< in memory
  retained_budget* all = nullptr;       ///< of all lanes, in memory; outlives them; none: there is no common limit
  std::shared_ptr<frame_spill> disk{};  ///< where it goes beyond half of that; none: nowhere
  std::uint32_t batch_events = 1;       ///< that builders of its batches set memory aside for
  bool sends_again = true;              ///< off: a negative control
  record_type_ptr type{};               ///< what the channel carries; needed to read from the disk
  frame stamp{};                        ///< what is the same in all its frames
};

/// Frames in the order they came in, with the newest on the disk where there is no room in memory.
///
/// A block that is full goes to the disk when memory is half used up, so what is taken out first is in memory as long
/// as there is any of it. What is dropped is freed a block at a time, by whoever adds the next: megabytes at once would
/// hold their task up. Thread: one owner.
class frame_queue {
public:
  enum class urgency : std::uint8_t {
    spare,   ///< nobody waits for room
    needed,  ///< its sender does
  };

  explicit frame_queue(retention may, urgency how) : may_{std::move(may)}, how_{how} {}
  ~frame_queue() {
    if (may_.all != nullptr) may_.all->give_back(bytes_);
  }
  frame_queue(const frame_queue&) = delete;
  frame_queue& operator=(const frame_queue&) = delete;
  frame_queue(frame_queue&& other) noexcept;
  frame_queue& operator=(frame_queue&&) = delete;

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// In memory, what was dropped and is not freed yet included; as far as `tend` has seen.
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return bytes_; }
  /// Looks at what has been written meanwhile, and offers again what the disk did not take or could not write.
  void tend();
  /// Something is being written to the disk.
  [[nodiscard]] bool is_writing() const noexcept { return unsettled_ != 0; }
  /// There may be room soon without anything being taken out, if somebody tends to it.
  [[nodiscard]] bool may_find_room() const noexcept { return is_writing() || was_refused_; }

  /// False: there is no room for it in memory, and nothing was done.
  [[nodiscard]] bool push(kept_frame f);
  /// Whether there is room or not.
  void push_anyway(kept_frame f);
  /// The newest frame, if it can still be changed.
  [[nodiscard]] frame* newest() noexcept;

  /// A frame of a block that is on the disk, and so can be kept without memory.
  struct place {
    std::shared_ptr<const spilled_frames> block{};  ///< none: it is not
    std::size_t index = 0;
  };
  /// The oldest frame; there must be one. Error: its block cannot be read back.
  [[nodiscard]] result<const frame*> front();
  [[nodiscard]] place place_of_front() const;
  /// Takes out what `front` gave.
  [[nodiscard]] frame pop();
  /// What `place_of_front` of another queue was, kept here.
  void push_place(const place& p);

  /// Without reading them.
  void drop_front(std::uint64_t frames);
  /// Frees a block of what was dropped. False: there is none.
  bool free_some();
  /// All from the frame with this number on, counted from the oldest one. Error: a block cannot be read back; then
  /// nothing is left of either.
  [[nodiscard]] frame_queue split(std::uint64_t from, urgency how);
  /// Behind what is here.
  void append(frame_queue&& other);
  /// Drops all.
  void clear() { drop_front(size_); }

private:
  struct chunk {
    std::vector<kept_frame> frames{};               ///< empty: only the block has them
    std::shared_ptr<const spilled_frames> block{};  ///< none: it was not handed over
    std::size_t from = 0;
    std::size_t to = 0;
    std::uint64_t charged = 0;  ///< of its frames, counted as in memory
    bool is_settled = true;     ///< the block's fate is known
    bool was_offered = false;
    [[nodiscard]] std::size_t size() const noexcept { return to - from; }
  };

  [[nodiscard]] std::uint64_t block_bytes() const noexcept;
  [[nodiscard]] bool is_half_full() const noexcept;
  [[nodiscard]] bool make_room(std::uint64_t bytes);
  void charge(chunk& c, std::uint64_t bytes) noexcept;
  void give_back(chunk& c, std::uint64_t bytes) noexcept;
  void add(kept_frame f);
  void hand_over(chunk& c);
  void offer_again();
  [[nodiscard]] bool offer(chunk& c);
  void settle();
  void settle(chunk& c);
  [[nodiscard]] result<void> load(chunk& c);
  void drop_from(chunk& c, std::size_t frames);
  [[nodiscard]] chunk split_chunk(chunk& c, std::size_t keep);

  retention may_;
  urgency how_;
  std::deque<chunk> chunks_;
  std::deque<chunk> dropped_;  // still charged
  std::uint64_t size_ = 0;
  std::uint64_t bytes_ = 0;  // in memory, as far as is known
  std::size_t unsettled_ = 0;
  bool was_refused_ = false;  // a block by the disk, which may take it later
};

}  // namespace millrace::engine
