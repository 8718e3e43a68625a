// Entries of a logged producer by hand: several outputs, versions of records, logs and snapshots that do not fit.
#include "millrace/engine/producer_log.hpp"
#include "millrace/msgpack.hpp"
#include "millrace/producer.hpp"
#include "millrace/record.hpp"
#include "millrace/testing/memory_store.hpp"
#include "sample_actors.hpp"

#include <QtTest>

using namespace millrace;
using engine::emitted_batch;
using engine::log_offset;
using engine::logged_state;
using engine::producer_log;

namespace first {
struct note {
  std::int64_t number{};
};
MILLRACE_RECORD(note, 1, number)
}  // namespace first
namespace second {
struct note {
  std::int64_t number{};
  std::string text = "none";
};
MILLRACE_RECORD(note, 2, number, since(2, text))
}  // namespace second
namespace other {
struct note {
  std::string number;
};
MILLRACE_RECORD(note, 1, number)
}  // namespace other

namespace {

/// Never run: its outputs are what a log writes and reads.
template <class Note>
struct source final : producer {
  out<sample::reading> readings{this, "readings"};
  out<Note> notes{this, "notes"};
  poll_result poll(context&, std::size_t) override { return poll_result::end(); }
  void save_position(msgpack::writer& w) const override { w.nil(); }
  bool load_position(msgpack::reader& r) override { return r.skip(); }
  std::string describe_position() const override { return {}; }
  const std::vector<output_base*>& outputs() { return engine::actor_access::outputs(*this); }
};

byte_buffer packed(std::int64_t n) {
  byte_buffer out;
  msgpack::writer{out}.integer(n);
  return out;
}

batch_ptr notes(std::int64_t from, std::int64_t count) {
  typed_builder<first::note> b{8};
  for (std::int64_t i = 0; i < count; ++i) b.push({from + i});
  return b.finish();
}
batch_ptr readings(std::int64_t from, std::int64_t count) {
  typed_builder<sample::reading> b{8};
  for (std::int64_t i = 0; i < count; ++i) b.push(sample::reading_of(0, from + i, 5));
  return b.finish();
}

void write(producer_log& log, const std::vector<emitted_batch>& batches, std::int64_t position, bool is_final = false) {
  log.stage(batches, {.before = {3}, .told = event_time{9}, .random = 7, .actor = packed(1), .position = packed(position), .is_final = is_final});
  if (auto done = log.write(); !done) qFatal("%s", done.error().message.c_str());
}

}  // namespace

class producer_log_test : public QObject {
  Q_OBJECT
private slots:
  void init() { store_ = std::make_unique<testing::memory_event_log>(); }

  void bringsEveryOutputsBatchesBack() {
    source<first::note> actor;
    {
      producer_log log{*store_, "notes", 0, actor.outputs()};
      QVERIFY(!(*log.restore({}, false)).has_value());
      write(log, {{1, readings(0, 3)}, {2, notes(10, 2)}}, 3);
      write(log, {{2, notes(12, 4)}}, 4, true);
      QCOMPARE(log.next().value, std::uint64_t{9});
    }
    producer_log log{*store_, "notes", 0, actor.outputs()};
    const auto last = log.restore(log_offset{}, true);
    QVERIFY(last && last->has_value());
    QCOMPARE((*last)->random, std::uint64_t{7});
    QVERIFY((*last)->is_final);
    QVERIFY(std::ranges::equal((*last)->position.view(), packed(4).view()));
    const auto one = log.replay();
    QVERIFY(one);
    QCOMPARE(one->behind.before.ns, std::int64_t{3});
    QCOMPARE(one->behind.told->ns, std::int64_t{9});
    QCOMPARE(one->batches.size(), std::size_t{2});
    QCOMPARE(one->batches[0].port, std::size_t{1});
    QVERIFY(rows<sample::reading>(*one->batches[0].records)[2] == sample::reading_of(0, 2, 5));
    QCOMPARE(rows<first::note>(*one->batches[1].records)[1].number, std::int64_t{11});
    QVERIFY(log.is_replaying());
    QVERIFY(log.replay()->behind.is_final);
    QVERIFY(!log.is_replaying());
  }

  void goesOnWhereASnapshotWas() {
    source<first::note> actor;
    producer_log log{*store_, "notes", 0, actor.outputs()};
    QVERIFY(log.restore({}, false));
    write(log, {{2, notes(0, 2)}}, 2);
    log.note({1});
    write(log, {{2, notes(2, 3)}}, 5);
    QVERIFY(log.trim({1}));
    QCOMPARE(store_->extent("producer/notes", 0)->head.value, std::uint64_t{2});
    producer_log again{*store_, "notes", 0, actor.outputs()};
    QVERIFY(again.restore(log_offset{2}, true)->has_value());
    const auto one = again.replay();
    QVERIFY(one);
    QCOMPARE(rows<first::note>(*one->batches[0].records)[0].number, std::int64_t{2});
    QVERIFY(!again.is_replaying());
  }

  void readsRecordsOfAnEarlierVersion() {
    source<first::note> was;
    producer_log old{*store_, "notes", 0, was.outputs()};
    QVERIFY(old.restore({}, false));
    write(old, {{2, notes(5, 1)}}, 1);
    source<second::note> is;
    producer_log log{*store_, "notes", 0, is.outputs()};
    QVERIFY(log.restore({}, false)->has_value());
    const auto one = log.replay();
    QVERIFY2(one, one ? "" : one.error().message.c_str());
    QCOMPARE(rows<second::note>(*one->batches[0].records)[0].number, std::int64_t{5});
    QCOMPARE(rows<second::note>(*one->batches[0].records)[0].text, std::string{"none"});
  }

  void refusesRecordsThatBecameOthers() {
    source<first::note> was;
    producer_log old{*store_, "notes", 0, was.outputs()};
    QVERIFY(old.restore({}, false));
    write(old, {{2, notes(5, 1)}}, 1);
    source<other::note> is;
    producer_log log{*store_, "notes", 0, is.outputs()};
    QVERIFY(log.restore({}, false)->has_value());
    const auto one = log.replay();
    QVERIFY(!one);
    QVERIFY2(one.error().message.find("field 'number' was written as int64") != std::string::npos,
             one.error().message.c_str());
  }

  void refusesALogThatDoesNotFitTheSnapshot() {
    source<first::note> actor;
    producer_log log{*store_, "notes", 0, actor.outputs()};
    const auto beyond = log.restore(log_offset{40}, true);
    QVERIFY(!beyond);
    QVERIFY2(beyond.error().message.find("the snapshot goes on at 40") != std::string::npos,
             beyond.error().message.c_str());
    QVERIFY(log.restore({}, false));
    write(log, {{2, notes(0, 4)}}, 4);
    log.note({1});
    QVERIFY(log.trim({1}));
    const auto uncovered = log.restore({}, false);
    QVERIFY(!uncovered);
    QVERIFY2(uncovered.error().message.find("no snapshot covers those before") != std::string::npos,
             uncovered.error().message.c_str());
  }

  void startsAtTheEndForASnapshotOfUnloggedTimes() {
    source<first::note> actor;
    producer_log log{*store_, "notes", 0, actor.outputs()};
    QVERIFY(log.restore({}, false));
    write(log, {{2, notes(0, 4)}}, 4);
    producer_log again{*store_, "notes", 0, actor.outputs()};
    QVERIFY(!(*again.restore({}, true)).has_value());
    QVERIFY(!again.is_replaying());
    QCOMPARE(again.next().value, std::uint64_t{4});
  }

  void saysWhenSomebodyElseWritesToTheLog() {
    source<first::note> actor;
    producer_log log{*store_, "notes", 0, actor.outputs()};
    QVERIFY(log.restore({}, false));
    QVERIFY(store_->append("producer/notes", 0, packed(1).view(), 1));
    log.stage({{2, notes(0, 1)}}, {});
    const auto done = log.write();
    QVERIFY(!done);
    QVERIFY2(done.error().message.find("something else writes") != std::string::npos, done.error().message.c_str());
  }

private:
  std::unique_ptr<testing::memory_event_log> store_;
};

QTEST_APPLESS_MAIN(producer_log_test)
#include "producer_log_test.moc"
