// Fraud detection: three rules over card payments, and cases that gather what they say about a card.
#pragma once

#include <string>

#include <millrace/context.hpp>
#include <millrace/param.hpp>
#include <millrace/pattern_matcher.hpp>
#include <millrace/port.hpp>
#include <millrace/record.hpp>
#include <millrace/sessions.hpp>
#include <millrace/time.hpp>
#include <millrace/topology.hpp>
#include <millrace/windows.hpp>

namespace fraud {

struct Payment {
  std::int64_t number{};
  std::int64_t card{};
  std::string country;
  std::int64_t cents{};
  millrace::event_time at{};
};
MILLRACE_RECORD(Payment, 1, number, card, country, cents, at)

/// What a rule found, with what an investigator wants to read.
struct Alert {
  std::int64_t card{};
  std::string rule;
  std::string reason;
  millrace::event_time at{};
  bool operator==(const Alert&) const = default;
};
MILLRACE_RECORD(Alert, 1, card, rule, reason, at)

/// The alerts of a card that follow each other within an hour.
struct Case {
  std::int64_t card{};
  std::string rules;  ///< those that spoke, in the order of the alphabet, separated by +
  std::int64_t alerts{};
  millrace::event_time first{}, last{};
  bool operator==(const Case&) const = default;
};
MILLRACE_RECORD(Case, 1, card, rules, alerts, first, last)

/// Two patterns of a card's payments, in the order of their times:
/// `probing`: three or more tiny payments, then a large one, within ten minutes;
/// `travel`: a payment in another country less than an hour after the last one.
struct Patterns : millrace::processor {
  millrace::in<Payment> payments{this, "payments", &Patterns::on_payment, {.key = &Payment::card}};
  millrace::out<Alert> alerts{this, "alerts"};
  millrace::late_output late{this, payments, "late"};
  millrace::pattern_matcher<Payment> probing{
      this,
      "probing",
      probing_pattern(),
      {.event_time = &Payment::at, .tie = &Payment::number, .on_match = &Patterns::on_probing}};
  millrace::pattern_matcher<Payment> travel{
      this,
      "travel",
      travel_pattern(),
      {.event_time = &Payment::at, .tie = &Payment::number, .on_match = &Patterns::on_travel}};

  static millrace::pattern<Payment> probing_pattern();
  static millrace::pattern<Payment> travel_pattern();
  void on_payment(millrace::context& c, const Payment& p);
  void on_probing(millrace::context& c, const millrace::match<Payment>& m);
  void on_travel(millrace::context& c, const millrace::match<Payment>& m);
};

struct Spent {
  std::int64_t payments = 0, cents = 0;
  void merge(const Spent& o) {
    payments += o.payments;
    cents += o.cents;
  }
};
MILLRACE_RECORD(Spent, 1, payments, cents)

/// `velocity`: so many payments within ten minutes, looked at every minute.
struct Velocity : millrace::processor {
  millrace::in<Payment> payments{this, "payments", &Velocity::on_payment, {.key = &Payment::card}};
  millrace::out<Alert> alerts{this, "alerts"};
  millrace::windows<Spent> recent{this, "recent", millrace::sliding(std::chrono::minutes{10}, std::chrono::minutes{1}),
                                  &Velocity::on_window};
  millrace::param<std::int64_t> limit{
      this, "limit", 8, {.unit = "payments/10 min", .min = 1, .live = true, .help = "So many are an alert."}};

  void on_payment(millrace::context& c, const Payment& p);
  void on_window(millrace::context& c, const millrace::window_result<Spent>& r);
};

struct Gathered {
  std::int64_t alerts = 0;
  std::uint32_t rules = 0;  // a bit a rule
  std::int64_t first_ns = 0, last_ns = 0;
  void merge(const Gathered& o);
};
MILLRACE_RECORD(Gathered, 1, alerts, rules, first_ns, last_ns)

struct Cases : millrace::processor {
  millrace::in<Alert> alerts{this, "alerts", &Cases::on_alert, {.key = &Alert::card}};
  millrace::out<Case> cases{this, "cases"};
  millrace::sessions<Gathered> open{this, "open", {.gap = std::chrono::hours{1}}, &Cases::on_case};

  void on_alert(millrace::context& c, const Alert& a);
  void on_case(millrace::context& c, const millrace::window_result<Gathered>& r);
};

/// payments.csv → patterns, velocity → alerts → cases.
millrace::topology topology();

}  // namespace fraud
