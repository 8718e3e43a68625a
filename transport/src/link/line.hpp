#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link/arrivals.hpp"
#include "link/departures.hpp"
#include "link/packing.hpp"
#include "link/side.hpp"
#include "link/sockets.hpp"
#include "link/wire.hpp"
#include "millrace/transport/link_hub.hpp"

namespace millrace::transport::link {

/// What lines share: it outlives them.
struct line_surroundings {
  zmq_context& context;
  const link_options& options;
  const link_events& events;
  open_ends& ends;
  void* router = nullptr;
  bool must_read_router = true;  ///< set by whoever sends on it: sending takes notice of what there is to read
};

/// The link with one peer: the DEALER that dials it, what was sent and is not acknowledged, what was taken.
///
/// Each side of a link is in a life, a random number: a new one when the process starts or when it gives the peer up.
/// Data counts only between the two lives that know each other. That a peer is in another life than before means that
/// it has forgotten everything: it is lost, and the link begins anew. Thread: hub.
class line {
public:
  using clock = std::chrono::steady_clock;

  line(line_surroundings& around, link_peer peer, std::shared_ptr<side> shared, dialled connection,
       clock::time_point now);

  [[nodiscard]] const link_peer& peer() const noexcept { return peer_; }
  [[nodiscard]] const std::shared_ptr<side>& shared() const noexcept { return side_; }
  [[nodiscard]] std::uint64_t peer_life() const noexcept { return peer_life_; }
  /// Whether the thread may sleep until one of the descriptors is readable: everything was read, and what waits for
  /// room has none.
  [[nodiscard]] bool may_sleep() noexcept;
  [[nodiscard]] std::array<int, 2> descriptors() const noexcept;
  /// One of them was readable.
  void wake() noexcept;

  /// A message of the peer that came on the router; `route` is the way back.
  void on_incoming(const message_header& header, std::shared_ptr<message> m, const std::string& route,
                   clock::time_point now);
  void count_malformed() { ++figures_.malformed_refused; }

  /// Reads answers and news of the connection. True: there were some.
  bool read_answers(clock::time_point now);
  /// Sends what there is room for. True: something was sent.
  bool flush(clock::time_point now);
  /// What time asks for: pings, acknowledgements, giving the peer up.
  void tick(clock::time_point now);
  [[nodiscard]] clock::time_point next_due() const noexcept { return due_; }

private:
  static constexpr std::chrono::milliseconds hello_interval{250};  ///< between pings to a peer that was not heard of
  static constexpr std::chrono::milliseconds redial_min{500};

  struct ping {
    std::uint64_t id = 0;
    std::uint64_t sent_up_to = 0;
    std::uint64_t episode = 0;
    clock::time_point at;
  };

  [[nodiscard]] static std::uint64_t random_life();
  [[nodiscard]] bool meet(std::uint64_t life, clock::time_point now);
  void lose(const std::string& why, std::uint64_t next_peer_life, clock::time_point now);
  void begin_life(std::uint64_t peer_life, clock::time_point now);

  void on_data(const message_header& header, std::shared_ptr<message> m, clock::time_point now);
  [[nodiscard]] result<void> take_items(const message_header& header, std::shared_ptr<message> m);
  [[nodiscard]] result<void> take_item(item_kind kind, arrival item);
  void answer(message_kind kind, std::uint64_t extra, std::uint64_t to);
  void acknowledge(bool is_gap);

  void on_answer(const message_header& header, clock::time_point now);
  void on_pong(const message_header& header, clock::time_point now);
  void go_back();
  void read_news(clock::time_point now);
  void redial_if_needed(clock::time_point now);

  bool make_messages();
  bool send_ping(clock::time_point now);
  bool send_due(clock::time_point now);
  [[nodiscard]] bool wants_ping(clock::time_point now) const;
  [[nodiscard]] clock::duration patience() const noexcept;
  void give_up_if_silent(clock::time_point now);
  void plan(clock::time_point now);

  line_surroundings& around_;
  const link_peer peer_;
  const std::shared_ptr<side> side_;
  dialled connection_;
  packer packer_;
  link_statistics figures_;

  std::uint64_t own_life_;
  std::uint64_t peer_life_ = 0;              ///< 0: it has not been heard of
  std::array<std::uint64_t, 16> retired_{};  ///< lives of the peer that are over
  std::size_t retired_at_ = 0;

  departures departures_;
  std::vector<std::unique_ptr<block>> ready_;
  bool is_blocked_ = false;  ///< something waits for room in the socket
  bool must_read_ = true;
  bool must_ping_ = true;  ///< before anything else: the peer may not know this life
  std::deque<ping> pings_;
  std::uint64_t ping_id_ = 0;
  clock::time_point pinged_;
  clock::time_point progressed_;  ///< something was acknowledged, or nothing had to be
  clock::time_point answered_;
  bool is_connected_ = false;
  clock::time_point redialled_;
  clock::duration redial_after_;
  std::optional<clock::time_point> engaged_;  ///< since when something waits for a peer that was not heard of
  clock::duration round_trip_{};

  arrivals arrivals_;
  item_assembler assembler_;
  std::string route_;
  std::size_t unacknowledged_bytes_ = 0;
  std::optional<clock::time_point> acknowledge_at_;

  clock::time_point due_;
};

}  // namespace millrace::transport::link
