#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "lane.hpp"
#include "link/side.hpp"
#include "link/wire.hpp"
#include "millrace/engine/channel.hpp"
#include "millrace/error.hpp"
#include "millrace/transport/link_hub.hpp"

namespace millrace::transport::link {

/// Bytes that arrived and what keeps them: a ZeroMQ message shared with others, or a copy.
struct arrival {
  std::shared_ptr<const void> owner{};
  bytes_view bytes{};
  std::int64_t at_ns = 0;  ///< steady clock
};

/// Between the hub's thread, which delivers, and the task that receives. Bounded: a peer that sends more than any
/// credit allows breaks the channel.
class inbox {
public:
  inbox(std::shared_ptr<engine::doorbell> bell, std::size_t bytes_max)
      : bell_{std::move(bell)}, bytes_max_{bytes_max} {}

  /// Thread: hub.
  void deliver(arrival a);
  /// Thread: any. The first reason stays.
  void fail(const std::string& why);

  /// The next frame, if there is one. Thread: task, as all below.
  [[nodiscard]] std::optional<arrival> next();
  [[nodiscard]] bool is_failed() const noexcept { return is_failed_.load(std::memory_order_acquire); }
  [[nodiscard]] std::string failure() const;

private:
  const std::shared_ptr<engine::doorbell> bell_;
  const std::size_t bytes_max_;
  lane frames_;
  mutable std::mutex mutex_;
  std::vector<arrival> arrived_;
  std::string failure_;
  std::atomic<bool> is_failed_{false};
  std::atomic<std::size_t> bytes_{0};
  std::uint64_t announced_ = 0;
  std::vector<arrival> taken_;  // the task's, as all below
  std::size_t taken_at_ = 0;
  std::uint64_t seen_ = 0;
};

/// Between the hub's thread, which adds what came back, and the task that sends.
class credit_box {
public:
  explicit credit_box(std::shared_ptr<engine::doorbell> bell) : bell_{std::move(bell)} {}
  /// Thread: hub.
  void add(engine::credit c);
  /// Thread: task.
  [[nodiscard]] bool take(engine::credit& out);

private:
  const std::shared_ptr<engine::doorbell> bell_;
  lane credits_;
  std::mutex mutex_;
  engine::credit sum_;
  std::uint64_t announced_ = 0;
  std::uint64_t taken_ = 0;
};

/// The ends that are open in this process, by address; each belongs to one peer. Thread: any.
class open_ends {
public:
  /// Error: `already_exists`.
  [[nodiscard]] result<void> add(const channel_address& at, const std::string& peer, std::shared_ptr<inbox> end);
  [[nodiscard]] result<void> add(const channel_address& at, const std::string& peer, std::shared_ptr<credit_box> end);
  void remove(const channel_address& at, const inbox* end);
  void remove(const channel_address& at, const credit_box* end);

  /// Nothing: not open, or with another peer.
  [[nodiscard]] std::shared_ptr<inbox> receiver(const channel_address& at, const std::string& peer) const;
  [[nodiscard]] std::shared_ptr<credit_box> sender(const channel_address& at, const std::string& peer) const;

  /// Breaks and forgets all ends with the peer.
  void break_all(const std::string& peer, const std::string& why);
  void break_all(const std::string& why);
  [[nodiscard]] bool has_any(const std::string& peer) const;

private:
  using key = std::tuple<std::uint64_t, std::uint32_t, std::uint64_t>;
  template <class End>
  struct entry {
    std::string peer;
    std::shared_ptr<End> end;
  };
  template <class End>
  using table = std::map<key, entry<End>>;

  static key key_of(const channel_address& a) noexcept {
    return {a.topology.value, a.channel.value, a.incarnation.value};
  }
  template <class End>
  static result<void> add_to(table<End>& t, const channel_address& at, const std::string& peer,
                             std::shared_ptr<End> end);
  template <class End>
  static std::shared_ptr<End> find_in(const table<End>& t, const channel_address& at, const std::string& peer);
  template <class End>
  static void remove_from(table<End>& t, const channel_address& at, const End* end);

  mutable std::mutex mutex_;
  table<inbox> receivers_;
  table<credit_box> senders_;
};

/// Makes the ends a task holds. Both leave `ends` when they are destroyed.
[[nodiscard]] result<std::unique_ptr<engine::channel_sender>> make_sender(std::shared_ptr<open_ends> ends,
                                                                          std::shared_ptr<side> to,
                                                                          const link_channel& channel,
                                                                          std::shared_ptr<engine::doorbell> bell);
[[nodiscard]] result<std::unique_ptr<engine::channel_receiver>> make_receiver(std::shared_ptr<open_ends> ends,
                                                                              std::shared_ptr<side> from,
                                                                              const link_channel& channel,
                                                                              std::shared_ptr<engine::doorbell> bell,
                                                                              std::size_t bytes_max);

}  // namespace millrace::transport::link
