// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/routers.hpp"
#include "millrace/key_group.hpp"
#include "millrace/topology.hpp"
#include "millrace/validation.hpp"
#include "text_rig.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;

namespace {

/// Only makes batches: a filter accepts any record.
text_rig& batches() {
  static text_rig rig{{.id = "millrace.filter",
                       .params = {{"field", "key"}, {"value", "x"}},
                       .input_fields = "key:string,value:float64"}};
  return rig;
}

std::vector<std::uint16_t> targets_of(router& r, const batch_ptr& b, std::uint32_t partitions,
                                      std::vector<std::uint64_t>& hashes) {
  std::vector<std::uint16_t> targets(b->size());
  hashes.assign(b->size(), 0);
  (void)r.route(batches().ctx(), *b, partitions, targets, hashes);
  return targets;
}

}  // namespace

class routers_test : public QObject {
  Q_OBJECT
private slots:
  void byKeyAgreesWithKeyGroups() {
    std::vector<std::string> rows;
    for (int i = 0; i < 200; ++i) rows.push_back("key-" + std::to_string(i) + ",1");
    const auto b = batches().batch_of(rows);
    const std::vector<std::string> names{"key"};
    const auto type = record_type_ptr{record_type_ptr{}, &b->type()};
    const auto key = key_of(type, names);
    QVERIFY(key);
    for (const std::uint32_t groups : {1024u, 1000u}) {
      routers::by_key router;
      QVERIFY(router.routes_by_key());
      router.use_key(*key, groups);
      std::vector<std::uint64_t> hashes;
      const auto targets = targets_of(router, b, 7, hashes);
      for (std::uint32_t i = 0; i < b->size(); ++i) {
        key_bytes one;
        QVERIFY((*key)->key(*b, i, one));
        QCOMPARE(hashes[i], key_hash(one.view()));
        QCOMPARE(std::uint32_t{targets[i]}, partition_of(key_group_of(hashes[i], groups), 7, groups));
      }
    }
  }

  void byKeyNamesARecordWithoutAKey() {
    const auto b = batches().batch_of({"a,1", "b,nan"});
    const std::vector<std::string> names{"value"};
    const auto key = key_of(record_type_ptr{record_type_ptr{}, &b->type()}, names);
    routers::by_key router;
    router.use_key(*key, 1024);
    std::vector<std::uint64_t> hashes;
    QVERIFY_EXCEPTION_THROWN((void)targets_of(router, b, 2, hashes), std::invalid_argument);
  }

  void roundRobinGoesOnWhereItStopped() {
    const auto b = batches().batch_of({"a,1", "a,1", "a,1", "a,1"});
    routers::round_robin router;
    std::vector<std::uint64_t> hashes;
    QCOMPARE(targets_of(router, b, 3, hashes), (std::vector<std::uint16_t>{0, 1, 2, 0}));
    byte_buffer state;
    msgpack::writer w{state};
    router.save_state(w);
    routers::round_robin next;
    msgpack::reader in{state.view()};
    QVERIFY(next.load_state(in));
    QCOMPARE(targets_of(next, b, 3, hashes), (std::vector<std::uint16_t>{1, 2, 0, 1}));
    QCOMPARE(targets_of(next, b, 2, hashes), (std::vector<std::uint16_t>{0, 1, 0, 1}));
  }

  void leastLoadedFillsWhatIsEmpty() {
    text_rig rig{{.id = "millrace.least_loaded"}};
    auto& least = rig.as<router>();
    QVERIFY(least.wants_load());
    QVERIFY(!least.routes_by_key());
    const auto b = batches().batch_of(std::vector<std::string>(10, "a,1"));
    std::vector<std::uint64_t> hashes;
    const auto placed = [&](const std::vector<std::uint64_t>& loads) {
      least.see_load(loads);
      std::string out;
      for (const auto t : targets_of(least, b, 3, hashes)) out += std::to_string(t);
      return out;
    };
    QCOMPARE(placed({0, 0, 0}), std::string{"0120120120"});
    QCOMPARE(placed({4, 0, 2}), std::string{"1121212012"});
    QCOMPARE(placed({1000, 2000, 1000}), std::string{"0202020202"});
  }

  /// Where an event goes may change with a recovery, so its key's state could not be where it goes.
  void keyedStateCannotFollowTheLeastLoaded() {
    topology t;
    t.name = "refused";
    t.add("made", "millrace.generator");
    t.add("spread", "millrace.least_loaded");
    t.add("once", "millrace.deduplicate", {{"key", "key"}, {"ttl", "1h"}}, 2);
    t.add("taken", "millrace.null_sink", {}, 2);
    t.connect("made", "spread").connect("spread", "once").connect("once", "taken");
    std::string text;
    for (const auto& p : validate(t).problems) text += to_string(p) + "\n";
    QVERIFY2(text.find("'spread' does not send each key to the partition that owns it") != std::string::npos,
             text.c_str());
    QVERIFY2(text.find("make 'spread' a \"millrace.by_key\" router") != std::string::npos, text.c_str());
  }

  void broadcastSaysSo() { QVERIFY(routers::broadcast{}.broadcasts()); }
};

QTEST_APPLESS_MAIN(routers_test)
#include "routers_test.moc"
