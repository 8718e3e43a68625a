// The tables of docs/patterns.md, what a definition is refused for, and the limits.
#include "random_pattern.hpp"

#include <QtTest>
#include <string>

using namespace millrace;
using patterns::contiguity;
using patterns::definition;
using patterns::skip_rule;
using patterns::stage;
using patterns::unbounded;
using trial::condition;

namespace {

constexpr auto strict = contiguity::strict;
constexpr auto relaxed = contiguity::relaxed;
constexpr auto any = contiguity::any;

/// Stages named A to D take the events of kind 'a' to 'd', X those of kind 'x'.
trial::pattern_case pattern_of(std::vector<stage> stages) {
  trial::pattern_case p;
  for (const auto& s : stages) p.conditions.push_back({.kinds = 1U << (s.name == "X" ? 4 : s.name[0] - 'A')});
  p.what.stages = std::move(stages);
  return p;
}

std::vector<trial::event> events_of(const std::string& kinds) {
  std::vector<trial::event> events;
  for (const auto k : kinds) {
    const auto number = static_cast<std::int64_t>(events.size()) + 1;
    events.push_back({k == 'x' ? 4 : k - 'a', number, {number}, number});
  }
  return events;
}

std::string yields(const trial::pattern_case& p, const std::vector<trial::event>& events) {
  trial::matcher_run run;
  const auto got = trial::run_matcher(p, events, run);
  if (got != trial::brute_force(p.what, events, trial::judge_of(p, events))) return "matcher and brute force differ";
  return text_of(got);
}
std::string yields(const trial::pattern_case& p, const std::string& kinds) {
  return yields(p, events_of(kinds));
}

const stage a{.name = "A"};
const stage a_plus{.name = "A", .max = unbounded};
const stage b{.name = "B"};
const stage c{.name = "C"};

std::string refused(std::vector<stage> stages, std::optional<std::chrono::nanoseconds> within = {}) {
  definition d{.stages = std::move(stages), .within = within};
  const auto ok = d.check();
  return ok ? "" : ok.error().message;
}

}  // namespace

class pattern_definition_test : public QObject {
  Q_OBJECT
private slots:
  void contiguityIsAsDocumented() {
    QCOMPARE(yields(pattern_of({a, {.name = "B", .follows = strict}}), "abcb"), std::string("match a1 b2; "));
    QCOMPARE(yields(pattern_of({a, {.name = "B", .follows = strict}}), "acb"), std::string());
    QCOMPARE(yields(pattern_of({a, b}), "acbb"), std::string("match a1 b3; "));
    QCOMPARE(yields(pattern_of({a, {.name = "B", .follows = any}}), "acbb"), std::string("match a1 b3; match a1 b4; "));
    QCOMPARE(yields(pattern_of({a_plus, b}), "aab"), std::string("match a1 a2 b3; match a1 b3; match a2 b3; "));
    QCOMPARE(yields(pattern_of({{.name = "A", .inner = strict, .max = unbounded}, b}), "acab"),
             std::string("match a1 b4; match a3 b4; "));
    QCOMPARE(yields(pattern_of({a, {.name = "B", .inner = any, .min = 2, .max = 2}, c}), "abbbc"),
             std::string("match a1 b2 b3 c5; match a1 b2 b4 c5; "));
    QCOMPARE(yields(pattern_of({a, {.name = "B", .min = 0}, {.name = "C", .follows = strict}}), "ac"),
             std::string("match a1 c2; "));
  }
  void greedIsAsDocumented() {
    auto greedy = a_plus;
    greedy.is_greedy = true;
    QCOMPARE(yields(pattern_of({greedy, b}), "aab"), std::string("match a1 a2 b3; match a2 b3; "));
    greedy.inner = strict;
    QCOMPARE(yields(pattern_of({greedy}), "aabaa"), std::string("match a1 a2; match a2; match a4 a5; match a5; "));
  }
  void absenceIsAsDocumented() {
    const stage not_x{.name = "X", .is_negative = true};
    const stage not_next_x{.name = "X", .follows = strict, .is_negative = true};
    QCOMPARE(yields(pattern_of({a, not_x, b}), "axb"), std::string());
    QCOMPARE(yields(pattern_of({a, not_next_x, b}), "acxb"), std::string("match a1 c4; "));  // B is the third stage
    auto at_end = pattern_of({a, not_x});
    at_end.what.within = std::chrono::nanoseconds{10};
    QCOMPARE(yields(at_end, std::vector<trial::event>{{0, 0, {0}, 1}, {1, 0, {9}, 2}}), std::string("match a1; "));
    QCOMPARE(yields(at_end, std::vector<trial::event>{{0, 0, {0}, 1}, {4, 0, {10}, 2}}), std::string());
    QCOMPARE(yields(at_end, std::vector<trial::event>{{0, 0, {0}, 1}, {4, 0, {11}, 2}}), std::string("match a1; "));
    QCOMPARE(yields(pattern_of({a, not_next_x}), "a"), std::string("match a1; "));
  }
  void timeIsAsDocumented() {
    auto p = pattern_of({a, b});
    p.what.within = std::chrono::nanoseconds{10};
    QCOMPARE(yields(p, std::vector<trial::event>{{0, 0, {0}, 1}, {1, 0, {10}, 2}}), std::string("match a1 b2; "));
    QCOMPARE(yields(p, std::vector<trial::event>{{0, 0, {0}, 1}, {1, 0, {11}, 2}}), std::string("timeout a1; "));
    auto longer = pattern_of({a, b, c});
    longer.what.within = std::chrono::nanoseconds{10};
    QCOMPARE(yields(longer, "ab"), std::string("timeout a1 b2; "));
  }
  void skippingIsAsDocumented() {
    auto p = pattern_of({a_plus, b});
    p.what.skip = skip_rule::to_next;
    QCOMPARE(yields(p, "aab"), std::string("match a1 a2 b3; match a2 b3; "));
    p.what.skip = skip_rule::past_last;
    QCOMPARE(yields(p, "aab"), std::string("match a1 a2 b3; "));
    p.what.skip = skip_rule::to_last_of;
    p.what.skip_stage = "A";
    QCOMPARE(yields(p, "aab"), std::string("match a1 a2 b3; match a2 b3; "));
    p.what.skip = skip_rule::to_first_of;
    p.what.skip_stage = "B";
    QCOMPARE(yields(p, "aab"), std::string("match a1 a2 b3; "));
  }

  void whatIsWrongIsNamedWithItsStage() {
    QVERIFY(refused({}).find("at least one stage") != std::string::npos);
    QVERIFY(refused({a, a}).find("stage 'A': there are two stages of this name") != std::string::npos);
    QVERIFY(refused({{.name = "A", .min = 0}}).find("nothing at all") != std::string::npos);
    QVERIFY(refused({{.name = "A", .min = 3, .max = 2}}).find("at most") != std::string::npos);
    QVERIFY(refused({a, {.name = "X", .is_negative = true}}).find("stage 'X': 'not followed by' at the end") == 0);
    QVERIFY(refused({{.name = "X", .is_negative = true}, a}).find("begins with an event") != std::string::npos);
    QVERIFY(refused({{.name = "A", .max = unbounded, .is_greedy = true}}).find("greedy stage at the end") !=
            std::string::npos);
    QVERIFY(refused({a, b}, std::chrono::nanoseconds{0}).find("within") != std::string::npos);
    definition d{.stages = {a, b}, .skip = skip_rule::to_last_of, .skip_stage = "Q"};
    QVERIFY(d.check().error().message.find("'Q'") != std::string::npos);
    QCOMPARE(refused({a, b}), std::string());
  }

  void partialMatchesStayWithinTheirLimit() {
    const auto p = pattern_of({a, b});
    for (const auto rule : {patterns::overflow_rule::drop_oldest, patterns::overflow_rule::drop_newest}) {
      trial::matcher_run run{.limits = {.partial_max = 2, .overflow = rule}};
      const auto got = text_of(trial::run_matcher(p, events_of("aaab"), run));
      QVERIFY(run.most_partials <= 2);
      const bool keeps_old = rule == patterns::overflow_rule::drop_newest;
      QCOMPARE(got, std::string(keeps_old ? "match a1 b4; match a2 b4; " : "match a2 b4; match a3 b4; "));
    }
    trial::matcher_run run{.limits = {.partial_max = 2, .overflow = patterns::overflow_rule::fail}};
    QVERIFY_EXCEPTION_THROWN((void)trial::run_matcher(p, events_of("aaab"), run), std::runtime_error);
  }
  void beginningsAreShared() {
    // Every partial match of n begins with all those before it: n nodes, where copies would hold n * n / 2.
    const auto p = pattern_of({a, {.name = "B", .max = unbounded}, c});
    trial::matcher_run run;
    (void)trial::run_matcher(p, events_of("a" + std::string(200, 'b')), run);
    QCOMPARE(run.most_partials, std::size_t{200});
    QCOMPARE(run.most_nodes, std::size_t{201});
  }
  void aLongMatchEndsAtItsLimit() {
    trial::matcher_run run{.limits = {.partial_max = 100, .events_max = 5}};
    auto p = pattern_of({{.name = "A", .inner = strict, .max = unbounded, .is_greedy = true}});
    p.what.skip = skip_rule::past_last;
    (void)trial::run_matcher(p, events_of(std::string(50, 'a')), run);
    QVERIFY(run.most_nodes <= 100 * 5);
  }
  void damagedStateIsRefused() {
    const auto p = pattern_of({a_plus, b});
    const patterns::automaton made{p.what};
    patterns::key_matches<trial::event> key;
    byte_buffer bytes;
    msgpack::writer out{bytes};
    encode(out, key);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (unsigned value = 0; value < 256; ++value) {
        byte_buffer damaged;
        damaged.append(bytes.view());
        damaged.data()[i] = static_cast<std::byte>(value);
        msgpack::reader in{damaged.view()};
        patterns::key_matches<trial::event> read;
        (void)decode(in, read);  // what is accepted must be safe to use
        for (const auto& m : read.store().partials()) (void)patterns::chain{read.store(), m.tip}.nodes();
      }
    }
  }
};

QTEST_APPLESS_MAIN(pattern_definition_test)
#include "pattern_definition_test.moc"
