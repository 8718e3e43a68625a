#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace support {

/// What a proxy does to what it carries. All of it can be changed while it runs.
struct line_faults {
  std::chrono::milliseconds delay{0};  ///< each way
  std::uint64_t bytes_per_s = 0;       ///< each way and connection; 0: as fast as it goes
  bool is_stalled = false;             ///< nothing moves; connections stay
  bool is_refusing = false;            ///< new connections are reset
  std::uint64_t cut_after_bytes = 0;  ///< about every so many bytes, drawn by the seed, a connection is reset; 0: never
};

/// A TCP proxy on loopback that does to connections what networks do: resets, stalls, delay, little bandwidth.
///
/// What is on the way when a connection is reset is lost, as in a kernel. One thread; at most 4 MiB each way and
/// connection. What is asked for has been done when the call returns: no byte moves as before after that. Ends with
/// its destructor, which resets everything.
class tcp_proxy {
public:
  /// `target`: tcp://HOST:PORT of IPv4. Throws std::runtime_error when there are no sockets.
  explicit tcp_proxy(const std::string& target, std::uint64_t seed = 1);
  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  /// Where it listens: tcp://127.0.0.1:PORT.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  void set(const line_faults& faults);
  /// Resets all connections there are.
  void cut();
  /// Nothing moves any more on the connections there are now; they stay open.
  void freeze();
  /// New connections go there.
  void set_target(const std::string& target);

  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_; }
  [[nodiscard]] std::uint64_t cuts() const noexcept { return cuts_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
  class loop;
  /// Has the loop's thread take a change before it moves anything more, and waits for that.
  template <class Change>
  void apply(Change change);
  void wake() const;

  std::string address_;
  int listener_ = -1;
  int wake_fd_ = -1;
  std::mutex mutex_;
  line_faults faults_;
  std::string target_;
  bool is_cutting_ = false;
  bool is_freezing_ = false;
  std::uint64_t changes_ = 0;
  std::uint64_t changes_taken_ = 0;
  std::condition_variable taken_;
  std::uint64_t seed_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> cuts_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::thread thread_;
};

}  // namespace support
