#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "millrace/bytes.hpp"
#include "millrace/engine/channel.hpp"
#include "millrace/error.hpp"
#include "millrace/record_type.hpp"
#include "millrace/transport/curve_keys.hpp"
#include "millrace/transport/frame_codec.hpp"

namespace millrace::transport {

/// Another node, as one is told of it.
struct link_peer {
  std::string name{};        ///< what it calls itself; at most 255 bytes
  std::string address{};     ///< tcp://HOST:PORT
  std::string server_key{};  ///< its public key (Z85), which it also dials with; empty when the hub has no keys
};

/// Bounds of what one peer can make this process hold; each is a hard limit.
struct link_limits {
  std::size_t peers_max = 64;
  std::size_t control_messages_max = 1024;                  ///< queued by `send` for one peer
  std::size_t control_bytes_max = std::size_t{32} << 20U;   ///< of them
  std::size_t window_bytes = std::size_t{32} << 20U;        ///< sent to one peer and not yet acknowledged
  std::size_t channel_bytes_max = std::size_t{256} << 20U;  ///< arrived on one channel and not yet received
};

/// Protections a negative control switches off to show that the tests would notice. Never off in a real run.
struct link_protections {
  bool drop_duplicates = true;
  bool resend = true;
};

struct link_options {
  std::string name{};                            ///< this node's
  std::string listen{};                          ///< tcp://HOST:PORT; port `*`: a free one
  std::optional<curve_keys> keys{};              ///< the node's own pair
  bool is_insecure = false;                      ///< must be said when there are no keys: tests and measurements alone
  std::chrono::milliseconds lost_after{10'000};  ///< a peer that has not answered for so long is lost
  bool compress = false;                         ///< zstd, each link message by itself; receivers take either
  link_limits limits{};
  link_protections protect{};
};

/// What a hub tells its owner, on the hub's thread, one call at a time. They must not block and may call the hub.
struct link_events {
  /// A message that the peer gave to `send`: each once, in order. The view is good during the call.
  std::function<void(const std::string& peer, bytes_view message)> on_message{};
  /// The peer answers: from now on a restart or its silence is a loss.
  std::function<void(const std::string& peer)> on_reached{};
  /// The peer was restarted, gave up this link itself, or has not answered for `lost_after`. All channels with it are
  /// broken and what was queued for it is gone; what is opened and sent from this call on belongs to its next life.
  std::function<void(const std::string& peer, const std::string& why)> on_lost{};
};

/// One channel between a task here and one at `peer`. The first three are its address on the link.
struct link_channel {
  topology_instance topology{};
  channel_id channel{};
  generation incarnation{};
  std::string peer{};
  record_type_ptr type{};  ///< what the channel carries
};

/// Figures of the link with one peer since `add_peer`. "Link message": what one ZeroMQ message carries.
struct link_statistics {
  bool is_reached = false;
  std::uint64_t bytes_sent = 0;  ///< of link messages, resent ones included, before encryption
  std::uint64_t bytes_received = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;  ///< duplicates included
  std::uint64_t messages_resent = 0;
  std::uint64_t duplicates_dropped = 0;
  std::uint64_t gaps_refused = 0;             ///< link messages that came before one that was lost
  std::uint64_t stale_refused = 0;            ///< of an earlier life of the peer or of this link
  std::uint64_t malformed_refused = 0;        ///< not of the protocol
  std::uint64_t unknown_channels = 0;         ///< frames and credit for a channel that is not open here
  std::uint64_t connections = 0;              ///< made to the peer; the first one included
  std::uint64_t losses = 0;                   ///< calls of `on_lost`
  std::uint64_t bytes_queued = 0;             ///< now: given to the hub and not yet in a link message
  std::uint64_t bytes_unacknowledged = 0;     ///< now
  std::uint64_t uncompressed_bytes_sent = 0;  ///< of what was compressed; 0: compression is off
  std::uint64_t compressed_bytes_sent = 0;
  std::chrono::microseconds round_trip{0};  ///< smoothed; 0: not yet known
  std::string problem{};                    ///< why the peer is not reached, as far as it is known
};

class link_core;

/// Carries the channels of topologies, and ordered messages beside them, between this process and others over ZeroMQ
/// tcp (wire: docs/link-format.md).
///
/// ZeroMQ loses what is in the kernel when a connection breaks and does not say what. So link messages are numbered,
/// kept until they are acknowledged, sent again from the first one missing, and dropped when they come twice: within
/// one life of both processes everything given to the hub arrives once and in order, whatever happens to connections.
/// A life ends when either process is restarted or has been silent for `lost_after`; nothing of it is delivered later.
///
/// A receiver must be open before its sender's first frame arrives: frames for a channel that is not open here are
/// counted and dropped, which is how those of old generations end.
///
/// With keys every connection is CURVE, only keys of peers are let in, and frames count only from the peer that their
/// channel names. Memory: channels are bounded by their credit, everything else by `link_limits`.
///
/// Has one thread, and a ZeroMQ context of its own with two. Ends of channels may outlive it: they are broken then.
/// Thread: any.
class link_hub {
public:
  /// Listens, and with keys makes sure that a stranger is refused before anyone else is let in.
  ///
  /// Errors: `invalid_argument` for a name, address or keys that are none, `in_use` when the address is taken,
  /// `io_error`, `failed` when a stranger was let in.
  [[nodiscard]] static result<std::unique_ptr<link_hub>> open(link_options options, link_events events);
  /// Ends the thread, breaks all channels. What is queued is not waited for. Not on the hub's thread.
  ~link_hub();
  link_hub(const link_hub&) = delete;
  link_hub& operator=(const link_hub&) = delete;

  /// Where it listens, with the port that was taken.
  [[nodiscard]] std::string address() const;

  /// Dials the peer and lets its key in; goes on dialling until it is removed. The peer needs to know this node too.
  /// Errors: `invalid_argument`, `already_exists`, `limit_exceeded`.
  [[nodiscard]] result<void> add_peer(link_peer peer);
  /// Forgets the peer: breaks its channels, without `on_lost`; nothing from it is handled once this has returned. Its
  /// connections are closed, those it made included, which costs the others a reconnect. Unknown names: nothing
  /// happens.
  void remove_peer(const std::string& name);

  /// Queues a message for the peer's `on_message`: it arrives once, in order with all others, or `on_lost` is called.
  /// Errors: `not_found`, `limit_exceeded` (see `link_limits`; a message may have 8 MiB).
  [[nodiscard]] result<void> send(const std::string& peer, byte_buffer message);

  /// The ends of a channel. Frames are encoded and decoded in the thread that calls the end. An end whose peer is lost
  /// stays so: a receiver says broken with the reason, a sender swallows.
  ///
  /// Errors: `not_found` for an unknown peer, `already_exists` when this end of this generation is open,
  /// `invalid_argument` without a type.
  [[nodiscard]] result<std::unique_ptr<engine::channel_sender>> open_sender(const link_channel& channel,
                                                                            std::shared_ptr<engine::doorbell> own_bell);
  [[nodiscard]] result<std::unique_ptr<engine::channel_receiver>> open_receiver(
      const link_channel& channel, std::shared_ptr<engine::doorbell> own_bell);

  /// All zero for an unknown peer.
  [[nodiscard]] link_statistics statistics(const std::string& peer) const;
  /// Keys of connections that were turned away since the last call because no peer has them, at most so many: one may
  /// be of a peer that was added a moment too late.
  [[nodiscard]] std::vector<std::string> take_strangers();
  static constexpr std::size_t strangers_kept = 1024;

private:
  explicit link_hub(std::unique_ptr<link_core> core);

  std::unique_ptr<link_core> core_;
};

}  // namespace millrace::transport
