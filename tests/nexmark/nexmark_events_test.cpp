#include <QtTest>
#include <algorithm>
#include <set>
#include <string>

#include "nexmark/event_json.hpp"
#include "nexmark/event_maker.hpp"
#include "nexmark/id_set.hpp"

using namespace millrace;
using namespace millrace::nexmark;

namespace {

std::string line_of(const event_maker& maker, std::uint64_t number) {
  nexmark::event e;
  maker.make(number, e);
  std::string line;
  append_json_line(line, e);
  return line;
}

}  // namespace

/// The events of the benchmark.
class nexmark_events_test : public QObject {
  Q_OBJECT

private slots:
  void anEventDependsOnItsNumberAlone() {
    const event_maker maker{{}};
    std::vector<std::string> forward;
    for (std::uint64_t n = 0; n < 500; ++n) forward.push_back(line_of(maker, n));
    const event_maker other{{}};
    for (std::uint64_t n = 500; n-- != 0;) QCOMPARE(line_of(other, n), forward[n]);
  }

  void anotherSeedGivesOtherEvents() {
    const event_maker one{{.seed = 1}};
    const event_maker two{{.seed = 2}};
    QVERIFY(line_of(one, 4) != line_of(two, 4));
  }

  void ofFiftyEventsOneIsAPersonAndThreeAreAuctions() {
    const event_maker maker{{}};
    std::array<int, 3> kinds{};
    for (std::uint64_t n = 100; n < 150; ++n) {
      nexmark::event e;
      maker.make(n, e);
      ++kinds[static_cast<std::size_t>(e.kind)];
      QCOMPARE(e.person.size(), e.kind == event_kind::person ? std::size_t{1} : std::size_t{0});
      QCOMPARE(e.auction.size(), e.kind == event_kind::auction ? std::size_t{1} : std::size_t{0});
    }
    QCOMPARE(kinds, (std::array<int, 3>{1, 3, 46}));
  }

  void idsGoUpWithoutGaps() {
    const event_maker maker{{}};
    std::uint64_t person = 1000;
    std::uint64_t auction = 1000;
    for (std::uint64_t n = 0; n < 1000; ++n) {
      nexmark::event e;
      maker.make(n, e);
      if (e.kind == event_kind::person) QCOMPARE(e.person.front().id, person++);
      if (e.kind == event_kind::auction) QCOMPARE(e.auction.front().id, auction++);
    }
  }

  void groupsAreShuffledWithinThemselves() {
    const event_maker straight{{}};
    const event_maker shuffled{{.group = 100}};
    for (std::uint64_t first = 0; first < 1000; first += 100) {
      std::set<event_time> wanted;
      std::set<event_time> found;
      bool is_in_order = true;
      for (auto n = first; n < first + 100; ++n) {
        wanted.insert(straight.time_of(n));
        found.insert(shuffled.time_of(n));
        is_in_order = is_in_order && straight.time_of(n) == shuffled.time_of(n);
      }
      QVERIFY(found == wanted);
      QVERIFY(!is_in_order);
    }
  }

  void noEventIsLaterThanTheWatermarkDelay() {
    const stream_options o{.group = 100'000, .interval = std::chrono::milliseconds{1}};
    const event_maker maker{o};
    event_time newest = event_time::min();
    for (std::uint64_t n = 0; n < 300'000; ++n) {
      newest = std::max(newest, maker.time_of(n));
      QVERIFY(maker.time_of(n) >= newest - watermark_delay(o));
    }
  }

  void sizesAndPricesAreThoseOfTheBenchmark() {
    const event_maker maker{{}};
    double padding = 0;
    double auction_bytes = 0;
    int bids = 0;
    int auctions = 0;
    std::array<int, 3> thirds{};
    for (std::uint64_t n = 0; n < 50'000; ++n) {
      nexmark::event e;
      maker.make(n, e);
      if (e.kind == event_kind::auction) {
        const auto& a = e.auction.front();
        auction_bytes += 56 + static_cast<double>(a.item_name.size() + a.description.size() + a.extra.size());
        ++auctions;
        QVERIFY(a.expires > a.date_time && a.reserve > a.initial_bid);
      }
      if (e.kind != event_kind::bid) continue;
      ++bids;
      padding += static_cast<double>(e.bid.extra.size());
      QVERIFY(e.bid.price >= 100 && e.bid.price <= 100'000'000);
      ++thirds[e.bid.price < 10'000 ? 0 : e.bid.price < 1'000'000 ? 1 : 2];
      QVERIFY(std::ranges::all_of(e.bid.extra.view(), [](char c) { return c >= 'a' && c <= 'z'; }));
    }
    QVERIFY(std::abs(32 + padding / bids - 100) < 1);
    QVERIFY(std::abs(auction_bytes / auctions - 500) < 5);
    for (const auto third : thirds) QVERIFY(std::abs(third - bids / 3) < bids / 50);
  }

  void linesOfJsonComeBackAsTheyWere() {
    const event_maker maker{{.seed = 7, .group = 10}};
    for (std::uint64_t n = 0; n < 2000; ++n) {
      const auto line = line_of(maker, n);
      nexmark::event back;
      const auto parsed = parse_json_line(std::string_view{line}.substr(0, line.size() - 1), back);
      QVERIFY2(parsed.has_value(), parsed ? "" : parsed.error().message.c_str());
      std::string again;
      append_json_line(again, back);
      QCOMPARE(again, line);
    }
  }

  void linesThatAreNoEventsAreRefused() {
    const auto good = line_of(event_maker{{}}, 4);
    const auto refuses = [](const std::string& line) {
      nexmark::event e;
      return !parse_json_line(line, e).has_value();
    };
    QVERIFY(refuses(""));
    QVERIFY(refuses("{}"));
    QVERIFY(refuses(R"({"number":4,"kind":"offer"})"));
    QVERIFY(refuses(R"({"number":4,"kind":"bid"})"));
    QVERIFY(refuses(good.substr(0, good.size() / 2)));
    auto twice = good;
    twice.insert(twice.find(",\"bidder\""), ",\"auction\":1");
    QVERIFY(refuses(twice));
    auto long_channel = good;
    long_channel.insert(long_channel.find("\"channel\":\"") + 11, "a-name-that-is-far-too-long");
    QVERIFY(refuses(long_channel));
  }

  void aSetOfIdsKnowsItsMarks() {
    id_set set;
    QCOMPARE(set.add(5, 1), 1U);
    QCOMPARE(set.add(5, 1), 0U);
    QCOMPARE(set.add(5, 4), 4U);
    for (std::uint64_t id = 0; id < 1000; ++id) (void)set.add(id * 64, 2);
    QCOMPARE(set.size(), std::size_t{1001});
    byte_buffer bytes;
    msgpack::writer w{bytes};
    encode(w, set);
    msgpack::reader r{bytes.view()};
    id_set back;
    QVERIFY(decode(r, back) && r.at_end());
    QCOMPARE(back.size(), set.size());
    QCOMPARE(back.add(5, 7), 2U);
    QCOMPARE(back.add(640, 3), 1U);
  }
};

QTEST_APPLESS_MAIN(nexmark_events_test)
#include "nexmark_events_test.moc"
