#pragma once

#include <memory>
#include <string>
#include <vector>

#include "library/net/http_server.hpp"
#include "library/sources/ingest_service.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/source_params.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Takes events from web clients and answers them when the events are durable in the event log.
///
/// Each partition has a server of its own, on the port asked for and the ones after it. The server's thread parses and
/// refuses; this actor stores what came meanwhile, many requests with one sync, and answers them from `on_logged`. Keys
/// of requests (`Idempotency-Key`) are part of the position: in the log with the events they came with.
class http_ingest final : public producer {
public:
  http_ingest();
  ~http_ingest() override;
  replay replays() const noexcept override { return replay::logged; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void close(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void on_logged(context& c) override;
  bool take_back(context& c, const dead_letter& letter) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override;
  std::chrono::nanoseconds disorder() const override { return disorder_.allowed(); }
  /// Where it listens; empty until it does.
  [[nodiscard]] std::string address() const;

private:
  [[nodiscard]] bool is_listening(context& c);
  void emit(context& c, ingest_request& r);
  void answer_emitted();
  void end_service() noexcept;
  [[nodiscard]] poll_result nothing_came(context& c) const;

  param<std::string> listen_{
      this,
      "listen",
      "127.0.0.1:8080",
      {.help = "Address and port, as 127.0.0.1:8080 (this machine alone), [::1]:8080 or *:8080 (every address; then "
               "'token' should be set). Partition i listens i ports further; port 0: any that is free."}};
  param<std::string> path_{this, "path", "/events", {.help = "Where clients POST events to."}};
  param<std::string> fields_{
      this,
      "fields",
      "",
      {.required = true, .help = "Names and types of the fields, e.g. account:string,amount:float64,at:event_time."}};
  param<std::string> on_malformed_{
      this,
      "on_malformed",
      "refuse",
      {.choices = {"refuse", "dead_letter"},
       .help = "What a value that is no event does to its request: the whole is refused with 400, or the others are "
               "stored and it becomes a dead letter."}};
  param<std::string> token_{
      this,
      "token",
      "",
      {.help = "Where the secret is that clients send as 'Authorization: Bearer …': env:NAME or file:PATH; empty: "
               "nobody is asked."}};
  param<std::int64_t> body_bytes_{
      this,
      "body_bytes",
      1 << 20,
      {.unit = "bytes", .min = 1, .max = 2 << 20, .help = "The longest body; a longer one is refused with 413."}};
  param<std::int64_t> body_events_{
      this, "body_events", 10'000, {.unit = "events", .min = 1, .max = 100'000, .help = "Most events of a request."}};
  param<std::int64_t> body_time_{
      this,
      "body_time",
      10'000,
      {.unit = "ms", .min = 10, .max = 600'000, .help = "A body that takes longer is refused with 408."}};
  param<std::int64_t> answer_time_{
      this,
      "answer_time",
      30'000,
      {.unit = "ms", .min = 100, .max = 600'000, .help = "A request that waited so long is not stored, and told 503."}};
  param<std::int64_t> connections_{
      this,
      "connections",
      100,
      {.min = 1, .max = 10'000, .help = "Connections at once of each partition; more wait in the system's queue."}};
  param<std::int64_t> waiting_events_{
      this,
      "waiting_events",
      100'000,
      {.unit = "events", .min = 1, .max = 10'000'000, .help = "Events that wait to be stored; beyond that: 429."}};
  param<std::int64_t> waiting_bytes_{
      this,
      "waiting_bytes",
      32 << 20,
      {.unit = "bytes",
       .min = 1 << 16,
       .max = 1 << 30,
       .help = "Memory of events that wait, and of bodies being received; beyond: 429."}};
  param<std::int64_t> keys_{
      this,
      "keys",
      10'000,
      {.min = 0,
       .max = 50'000,
       .help = "Idempotency keys remembered; each adds 40 bytes to every entry of the event log. 0: none."}};
  param<std::int64_t> key_time_{
      this,
      "key_time",
      86'400,
      {.unit = "s", .min = 1, .max = 30 * 86'400, .help = "How long a key is remembered, when there is room."}};
  param<std::int64_t> count_{
      this, "count", 0, {.unit = "events", .min = 0, .help = "The input ends after so many events; 0: never."}};
  disorder_param disorder_{this};
  param<std::int64_t> idle_after_{this,
                                  "idle_after",
                                  0,
                                  {.unit = "ms",
                                   .min = 0,
                                   .max = 86'400'000,
                                   .help = "After so long without events others' watermarks go on without this "
                                           "partition; 0: never."}};
  out<record_view> out_{this, "out"};

  listen_address address_;
  std::string base_folder_;
  std::unique_ptr<ingest_room> room_;
  std::unique_ptr<ingest_service> service_;
  http_server server_;
  bool is_open_ = false;
  processing_time opened_{};
  processing_time last_event_{};
  std::vector<std::unique_ptr<ingest_request>> emitted_;  ///< by the last poll; not durable yet
  std::unique_ptr<record_parser> taken_back_parser_;
  std::uint64_t requests_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace millrace::library
