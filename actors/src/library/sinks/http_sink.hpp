#pragma once

#include <memory>
#include <string>

#include "library/net/due_alarm.hpp"
#include "library/net/patient_caller.hpp"
#include "library/net/web_target.hpp"
#include "library/sinks/pending_records.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"

namespace millrace::library {

/// Sends events to a web address, each at least once.
///
/// Batches are cut by count and size alone, not at snapshots: what waits for its batch is part of the snapshot. So a
/// recovery cuts as before, and a batch sent again has the key it had (`stream/actor/partition/first-count`), by which
/// a receiver that remembers keys stores it once. Only `linger` cuts by the clock. Thread: one of its own, because it
/// waits for the answer.
class http_sink final : public sink {
public:
  delivery delivers() const noexcept override { return delivery::at_least_once; }
  bool is_blocking() const noexcept override { return true; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void save_state(msgpack::writer& out) const override;
  bool load_state(msgpack::reader& in) override;

private:
  void on_record(context& c, const record_view& record);
  void set_alarm(context& c);
  void on_due(context& c);
  void send_pending(context& c);
  void send_singly(context& c);
  [[nodiscard]] result<http_answer> send(context& c, const std::string& body, std::uint64_t first, std::size_t count);
  void bury(context& c, std::size_t i, const std::string& why);
  [[noreturn]] void give_up(const result<http_answer>& r) const;

  in<record_view> in_{this, "in", &http_sink::on_record};
  web_target target_{this, {.url_help = "The http or https address that takes the events."}};
  param<std::string> method_{
      this, "method", "POST", {.choices = {"POST", "PUT", "PATCH"}, .help = "How they are sent."}};
  param<std::string> format_{
      this,
      "format",
      "json",
      {.choices = {"json", "json_array", "json_lines"},
       .help =
           "json: a request for each event; json_array and json_lines: batches as one array, or an object a line."}};
  param<std::int64_t> batch_events_{
      this, "batch_events", 100, {.unit = "events", .min = 1, .max = 10'000, .help = "Events of a batch, at most."}};
  param<std::int64_t> batch_bytes_{
      this,
      "batch_bytes",
      256 * 1024,
      {.unit = "bytes", .min = 1024, .max = 8 << 20, .help = "A batch that has grown to this size is sent."}};
  param<std::int64_t> linger_{this,
                              "linger",
                              1000,
                              {.unit = "ms",
                               .min = 0,
                               .max = 3'600'000,
                               .help = "A batch that is not full is sent after so long; 0: only when the input ends."}};
  param<std::string> stream_{
      this,
      "stream",
      "",
      {.help = "The first part of Idempotency-Keys: the same for runs that continue each other, another for each data "
               "directory. Empty: drawn at the first start, and kept in snapshots."}};
  param<std::int64_t> give_up_after_{this,
                                     "give_up_after",
                                     60'000,
                                     {.unit = "ms",
                                      .min = 0,
                                      .max = 3'600'000,
                                      .help = "A batch is tried for so long; then the actor fails, and its failure "
                                              "policy says what next."}};
  param<std::int64_t> failures_{
      this,
      "failures",
      5,
      {.min = 0, .max = 1000, .help = "Failures in a row that open the circuit; 0: it stays closed."}};
  param<std::int64_t> open_time_{
      this,
      "open_time",
      5'000,
      {.unit = "ms", .min = 10, .max = 600'000, .help = "No call while the circuit is open; doubles up to a minute."}};

  std::string key_stream_;
  pending_records pending_;
  std::uint64_t sequence_ = 0;  ///< of the first pending event, from 0 on
  std::unique_ptr<patient_caller> caller_;
  due_alarm due_{this, [this](context& c, processing_time) { on_due(c); }};
};

}  // namespace millrace::library
