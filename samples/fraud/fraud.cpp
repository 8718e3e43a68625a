#include "fraud.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <millrace/registry.hpp>

namespace fraud {

using namespace std::chrono_literals;
using millrace::match;
using millrace::pattern;

MILLRACE_ACTOR(Patterns, {.id = "sample.fraud_patterns",
                          .title = "Fraud patterns",
                          .category = "Fraud",
                          .help = "Finds cards that are probed, or that travel too fast."})
MILLRACE_ACTOR(Velocity, {.id = "sample.fraud_velocity",
                          .title = "Velocity",
                          .category = "Fraud",
                          .help = "Finds cards that pay too often within ten minutes."})
MILLRACE_ACTOR(Cases, {.id = "sample.fraud_cases",
                       .title = "Cases",
                       .category = "Fraud",
                       .help = "Gathers the alerts of a card that follow each other."})

// In the order of the alphabet.
static constexpr std::array<const char*, 3> rules{"probing", "travel", "velocity"};

static std::uint32_t bit_of(const std::string& rule) {
  const auto found = std::ranges::find(rules, rule);
  if (found == rules.end()) throw std::invalid_argument("there is no rule '" + rule + "'");
  return 1U << (found - rules.begin());
}

pattern<Payment> Patterns::probing_pattern() {
  constexpr std::int64_t tiny = 200;
  constexpr std::int64_t large = 50'000;
  return pattern<Payment>::begin("tiny", [](const Payment& p) { return p.cents < tiny; })
      .at_least(3)
      .greedy()
      .followed_by("large", [](const Payment& p) { return p.cents > large; })
      .within(10min)
      .skip_past_last();
}

pattern<Payment> Patterns::travel_pattern() {
  return pattern<Payment>::begin("from", [](const Payment&) { return true; })
      .next("to",
            [](const Payment& p, const match<Payment>& so_far) { return p.country != so_far.last("from")->country; })
      .within(1h)
      .skip_to_next();
}

void Patterns::on_payment(millrace::context& c, const Payment& p) {
  // Both hold the same events, so both judge lateness alike.
  const bool in_time = probing.add(c, p);
  travel.add(c, p);
  if (!in_time) late.take();
}

void Patterns::on_probing(millrace::context&, const match<Payment>& m) {
  const auto& last = *m.last("large");
  alerts.emit(
      {last.card, "probing",
       std::to_string(m.count("tiny")) + " tiny payments before one of " + std::to_string(last.cents / 100) + " EUR",
       last.at});
}

void Patterns::on_travel(millrace::context&, const match<Payment>& m) {
  const auto& from = *m.last("from");
  const auto& to = *m.last("to");
  constexpr std::int64_t minute_ns = 60'000'000'000;
  alerts.emit({to.card, "travel",
               "from " + from.country + " to " + to.country + " in " +
                   std::to_string((to.at.ns - from.at.ns) / minute_ns) + " minutes",
               to.at});
}

void Velocity::on_payment(millrace::context& c, const Payment& p) {
  recent.add(c, p.at, [&](Spent& s) { s.merge({1, p.cents}); });
}

void Velocity::on_window(millrace::context& c, const millrace::window_result<Spent>& r) {
  if (r.value.payments < *limit) return;
  alerts.emit({c.key<std::int64_t>(),
               "velocity",
               std::to_string(r.value.payments) + " payments of together " + std::to_string(r.value.cents / 100) +
                   " EUR in 10 minutes",
               {r.window.end.ns - 1}});
}

void Gathered::merge(const Gathered& o) {
  if (o.alerts == 0) return;
  first_ns = alerts == 0 ? o.first_ns : std::min(first_ns, o.first_ns);
  last_ns = alerts == 0 ? o.last_ns : std::max(last_ns, o.last_ns);
  alerts += o.alerts;
  rules |= o.rules;
}

void Cases::on_alert(millrace::context& c, const Alert& a) {
  open.add(c, a.at, [&](Gathered& g) { g.merge({1, bit_of(a.rule), a.at.ns, a.at.ns}); });
}

void Cases::on_case(millrace::context& c, const millrace::window_result<Gathered>& r) {
  std::string spoke;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if ((r.value.rules & 1U << i) != 0) spoke += (spoke.empty() ? "" : "+") + std::string{rules[i]};
  }
  cases.emit({c.key<std::int64_t>(), spoke, r.value.alerts, {r.value.first_ns}, {r.value.last_ns}});
}

millrace::topology topology() {
  millrace::topology t;
  t.name = "fraud";
  t.add("payments", "millrace.file_source",
        {{"path", "payments.csv"},
         {"fields", "number:int64,card:int64,country:string,cents:int64,at:event_time"},
         {"disorder", 5000}});
  t.add("by_card", "millrace.by_key");
  t.add("by_card_too", "millrace.by_key");
  t.add("patterns", "sample.fraud_patterns", {}, 2);
  t.add("velocity", "sample.fraud_velocity", {}, 2);
  t.add("by_suspect", "millrace.by_key", {}, 2);
  t.add("by_suspect_too", "millrace.by_key", {}, 2);
  t.add("cases", "sample.fraud_cases", {}, 2);
  t.add("alert_file", "millrace.file_sink", {{"path", "fraud.output/alerts"}}, 2);
  t.add("case_file", "millrace.file_sink", {{"path", "fraud.output/cases"}}, 2);
  t.connect("payments", "by_card").connect("by_card", "patterns.payments");
  t.connect("payments", "by_card_too").connect("by_card_too", "velocity.payments");
  t.connect("patterns.alerts", "by_suspect").connect("by_suspect", "cases.alerts");
  t.connect("velocity.alerts", "by_suspect_too").connect("by_suspect_too", "cases.alerts");
  t.connect("patterns.alerts", "alert_file").connect("velocity.alerts", "alert_file");
  t.connect("cases.cases", "case_file");
  return t;
}

}  // namespace fraud
