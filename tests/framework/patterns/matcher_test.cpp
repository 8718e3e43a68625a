// The matcher against the brute force: thousands of random patterns over random streams.
#include "millrace/testing/simulation.hpp"
#include "random_pattern.hpp"

#include <QtTest>
#include <cstdio>
#include <string>

using namespace millrace;
using trial::matcher_run;

namespace {

constexpr std::uint64_t trials = 60'000;

struct trial_case {
  explicit trial_case(std::uint64_t seed) : random{seed} {
    p = trial::random_pattern(random);
    events = trial::random_events(random, 1 + random.below(11));
  }
  random_source random;
  trial::pattern_case p;
  std::vector<trial::event> events;

  [[nodiscard]] std::vector<trial::outcome> expected() const {
    return trial::brute_force(p.what, events, trial::judge_of(p, events));
  }
};

/// How many of the trials notice what `plant` does to the pattern or the run.
template <class Plant>
int noticed(std::uint64_t first_seed, Plant plant) {
  int count = 0;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    trial_case t{first_seed + i};
    const auto expected = t.expected();
    matcher_run run;
    if (!plant(t.p, run)) continue;
    if (trial::run_matcher(t.p, t.events, run) != expected) ++count;
  }
  return count;
}

}  // namespace

class matcher_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { first_seed_ = testing::seed_from_environment(1); }

  void findsWhatTheBruteForceFinds() {
    std::uint64_t matches = 0;
    std::uint64_t timeouts = 0;
    for (std::uint64_t i = 0; i < trials; ++i) {
      trial_case t{first_seed_ + i};
      const auto expected = t.expected();
      matcher_run run{.copy_at = t.random.below(12)};
      const auto got = trial::run_matcher(t.p, t.events, run);
      if (got != expected) {
        const auto text = "seed " + std::to_string(first_seed_ + i) + "\n" + text_of(t.p) + "\n" + text_of(t.events) +
                          "\nexpected " + text_of(expected) + "\ngot      " + text_of(got);
        QFAIL(text.c_str());
      }
      for (const auto& o : got) ++(o.is_timeout ? timeouts : matches);
    }
    // Trials that find nothing prove nothing.
    const auto counts = std::to_string(matches) + " matches, " + std::to_string(timeouts) + " timeouts";
    QVERIFY2(matches > trials && timeouts > trials / 4, counts.c_str());
    std::printf("%s\n", counts.c_str());
  }

  void aWrongContiguityIsNoticed() {
    const auto count = noticed(first_seed_, [](trial::pattern_case& p, matcher_run&) {
      for (std::size_t i = 1; i < p.what.stages.size(); ++i) {
        auto& s = p.what.stages[i];
        if (s.is_negative || s.follows != patterns::contiguity::any) continue;
        s.follows = patterns::contiguity::relaxed;
        return true;
      }
      return false;
    });
    QVERIFY2(count > 20, std::to_string(count).c_str());
  }
  void aTimeOneTickTooLongOrShortIsNoticed() {
    for (const auto off : {-1, 1}) {
      const auto count = noticed(first_seed_, [&](trial::pattern_case& p, matcher_run&) {
        if (!p.what.within || p.what.within->count() + off <= 0) return false;
        *p.what.within += std::chrono::nanoseconds{off};
        return true;
      });
      QVERIFY2(count > 20, std::to_string(count).c_str());
    }
  }
  void aLostTimeoutIsNoticed() {
    const auto count = noticed(first_seed_, [](trial::pattern_case&, matcher_run& run) {
      run.loses_first_timeout = true;
      return true;
    });
    QVERIFY2(count > 20, std::to_string(count).c_str());
  }
  void aForgottenGreedIsNoticed() {
    const auto count = noticed(first_seed_, [](trial::pattern_case& p, matcher_run&) {
      bool has = false;
      for (auto& s : p.what.stages) has = std::exchange(s.is_greedy, false) || has;
      return has;
    });
    QVERIFY2(count > 20, std::to_string(count).c_str());
  }

private:
  std::uint64_t first_seed_ = 1;
};

QTEST_APPLESS_MAIN(matcher_test)
#include "matcher_test.moc"
