#include <chrono>
#include <cstdio>

#include <millrace/testing/actor_harness.hpp>
#include <millrace/testing/explore.hpp>
#include <millrace/testing/purity.hpp>

#include "fraud.hpp"

using namespace std::chrono_literals;
using namespace fraud;

static int failures = 0;
static void expect(bool ok, const char* what) {
  if (!ok) std::printf("FAILED: %s\n", what), ++failures;
}
static millrace::event_time at(std::chrono::seconds t) {
  return millrace::event_time{} + t;
}

int main() {
  millrace::testing::actor_harness<Patterns> patterns;
  patterns.push_all(std::vector<Payment>{{4, 7, "FR", 90'000, at(300s)},  // the large one arrives first
                                         {1, 7, "FR", 100, at(60s)},
                                         {2, 7, "FR", 120, at(120s)},
                                         {3, 7, "FR", 80, at(180s)},
                                         {5, 8, "FR", 2'000, at(0s)},
                                         {6, 8, "JP", 2'000, at(1800s)}});
  patterns.restore(patterns.snapshot());
  patterns.watermark(at(2h));
  auto found_alerts = patterns.take<Alert>("alerts");
  std::ranges::sort(found_alerts, {}, &Alert::card);
  const std::vector<Alert> expected{{7, "probing", "3 tiny payments before one of 900 EUR", at(300s)},
                                    {8, "travel", "from FR to JP in 30 minutes", at(1800s)}};
  expect(found_alerts == expected, "probing and travel are found, whatever order payments come in");

  millrace::testing::actor_harness<Velocity> velocity{{.params = {{"limit", 3}}}};
  for (const auto t : {10s, 70s, 130s}) velocity.push(Payment{1, 5, "SE", 1'000, at(t)});
  velocity.watermark(at(3min));
  const auto fast = velocity.take<Alert>("alerts");
  expect(fast.size() == 1 && fast[0].reason == "3 payments of together 30 EUR in 10 minutes", "velocity is found");

  std::vector<Payment> payments;
  for (int i = 0; i < 300; ++i) {
    const auto n = std::int64_t{i};
    payments.push_back({n, n % 7, i % 29 == 0 ? "JP" : "FR", i % 11 < 4 ? 100 : 900 + n % 3 * 60'000, at(8s * i)});
  }
  millrace::testing::topology_harness h{topology()};
  h.feed("payments", payments, {.disorder = 5s});
  expect(!h.run().at("case_file").empty(), "the payments give cases");
  const auto found = millrace::testing::explore(h, {.seeds = 300});
  expect(found.ok() && found.hits_of(millrace::testing::fault_kind::crash) > 30, "crashes and disorder change nothing");
  expect(millrace::testing::check_purity(h).ok(), "nothing goes around the context");
  return failures;
}
