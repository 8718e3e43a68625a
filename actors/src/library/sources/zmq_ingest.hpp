#pragma once

#include <memory>
#include <optional>
#include <string>

#include "library/sources/ingest_body.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/source_params.hpp"
#include "millrace/transport/message_socket.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Takes messages of other programs from a ZeroMQ socket, PULL or SUB.
///
/// Neither pattern has an acknowledgement: what a peer has handed over and this actor has not emitted is lost when the
/// process dies. Logged, what was emitted is durable first. Partition 0 reads; only where PULL sockets connect do
/// all, because the peer then deals its messages out to them. Thread: one of its own, because it waits for messages.
class zmq_ingest final : public producer {
public:
  replay replays() const noexcept override { return *logged_ ? replay::logged : replay::live; }
  bool is_blocking() const noexcept override { return true; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void close(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  bool take_back(context& c, const dead_letter& letter) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override;
  std::chrono::nanoseconds disorder() const override { return disorder_.allowed(); }
  /// Where the socket is; empty until it is open.
  [[nodiscard]] std::string address() const { return socket_ ? socket_->address() : std::string{}; }

private:
  [[nodiscard]] std::size_t take(context& c, transport::received_message&& m);
  [[nodiscard]] parsed_body parse(std::string body);
  void set_aside(context& c, const malformed_item& m);
  [[nodiscard]] bool is_done() const noexcept;

  param<std::string> address_{
      this,
      "address",
      "",
      {.required = true, .help = "Of the socket: tcp://127.0.0.1:5555, or ipc:///run/feed.socket on this machine."}};
  param<std::string> attach_{
      this,
      "attach",
      "bind",
      {.choices = {"bind", "connect"}, .help = "bind: peers connect to the address; connect: a peer listens there."}};
  param<std::string> socket_kind_{
      this,
      "socket",
      "pull",
      {.choices = {"pull", "sub"}, .help = "pull: from PUSH sockets; sub: what PUB sockets publish."}};
  param<std::string> topic_{
      this, "topic", "", {.help = "Of a sub socket: takes messages that begin so; empty: all of them."}};
  param<std::string> fields_{
      this,
      "fields",
      "",
      {.required = true, .help = "Names and types of the fields, e.g. account:string,amount:float64,at:event_time."}};
  param<std::string> format_{
      this,
      "format",
      "json",
      {.choices = {"json", "msgpack"},
       .help = "A message is one event, an object or map of its fields, or an array of such; in MessagePack an event "
               "may also be an array of the fields in their order."}};
  param<bool> logged_{
      this,
      "logged",
      false,
      {.help = "Events are written to the event log before they are sent on, so that a crash loses none of those."}};
  param<int> messages_max_{this,
                           "high_water_mark",
                           1000,
                           {.unit = "messages",
                            .min = 1,
                            .max = 1'000'000,
                            .help = "Messages of each peer that wait here; a PUSH peer then waits, a PUB peer drops."}};
  param<std::int64_t> message_bytes_{
      this,
      "message_bytes",
      1 << 20,
      {.unit = "bytes", .min = 1, .max = 2 << 20, .help = "A peer that sends a longer message loses its connection."}};
  param<std::int64_t> message_events_{
      this, "message_events", 10'000, {.unit = "events", .min = 1, .max = 10'000, .help = "Most events of a message."}};
  param<std::int64_t> count_{
      this, "count", 0, {.unit = "events", .min = 0, .help = "The input ends after so many events; 0: never."}};
  disorder_param disorder_{this};
  param<int> idle_after_s_{this,
                           "idle_after",
                           10,
                           {.unit = "s",
                            .min = 0,
                            .max = 86'400,
                            .help = "After so long without a message event time goes on without this input."}};
  out<record_view> out_{this, "out"};

  std::optional<transport::message_socket> socket_;
  std::unique_ptr<ingest_body> json_;
  std::unique_ptr<record_parser> msgpack_;
  std::unique_ptr<record_parser> taken_back_json_;
  std::uint64_t messages_ = 0;
  std::uint64_t events_ = 0;
  processing_time last_message_{};
};

}  // namespace millrace::library
