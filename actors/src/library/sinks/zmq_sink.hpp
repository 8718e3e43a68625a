#pragma once

#include <optional>
#include <string>

#include "millrace/port.hpp"
#include "millrace/sink.hpp"
#include "millrace/text/record_writer.hpp"
#include "millrace/transport/message_socket.hpp"

namespace millrace::library {

/// Sends events to other programs over a ZeroMQ socket, PUSH or PUB, a message each.
///
/// Neither pattern has an acknowledgement. PUSH waits for room at a peer, so that backpressure reaches the source, and
/// a recovery sends again what came after its snapshot; what ZeroMQ has taken and the peer has not is lost with either
/// of them. PUB sends to the subscribers that are there and keep up. Each partition has a socket of its own.
/// Thread: one of its own, because it waits for room.
class zmq_sink final : public sink {
public:
  delivery delivers() const noexcept override { return delivery::at_least_once; }
  bool is_blocking() const noexcept override { return true; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void close(context& c) override;
  /// Where the socket is; empty until it is open.
  [[nodiscard]] std::string address() const { return socket_ ? socket_->address() : std::string{}; }

private:
  void on_record(context& c, const record_view& record);

  in<record_view> in_{this, "in", &zmq_sink::on_record};
  param<std::string> address_{
      this,
      "address",
      "",
      {.required = true, .help = "Of the socket: tcp://127.0.0.1:5555, or ipc:///run/feed.socket on this machine."}};
  param<std::string> attach_{this,
                             "attach",
                             "connect",
                             {.choices = {"bind", "connect"},
                              .help = "connect: a peer listens at the address; bind: peers connect to it, which allows "
                                      "for one partition only."}};
  param<std::string> socket_kind_{
      this,
      "socket",
      "push",
      {.choices = {"push", "pub"}, .help = "push: each event to one PULL peer; pub: to every SUB peer that is there."}};
  param<std::string> topic_{
      this,
      "topic",
      "",
      {.help = "Of a pub socket: goes before each message as a part of its own; empty: messages of one part."}};
  param<std::string> format_{
      this, "format", "json", {.choices = {"json", "msgpack"}, .help = "An object, or a map, of the fields by name."}};
  param<int> messages_max_{this,
                           "high_water_mark",
                           1000,
                           {.unit = "messages",
                            .min = 1,
                            .max = 1'000'000,
                            .help = "Messages that wait for each peer; when it is full push waits, pub drops."}};
  param<std::int64_t> timeout_{
      this,
      "timeout",
      30'000,
      {.unit = "ms",
       .min = 0,
       .max = 3'600'000,
       .help = "Waits so long for a peer that has room; then the actor fails, and its failure policy says what next."}};
  param<std::int64_t> linger_{
      this,
      "linger",
      5'000,
      {.unit = "ms",
       .min = 0,
       .max = 600'000,
       .help = "At the end waits so long for peers to take what they have not yet; the rest is dropped."}};

  std::optional<transport::message_socket> socket_;
  record_writer json_{record_writer::format::jsonl, time_format::iso};
  std::string text_;
  byte_buffer packed_;
};

}  // namespace millrace::library
