#include "millrace/engine/channel_stats.hpp"

#include <QtTest>
#include <atomic>
#include <thread>

using millrace::engine::channel_stats;

namespace {

constexpr std::uint64_t batch = 100;

void send(channel_stats& s, std::uint64_t first, std::int64_t ingest_ns, std::int64_t now = 0) {
  s.on_sent(first, first + batch, ingest_ns, now);
}

}  // namespace

class channel_stats_test : public QObject {
  Q_OBJECT
private slots:
  void theOldestIsTheFirstThatIsNotDone() {
    channel_stats s;
    QCOMPARE(s.oldest_unfinished(), std::int64_t{0});
    send(s, 0, 1'000);
    send(s, batch, 2'000);
    QCOMPARE(s.oldest_unfinished(), std::int64_t{1'000});
    (void)s.on_taken(0, batch);
    QCOMPARE(s.oldest_unfinished(), std::int64_t{1'000});  // being handled is not done
    s.on_done(batch);
    QCOMPARE(s.oldest_unfinished(), std::int64_t{2'000});
    s.on_done(2 * batch);
    QCOMPARE(s.oldest_unfinished(), std::int64_t{0});
  }

  void eventsMayOvertakeEachOtherOnTheirWayHere() {
    channel_stats s;
    send(s, 0, 5'000);
    send(s, batch, 3'000);
    QCOMPARE(s.oldest_unfinished(), std::int64_t{3'000});
  }

  void moreThanAreKeptForgetsTheOldest() {
    channel_stats s;
    for (std::uint64_t i = 0; i <= channel_stats::batches_kept; ++i) {
      send(s, i * batch, static_cast<std::int64_t>(1'000 + i));
    }
    QCOMPARE(s.oldest_unfinished(), std::int64_t{1'001});
  }

  void oneBatchAtATimeIsFollowed() {
    channel_stats s;
    QVERIFY(s.wants_time());
    send(s, 0, 1, 10);
    QVERIFY(!s.wants_time());
    send(s, batch, 1);
    QCOMPARE(s.on_taken(0, batch), std::int64_t{10});
    QCOMPARE(s.on_taken(batch, 2 * batch), std::int64_t{0});
    for (std::uint64_t i = 2; i < channel_stats::followed_each; ++i) {
      QVERIFY(!s.wants_time());
      send(s, i * batch, 1);
    }
    QVERIFY(s.wants_time());
  }

  void aFollowedBatchThatNeverCameIsGivenUp() {
    channel_stats s;
    send(s, 0, 1, 10);
    for (std::uint64_t i = 1; i < channel_stats::followed_each; ++i) send(s, i * batch, 1);
    QVERIFY(!s.wants_time());
    QCOMPARE(s.on_taken(batch, 2 * batch), std::int64_t{0});
    QVERIFY(s.wants_time());
  }

  void goesOnWhereASnapshotSays() {
    channel_stats s;
    s.on_restored_sender(700);
    s.on_restored_receiver(600);
    QCOMPARE(s.sent(), std::uint64_t{700});
    QCOMPARE(s.done(), std::uint64_t{600});
  }

  // Stamps are of one batch, never of two: a reader that mixed them would see one that is long done.
  void readersSeeWholeStamps() {
    channel_stats s;
    std::atomic<bool> over{false};
    constexpr std::uint64_t rounds = 200'000;
    std::thread writer{[&] {
      for (std::uint64_t i = 0; i < rounds; ++i) {
        send(s, i * batch, static_cast<std::int64_t>(1 + i));
        if (i >= 4) s.on_done((i - 4) * batch);
      }
      over = true;
    }};
    bool is_fine = true;
    while (!over) {
      const auto done = s.done();
      const auto oldest = s.oldest_unfinished();
      // The event behind `done` came in at done/batch + 1; what is older was finished before we looked.
      is_fine = is_fine && (oldest == 0 || oldest >= static_cast<std::int64_t>(done / batch));
    }
    writer.join();
    QVERIFY(is_fine);
  }
};

QTEST_GUILESS_MAIN(channel_stats_test)
#include "channel_stats_test.moc"
