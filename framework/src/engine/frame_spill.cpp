#include "millrace/engine/frame_spill.hpp"

#include <condition_variable>
#include <deque>
#include <span>
#include <utility>

#include "millrace/engine/frame_block.hpp"

namespace millrace::engine {

namespace detail {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
// What was too fast is looked at again so much later, what the disk refused so much.
constexpr std::int64_t calm_ns = 10 * second_ns;
constexpr std::int64_t retry_ns = second_ns;

std::string mib(std::uint64_t bytes) {
  return std::to_string(bytes >> 20U) + " MiB";
}

}  // namespace

/// What a spill's owner, its thread and its blocks share.
class spill_desk {
public:
  spill_desk(std::unique_ptr<page_spill> disk, frame_spill::limits most, const clock& time,
             std::function<void(const std::string&)> say)
      : disk_{std::move(disk)}, most_{most}, time_{time}, say_{std::move(say)} {}

  /// Whether a block of so many bytes may wait to be written; then it does.
  bool admit(const frame_spill::offer& of) {
    const auto now = time_.steady_ns();
    bool is_news = false;
    bool is_refused = false;
    {
      const std::lock_guard lock{mutex_};
      const bool is_fast = is_too_fast(now, of.is_first ? of.bytes : 0, is_news);
      const bool is_tried = !refused_.empty() && waiting_ != 0;
      is_refused =
          (is_fast && !of.is_needed) || now < refused_until_ || is_tried || waiting_ + of.bytes > most_.waiting_max;
      if (!is_refused) waiting_ += of.bytes;
    }
    if (is_news) say_("what is sent is not kept on the disk for tasks to come back alone: " + too_fast());
    return !is_refused;
  }

  void add(const std::shared_ptr<spilled_frames>& block) {
    {
      const std::lock_guard lock{mutex_};
      jobs_.push_back(block);
    }
    wake_.notify_one();
  }

  void bury(spill_place place, std::uint64_t bytes) {
    {
      const std::lock_guard lock{mutex_};
      dead_.push_back(place);
      stored_ -= bytes;
    }
    wake_.notify_one();
  }

  result<void> read(spill_place place, byte_buffer& out) { return disk_->get(place, out); }

  void close() {
    {
      const std::lock_guard lock{mutex_};
      is_closed_ = true;
    }
    wake_.notify_one();
  }

  spill_status status() const {
    const auto now = time_.steady_ns();
    const std::lock_guard lock{mutex_};
    // Once nobody offers anything, nothing is refused.
    const bool is_disk = !refused_.empty() && now < refused_until_ + calm_ns;
    return {stored_, most_.bytes_max, waiting_, is_disk ? refused_ : now < fast_until_ ? too_fast() : std::string{}};
  }

  void work() {
    for (;;) {
      std::vector<spill_place> dead;
      job next;
      {
        std::unique_lock lock{mutex_};
        wake_.wait(lock, [this] { return is_closed_ || !jobs_.empty() || !dead_.empty(); });
        if (is_closed_) return;
        dead = std::exchange(dead_, {});
        if (!jobs_.empty()) {
          next = std::move(jobs_.front());
          jobs_.pop_front();
        }
      }
      // First, since it makes room; only room on the disk is lost with what cannot be erased.
      if (!dead.empty()) (void)disk_->erase(dead);
      if (next.bytes != 0) store(next);
    }
  }

private:
  struct job {
    job() = default;
    job(const std::shared_ptr<spilled_frames>& of) : block{of}, bytes{of->bytes_} {}  // NOLINT: implicit by intent
    std::weak_ptr<spilled_frames> block;
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] std::string too_fast() const { return "more than " + mib(most_.rate_max) + " are sent a second"; }

  bool is_too_fast(std::int64_t now, std::uint64_t bytes, bool& is_news) {
    offered_ += bytes;
    const auto passed = now - second_began_;
    if (passed < second_ns && offered_ <= most_.rate_max) return now < fast_until_;
    const bool is_fast = offered_ > most_.rate_max && passed < 2 * second_ns;
    if (is_fast) {
      is_news = now >= fast_until_;
      fast_until_ = now + calm_ns;
    }
    second_began_ = now;
    offered_ = 0;
    return now < fast_until_;
  }

  void store(const job& j) {
    const auto block = j.block.lock();
    if (block != nullptr) write(*block);
    const std::lock_guard lock{mutex_};
    waiting_ -= j.bytes;
  }

  void write(spilled_frames& block) {
    // Nobody changes a block that is queued.
    encoded_.clear();
    encode_frames(block.frames_, encoded_);
    const page_spill::entry entry{++place_, encoded_.view()};
    const auto bytes = encoded_.size();
    if (!reserve(bytes)) return fail(block, "all of " + mib(most_.bytes_max) + " are used up");
    if (auto done = disk_->put({&entry, 1}); !done) {
      release(bytes);
      return fail(block, done.error().message);
    }
    succeed();
    std::vector<kept_frame> freed;
    {
      const std::lock_guard lock{block.mutex_};
      block.place_ = place_;
      block.stored_bytes_ = bytes;
      freed.swap(block.frames_);
      block.state_.store(spilled_frames::state::stored, std::memory_order_release);
    }
  }

  bool reserve(std::uint64_t bytes) {
    const std::lock_guard lock{mutex_};
    if (stored_ + bytes > most_.bytes_max) return false;
    stored_ += bytes;
    return true;
  }
  void release(std::uint64_t bytes) {
    const std::lock_guard lock{mutex_};
    stored_ -= bytes;
  }

  void fail(spilled_frames& block, const std::string& why) {
    block.state_.store(spilled_frames::state::failed, std::memory_order_release);
    {
      const std::lock_guard lock{mutex_};
      refused_until_ = time_.steady_ns() + retry_ns;
      // Its words differ each time, by how many bytes there are: said once.
      const bool is_known = !std::exchange(refused_, why).empty();
      if (is_known) return;
    }
    say_("what is sent cannot be kept on the disk for tasks to come back alone: " + why);
  }

  void succeed() {
    {
      const std::lock_guard lock{mutex_};
      if (std::exchange(refused_, {}).empty()) return;
    }
    say_("what is sent is kept on the disk again for tasks to come back alone");
  }

  const std::unique_ptr<page_spill> disk_;
  const frame_spill::limits most_;
  const clock& time_;
  const std::function<void(const std::string&)> say_;
  byte_buffer encoded_;    // the writer's
  spill_place place_ = 0;  // the writer's

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<job> jobs_;
  std::vector<spill_place> dead_;
  std::uint64_t waiting_ = 0;
  std::uint64_t stored_ = 0;
  std::uint64_t offered_ = 0;  // since
  std::int64_t second_began_ = 0;
  std::int64_t fast_until_ = 0;
  std::int64_t refused_until_ = 0;  // by the disk
  std::string refused_;             // by the disk, as long as nothing was written since
  bool is_closed_ = false;
};

}  // namespace detail

spilled_frames::spilled_frames(std::shared_ptr<detail::spill_desk> desk, std::vector<kept_frame> frames,
                               std::uint64_t bytes)
    : desk_{std::move(desk)}, frames_{std::move(frames)}, bytes_{bytes} {}

spilled_frames::~spilled_frames() {
  if (now() == state::stored) desk_->bury(place_, stored_bytes_);
}

result<std::vector<kept_frame>> spilled_frames::read(const record_type& type, const frame& stamp) const {
  {
    const std::lock_guard lock{mutex_};
    if (now() != state::stored) return frames_;
  }
  byte_buffer bytes;
  if (auto done = desk_->read(place_, bytes); !done) return std::move(done).error();
  return decode_frames(bytes.view(), type, stamp);
}

frame_spill::frame_spill(std::unique_ptr<page_spill> disk, limits most, const clock& time,
                         std::function<void(const std::string&)> say)
    : desk_{std::make_shared<detail::spill_desk>(std::move(disk), most, time, std::move(say))}, writer_{[desk = desk_] {
        desk->work();
      }} {}

frame_spill::~frame_spill() {
  desk_->close();
  writer_.join();
}

std::shared_ptr<const spilled_frames> frame_spill::take(std::vector<kept_frame>& frames, const offer& of) {
  if (!desk_->admit(of)) return nullptr;
  auto block = std::make_shared<spilled_frames>(desk_, std::exchange(frames, {}), of.bytes);
  desk_->add(block);
  return block;
}

spill_status frame_spill::status() const {
  return desk_->status();
}

}  // namespace millrace::engine
