#include <chrono>
#include <cstdio>

#include <millrace/testing/actor_harness.hpp>
#include <millrace/testing/explore.hpp>
#include <millrace/testing/purity.hpp>

#include "market.hpp"

using namespace std::chrono_literals;
using namespace market;

static int failures = 0;
static void expect(bool ok, const char* what) {
  if (!ok) std::printf("FAILED: %s\n", what), ++failures;
}
static millrace::event_time at(std::chrono::milliseconds t) {
  return millrace::event_time{} + t;
}

int main() {
  millrace::testing::actor_harness<Pricing> pricing;
  pricing.push("trades", Trade{1, "ACME", 1005, 10, at(2s)});
  pricing.push("trades", Trade{2, "ACME", 1005, 10, at(4s)});
  pricing.push("trades", Trade{3, "LATE", 7, 1, at(4s)});
  pricing.push("quotes", Quote{"ACME", 1010, 1020, at(3s)});  // quotes come later and in disorder
  pricing.push("quotes", Quote{"ACME", 1000, 1004, at(2s)});
  pricing.restore(pricing.snapshot());
  pricing.watermark(at(5s));
  const std::vector<Priced> expected{{1, "ACME", 1005, 10, 1000, 1004, 60, at(2s)},
                                     {2, "ACME", 1005, 10, 1010, 1020, 200, at(4s)}};
  expect(pricing.take<Priced>("priced") == expected, "each trade has the quote of its moment");
  expect(pricing.take<Trade>("unquoted").size() == 1, "a trade without a quote is told apart");

  std::vector<Quote> quotes;
  std::vector<Trade> trades;
  const char* symbols[] = {"ACME", "BOLT", "CORE", "DUNE", "EAST"};
  for (int i = 0; i < 300; ++i) {
    const auto n = std::int64_t{i};
    quotes.push_back({symbols[i % 5], 1000 + n % 17, 1004 + n % 19, at(500ms * (i + i % 3))});
    trades.push_back({n, symbols[i * 3 % 5], 1001 + n % 23, 1 + n % 9, at(500ms * (i + i % 4) + 100ms)});
  }
  millrace::testing::topology_harness h{topology()};
  h.feed("quotes", quotes, {.disorder = 2s}).feed("trades", trades, {.disorder = 2s});
  expect(!h.run().at("minutes").empty(), "there are minutes");
  const auto found = millrace::testing::explore(h, {.seeds = 300});
  expect(found.ok() && found.hits_of(millrace::testing::fault_kind::crash) > 30, "crashes and disorder change nothing");
  expect(millrace::testing::check_purity(h).ok(), "nothing goes around the context");
  return failures;
}
