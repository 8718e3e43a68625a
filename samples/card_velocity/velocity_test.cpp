#include <chrono>
#include <cstdio>

#include <millrace/testing/actor_harness.hpp>
#include <millrace/testing/explore.hpp>
#include <millrace/testing/purity.hpp>

#include "velocity.hpp"

using namespace std::chrono_literals;
using namespace velocity;

static int failures = 0;
static void expect(bool ok, const char* what) {
  if (!ok) std::printf("FAILED: %s\n", what), ++failures;
}
static Payment payment(std::int64_t card, std::chrono::seconds at) {
  return {card, 9.5, millrace::event_time{} + at};
}

int main() {
  millrace::testing::actor_harness<Check> check{{.params = {{"limit", 2}}}};
  check.push_all(std::vector{payment(1, 5s), payment(1, 59s), payment(2, 30s), payment(1, 61s)});
  check.restore(check.snapshot());
  check.watermark(millrace::event_time{} + 1min);
  expect(check.take<Alert>() == std::vector<Alert>{{1, {}, 2}}, "one alert, for the card that paid twice in a minute");
  expect(check.state(&Check::minutes, 1).size() == 1 && check.key_count() == 1, "only the open minute is kept");

  std::vector<Payment> payments;
  for (int i = 0; i < 400; ++i) payments.push_back(payment(i * 7 % 13, 1s * (i + i % 5)));
  millrace::testing::topology_harness h{topology()};
  h.feed("payments", payments, {.disorder = 5s});
  expect(!h.run().at("alerts").empty(), "the payments give alerts");
  const auto found = millrace::testing::explore(h, {.seeds = 1000});
  expect(found.ok() && found.hits_of(millrace::testing::fault_kind::crash) > 100, "crashes change nothing");
  expect(millrace::testing::check_purity(h).ok(), "nothing goes around the context");
  return failures;
}
