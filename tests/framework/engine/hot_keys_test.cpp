// The sketch of frequent items against exact counts: its bounds hold on every stream, whatever its order; and what a
// router says about its hot keys is what a plain count of its events says, within the error it gives.
#include "millrace/engine/hot_key_watch.hpp"
#include "millrace/record.hpp"
#include "millrace/testing/simulation.hpp"

#include <QtTest>
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

using namespace millrace;
using engine::frequent_items;
using engine::hot_key_watch;

namespace {

struct visit {
  std::string page;
};
MILLRACE_RECORD(visit, 1, page)

struct guest {
  std::string name;
  std::string room;
};
MILLRACE_RECORD(guest, 1, personal(name), room)

using stream = std::function<std::uint64_t(random_source&, std::uint64_t)>;

/// Rank r (from 1) with probability ~ 1 / r^s.
class zipf {
public:
  zipf(std::size_t n, double s) {
    double sum = 0;
    for (std::size_t r = 1; r <= n; ++r) below_.push_back(sum += std::pow(static_cast<double>(r), -s));
    for (auto& b : below_) b /= sum;
  }
  std::uint64_t operator()(random_source& r, std::uint64_t) const {
    return static_cast<std::uint64_t>(std::ranges::lower_bound(below_, r.uniform()) - below_.begin()) + 1;
  }

private:
  std::vector<double> below_;
};

struct named_stream {
  const char* name;
  stream next;
};

/// Skewed streams, and those that are hard for a sketch: all different, more keys in turn than it has counters, a hot
/// key that comes when all counters are taken, and one that is hot no more.
const std::vector<named_stream>& streams() {
  static const std::vector<named_stream> all{
      {"zipf 1.0 of 100000", zipf{100'000, 1.0}},
      {"zipf 1.5 of 10000", zipf{10'000, 1.5}},
      {"zipf 2.0 of 1000", zipf{1000, 2.0}},
      {"one key", [](random_source&, std::uint64_t) { return std::uint64_t{7}; }},
      {"all different", [](random_source&, std::uint64_t i) { return i + 1; }},
      {"65 in turn", [](random_source&, std::uint64_t i) { return i % 65; }},
      {"1000 in turn", [](random_source&, std::uint64_t i) { return i % 1000; }},
      {"90 % one key", [](random_source& r, std::uint64_t i) { return r.below(10) != 0 ? 0 : i; }},
      {"hot from the middle on", [](random_source& r, std::uint64_t i) { return i > 9000 && r.below(2) == 0 ? 0 : i; }},
      {"hot until the middle", [](random_source& r, std::uint64_t i) { return i < 9000 && r.below(2) == 0 ? 0 : i; }},
      {"equal low bits", [](random_source& r, std::uint64_t) { return r.below(100) << 32 | 5; }},
  };
  return all;
}

/// Exact weights, halved as the sketch halves them.
class exact_weights {
public:
  void add(std::uint64_t item) {
    if (++since_ > frequent_items::half_life) {
      since_ = 1;
      for (auto& [i, w] : of_) w /= 2;
      all_ /= 2;
    }
    of_[item] += 1;
    all_ += 1;
  }
  [[nodiscard]] const std::map<std::uint64_t, double>& of() const { return of_; }
  [[nodiscard]] double all() const { return all_; }

private:
  std::map<std::uint64_t, double> of_;
  double all_ = 0;
  std::uint32_t since_ = 0;
};

/// What the class comment promises; empty when it holds. `slack`: what rounding may add.
std::string violation(const frequent_items& sketch, const exact_weights& exact) {
  constexpr double slack = frequent_items::counters / 256.0;
  std::map<std::uint64_t, std::uint32_t> counter_of;
  for (std::uint32_t c = 0; c < frequent_items::counters; ++c) {
    if (sketch.estimate(c) > 0) counter_of[sketch.item(c)] = c;
  }
  const auto bound = exact.all() / frequent_items::counters + slack;
  for (const auto& [item, c] : counter_of) {
    const auto at = exact.of().find(item);
    const auto truth = at == exact.of().end() ? 0 : at->second;
    if (sketch.estimate(c) < truth) return "an estimate is too low";
    if (sketch.estimate(c) - sketch.error(c) > truth + 1e-9) return "a weight is less than estimate - error";
    if (sketch.error(c) > bound) return "an error is larger than W / counters";
  }
  for (const auto& [item, weight] : exact.of()) {
    if (weight > bound && !counter_of.contains(item)) return "a frequent item has no counter";
  }
  if (std::abs(sketch.weight() - exact.all()) > 1) return "the weight of all is wrong";
  return {};
}

std::string check_bounds(const named_stream& s, std::uint64_t seed) {
  random_source r{seed};
  frequent_items sketch;
  exact_weights exact;
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    const auto item = s.next(r, i);
    (void)sketch.add(item);
    exact.add(item);
    if (i % 1009 != 0 && i != 29'999) continue;
    if (const auto wrong = violation(sketch, exact); !wrong.empty()) {
      return std::string{s.name} + ", seed " + std::to_string(seed) + ", item " + std::to_string(i) + ": " + wrong;
    }
  }
  return {};
}

/// What a watch says of `count` events of a stream, and their exact shares in the last `recent` of them.
struct watched {
  std::vector<engine::hot_key> keys;
  std::map<std::string, double> share;
};

watched watch(const stream& next, std::uint64_t seed, std::uint64_t count, std::uint64_t recent) {
  random_source r{seed};
  hot_key_watch w{seed};
  watched out;
  const auto key = key_of<visit>(&visit::page);
  const auto type = record_type_of<visit>();
  for (std::uint64_t i = 0; i < count;) {
    const auto b = type->make_builder(256);
    for (int n = 0; n < 256 && i < count; ++n, ++i) {
      const auto page = "p" + std::to_string(next(r, i));
      b->begin_row();
      if (!b->set(0, value::of(std::string_view{page}))) return {};
      if (i + recent >= count) out.share["\"" + page + "\""] += 1.0 / static_cast<double>(recent);
    }
    const auto batch = b->finish();
    std::vector<std::uint64_t> hashes(batch->size());
    if (!key->hashes(*batch, hashes.data())) return {};
    w.look(hashes, *batch, *key);
  }
  out.keys = w.report();
  return out;
}

}  // namespace

class hot_keys_test : public QObject {
  Q_OBJECT
private slots:
  void boundsHoldOnEveryStream() {
    const auto first = testing::seed_from_environment(1);
    for (std::uint64_t seed = first; seed < first + 5; ++seed) {
      for (const auto& s : streams()) {
        const auto wrong = check_bounds(s, seed);
        QVERIFY2(wrong.empty(), wrong.c_str());
      }
    }
  }
  /// The check can fail: a stream the sketch did not see.
  void boundsAreSeenToBeBroken() {
    random_source r{1};
    frequent_items sketch;
    exact_weights exact;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      if (i % 3 != 0) (void)sketch.add(i % 5);
      exact.add(i % 5);
    }
    QVERIFY(!violation(sketch, exact).empty());
  }
  void theMostFrequentKeysAreFoundInOrder() {
    const auto first = testing::seed_from_environment(1);
    for (std::uint64_t seed = first; seed < first + 20; ++seed) {
      random_source r{seed};
      frequent_items sketch;
      const zipf next{10'000, 1.5};
      for (std::uint64_t i = 0; i < 20'000; ++i) (void)sketch.add(next(r, i));
      std::vector<std::pair<double, std::uint64_t>> found;
      for (std::uint32_t c = 0; c < frequent_items::counters; ++c)
        found.emplace_back(sketch.estimate(c), sketch.item(c));
      std::ranges::sort(found, std::greater{});
      for (std::uint64_t rank = 1; rank <= 3; ++rank) {
        QVERIFY2(found[rank - 1].second == rank, ("seed " + std::to_string(seed)).c_str());
      }
    }
  }
  /// Sampled shares against exact ones, three times the error given: two standard deviations are left in 1 of 20.
  void sharesAreWithinTheErrorSaid() {
    const auto first = testing::seed_from_environment(1);
    for (std::uint64_t seed = first; seed < first + 10; ++seed) {
      const auto got = watch(zipf{1000, 1.5}, seed, 400'000, 400'000);
      const auto where = "seed " + std::to_string(seed);
      QVERIFY2(got.keys.size() >= 5, where.c_str());
      QVERIFY2(got.keys.front().key == "\"p1\"", where.c_str());
      for (const auto& k : got.keys) {
        const auto off = std::abs(k.share - got.share.at(k.key));
        QVERIFY2(off <= 3 * k.error, (where + ": " + k.key + " is off by " + std::to_string(off)).c_str());
      }
    }
  }
  /// Streams have rhythms; the distances between samples must not.
  void aRhythmIsNotTakenForAHotKey() {
    const auto period = std::uint64_t{hot_key_watch::sample_every};
    const auto got = watch([&](random_source&, std::uint64_t i) { return i % period == 0 ? 0 : 1 + i; }, 3, 500'000, 1);
    for (const auto& k : got.keys) QVERIFY2(k.share - k.error < 0.03, k.key.c_str());
  }
  void thePresentCountsMoreThanThePast() {
    const auto was_hot = [](random_source&, std::uint64_t i) { return i < 1'000'000 ? 1U : 2 + i % 3; };
    const auto got = watch(was_hot, 1, 4'000'000, 1);
    QVERIFY(!got.keys.empty());
    for (const auto& k : got.keys) QVERIFY2(k.key != "\"p1\"", "a key that is hot no more");
  }
  void nothingIsSaidOfEvenStreamsAndShortOnes() {
    QVERIFY(watch([](random_source& r, std::uint64_t) { return r.below(100'000); }, 1, 500'000, 1).keys.empty());
    QVERIFY(watch([](random_source&, std::uint64_t) { return 1; }, 1, 1000, 1).keys.empty());
  }
  void keysThatAreDataAboutAPersonAreMasked() {
    const auto type = record_type_of<guest>();
    const auto b = type->make_builder(256);
    for (int n = 0; n < 256; ++n) {
      b->begin_row();
      QVERIFY(b->set(0, value::of(std::string_view{"Ada Lovelace"})) && b->set(1, value::of(std::string_view{"7"})));
    }
    const auto batch = b->finish();
    const auto told = [&](const std::vector<std::string>& fields) {
      const auto key = *key_of(type, fields);
      std::vector<std::uint64_t> hashes(batch->size());
      hot_key_watch w{1};
      for (int i = 0; i < 200 && key->hashes(*batch, hashes.data()); ++i) w.look(hashes, *batch, *key);
      const auto keys = w.report();
      return keys.size() == 1 ? keys.front().key : std::to_string(keys.size()) + " keys";
    };
    QCOMPARE(told({"name"}), std::string{R"("***")"});
    QCOMPARE(told({"room", "name"}), std::string{R"("***")"});
    QCOMPARE(told({"room"}), std::string{R"("7")"});
  }
  void aKeyIsHotWhenItsPartitionHasHalfAsMuchAgain() {
    for (const std::uint32_t partitions : {2U, 3U, 8U, 64U}) {
      const auto share = engine::hot_share(partitions);
      QCOMPARE(share * partitions + 1 - share, 1.5);
    }
    QCOMPARE(engine::hot_share(1), 1.0);
  }
};

QTEST_APPLESS_MAIN(hot_keys_test)
#include "hot_keys_test.moc"
