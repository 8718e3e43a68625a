// Card velocity: alerts when a card pays too often within a minute of event time.
#pragma once

#include <millrace/context.hpp>
#include <millrace/param.hpp>
#include <millrace/port.hpp>
#include <millrace/record.hpp>
#include <millrace/state.hpp>
#include <millrace/time.hpp>
#include <millrace/timer.hpp>
#include <millrace/topology.hpp>

namespace velocity {

/// A payment: `key` is the card, `value` the amount. Named as the ready-made generator names its fields.
struct Payment {
  std::int64_t key{};
  double value{};
  millrace::event_time at{};
};
MILLRACE_RECORD(Payment, 1, key, value, at)

struct Alert {
  std::int64_t card{};
  millrace::event_time minute{};
  std::int64_t payments{};
  bool operator==(const Alert&) const = default;
};
MILLRACE_RECORD(Alert, 1, card, minute, payments)

/// Counts each card's payments by minute and tells when a minute is over. Payments come over several channels, so
/// nothing here depends on their order: what a minute held is decided by event times, and told when the watermark says
/// that no more can come.
struct Check : millrace::processor {
  millrace::in<Payment> payments{this, "in", &Check::on_payment, {.key = &Payment::key}};
  millrace::out<Alert> alerts{this, "out"};
  millrace::map<std::int64_t, std::int64_t> minutes{this, "minutes"};  // payments by minute, of the current card
  millrace::timer close{this, "close", &Check::on_close};
  millrace::param<std::int64_t> limit{this, "limit", 5, {.unit = "payments/min", .min = 1, .live = true}};

  void on_payment(millrace::context& c, const Payment& p);
  void on_close(millrace::context& c, millrace::event_time at);
};

/// payments → by card → check → alerts.
millrace::topology topology();

}  // namespace velocity
