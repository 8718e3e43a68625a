#pragma once

#include <memory>
#include <string>
#include <utility>

#include "millrace/engine/channel.hpp"
#include "millrace/error.hpp"
#include "millrace/ids.hpp"
#include "millrace/transport/frame_codec.hpp"
#include "millrace/transport/zmq_context.hpp"

namespace millrace::transport {

/// What one channel is between.
struct inproc_channel_options {
  topology_instance topology{};
  channel_id channel{};
  generation incarnation{};
  payload_mode payload = payload_mode::shared;
  std::shared_ptr<const record_type> type{};  ///< what the channel carries; needed to encode
};

/// Sender's and receiver's end.
using inproc_channel = std::pair<std::unique_ptr<engine::channel_sender>, std::unique_ptr<engine::channel_receiver>>;

/// ZeroMQ's name for the channel. Contains the generation: an inproc PAIR whose one end was closed and opened again
/// under the same name loses the next message without an error, so no name is ever used twice.
[[nodiscard]] std::string inproc_endpoint(topology_instance topology, channel_id channel, generation incarnation);

/// Makes both ends of a channel over a ZeroMQ inproc PAIR. Frames go one way, credit the other way, in order.
///
/// Each direction has a count of what was sent and a "rung" flag beside the socket. An end that has taken all it was
/// sent returns without touching the socket, and the other end's doorbell is rung once until it has seen the channel
/// empty: a task that stops before `receive` said `empty` gets no further ring from this channel and has to come back
/// by itself.
///
/// The ends are made here together, then each belongs to its task; a task may move between threads when the scheduler
/// orders its runs. Destroying an end closes its socket. Frames a destroyed sender has sent can still be received;
/// those on their way to a destroyed receiver are dropped, their batches freed, and the sender sends into the void from
/// then on. A channel is never re-opened: a restart makes new ones of a newer generation.
///
/// Errors: `already_exists` when this generation of the channel is open, `limit_exceeded` when sockets or descriptors
/// run out (see `raise_limits`), `invalid_argument` without a type to encode with. Thread: any, one at a time.
[[nodiscard]] result<inproc_channel> make_inproc_channel(zmq_context& context, const inproc_channel_options& options,
                                                         std::shared_ptr<engine::doorbell> sender_bell,
                                                         std::shared_ptr<engine::doorbell> receiver_bell);

}  // namespace millrace::transport
