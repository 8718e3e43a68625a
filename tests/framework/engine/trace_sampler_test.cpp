#include "millrace/engine/trace_sampler.hpp"

#include <QTest>

#include <set>

#include "millrace/engine/span_ring.hpp"

using namespace millrace::engine;

namespace {

using sequences = std::vector<std::uint64_t>;

/// What is chosen of the first `count` sequences when they come in batches of `batch`.
sequences chosen(trace_sampler& s, std::uint64_t count, std::uint32_t batch, std::int64_t now = 1) {
  sequences out;
  std::vector<std::uint32_t> rows;
  for (std::uint64_t at = 0; at < count; at += batch) {
    s.choose(at, static_cast<std::uint32_t>(std::min<std::uint64_t>(batch, count - at)), now, rows);
    for (const auto r : rows) out.push_back(at + r);
  }
  return out;
}

}  // namespace

class trace_sampler_test : public QObject {
  Q_OBJECT
private slots:
  void choosesOneOfEachBlockWhateverTheBatches() {
    const trace_rule rule{100, 7, 0};
    trace_sampler one{rule, 3};
    const auto expected = chosen(one, 10'000, 256);
    QCOMPARE(expected.size(), std::size_t{100});
    std::set<std::uint64_t> places;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      QCOMPARE(expected[i] / 100, std::uint64_t{i});
      places.insert(expected[i] % 100);
    }
    // Drawn, not every hundredth.
    QVERIFY(places.size() > 40);
    for (const std::uint32_t batch : {1U, 7U, 100U, 1024U}) {
      trace_sampler again{rule, 3};
      QCOMPARE(chosen(again, 10'000, batch), expected);
    }
  }

  void anotherSeedOrOutputChoosesOthers() {
    trace_sampler a{{100, 7, 0}, 3};
    trace_sampler b{{100, 8, 0}, 3};
    trace_sampler c{{100, 7, 0}, 4};
    const auto first = chosen(a, 10'000, 256);
    QVERIFY(first != chosen(b, 10'000, 256) && first != chosen(c, 10'000, 256));
  }

  void offChoosesNothingAndOneInOneAll() {
    trace_sampler off{{0, 0, 0}, 0};
    QVERIFY(chosen(off, 1'000, 100).empty());
    trace_sampler all{{1, 0, 0}, 0};
    QCOMPARE(chosen(all, 1'000, 100).size(), std::size_t{1'000});
  }

  void theLimitLeavesOutAndCounts() {
    trace_sampler s{{1, 0, 50}, 0};
    QCOMPARE(chosen(s, 1'000, 100, 1).size(), std::size_t{5});  // a tenth of a second's worth
    QCOMPARE(s.limited(), std::uint64_t{995});
    QCOMPARE(chosen(s, 100, 100, 1'000'000'001).size(), std::size_t{5});
    QCOMPARE(chosen(s, 100, 100, 1'020'000'001).size(), std::size_t{1});
  }

  void aFrameHasNoMoreMarksThanItMay() {
    trace_sampler s{{1, 0, 0}, 0};
    std::vector<std::uint32_t> rows;
    s.choose(0, 65'536, 1, rows);
    QCOMPARE(rows.size(), frame_marks_max);
    QCOMPARE(s.limited(), std::uint64_t{65'536 - frame_marks_max});
  }

  void aFullRingDropsAndCounts() {
    span_ring ring;
    for (std::size_t i = 0; i < span_ring::spans_max + 3; ++i) ring.push({.span = i});
    QCOMPARE(ring.dropped(), std::uint64_t{3});
    std::size_t next = 0;
    ring.drain([&](const span_record& s) { QCOMPARE(s.span, next++); });
    QCOMPARE(next, span_ring::spans_max);
    QVERIFY(ring.empty());
    ring.push({.span = 9});
    ring.drain([&](const span_record& s) { QCOMPARE(s.span, std::uint64_t{9}); });
  }

  void idsAreWrittenAndReadAsW3cDoes() {
    const trace_id id{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736};
    QCOMPARE(to_string(id), std::string{"4bf92f3577b34da6a3ce929d0e0e4736"});
    trace_id read;
    QVERIFY(read_trace_id(to_string(id), read));
    QCOMPARE(read, id);
    for (const char* wrong : {"", "4bf9", "4BF92F3577B34DA6A3CE929D0E0E4736", "00000000000000000000000000000000",
                              "4bf92f3577b34da6a3ce929d0e0e473g", "4bf92f3577b34da6a3ce929d0e0e47360"}) {
      QVERIFY2(!read_trace_id(wrong, read), wrong);
    }
  }
};

QTEST_APPLESS_MAIN(trace_sampler_test)
#include "trace_sampler_test.moc"
