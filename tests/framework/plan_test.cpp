// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/engine/plan.hpp"
#include "millrace/actor.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/key.hpp"
#include "millrace/port.hpp"
#include "millrace/validation.hpp"
#include "wiring_actors.hpp"

#include <QtTest>
#include <algorithm>
#include <string>
#include <vector>

using namespace millrace;
using engine::actor_access;
using wiring_test::counting;

namespace {

using plan_ptr = std::shared_ptr<const engine::plan>;

plan_ptr plan_of(const topology& t) {
  auto v = wiring_test::checked(t);
  if (!v.ok()) qFatal("%s", wiring_test::text_of(v).c_str());
  return v.plan;
}

std::vector<engine::plan_channel> channels_of(const engine::plan& p, std::uint32_t stream) {
  std::vector<engine::plan_channel> found;
  std::ranges::copy_if(p.channels, std::back_inserter(found), [&](const auto& c) { return c.stream == stream; });
  return found;
}

std::uint64_t hash_of(const key_extractor& key, const batch& b) {
  std::uint64_t hash = 0;
  if (!key.hashes(b, &hash)) qFatal("no key");
  return hash;
}

/// One record of any type, its fields set by name.
batch_ptr one_record(const record_type& type, const std::vector<std::pair<std::string, value>>& fields) {
  const auto builder = type.make_builder(1);
  builder->begin_row();
  for (const auto& [name, v] : fields) {
    if (!builder->set(*type.schema().find(name), v)) qFatal("field %s", name.c_str());
  }
  return builder->finish();
}

const std::string account = "DE-4711";

}  // namespace

class plan_test : public QObject {
  Q_OBJECT
private slots:
  void numbersTasksByActorAndPartition() {
    const auto p = plan_of(counting());
    QCOMPARE(p->tasks.size(), std::size_t{7});
    for (std::uint32_t i = 0; i < p->tasks.size(); ++i) QCOMPARE(p->tasks[i].id.value, i);
    QCOMPARE(p->task_name(task_id{0}), std::string{"trades/0"});
    QCOMPARE(p->task_name(task_id{5}), std::string{"count/3"});
    QCOMPARE(p->tasks[5].partition, 3U);
    QCOMPARE(p->tasks[5].parallelism, 4U);
    QCOMPARE(p->tasks[5].actor, 2U);
    QCOMPARE(p->task_name(task_id{6}), std::string{"file/0"});
  }

  void joinsEqualParallelismOneToOne() {
    auto t = counting();
    t.actors[0].parallelism = 3;
    const auto p = plan_of(t);
    const auto straight = channels_of(*p, 0);
    QCOMPARE(straight.size(), std::size_t{3});
    for (std::uint32_t i = 0; i < 3; ++i) {
      QCOMPARE(straight[i].source.value, i);
      QCOMPARE(straight[i].target.value, 3 + i);
      QCOMPARE(straight[i].lane, 0U);
    }
    QCOMPARE(straight[2].name, std::string{"trades/2.out -> route/2.in"});
  }

  void meshesBehindARouter() {
    auto t = counting();
    t.actors[0].parallelism = 3;
    const auto p = plan_of(t);
    const auto mesh = channels_of(*p, 1);
    QCOMPARE(mesh.size(), std::size_t{12});
    for (std::uint32_t i = 0; i < 12; ++i) {
      QCOMPARE(mesh[i].source.value, 3 + i / 4);
      QCOMPARE(mesh[i].target.value, 6 + i % 4);
      QCOMPARE(mesh[i].lane, i % 4);
    }
    for (std::uint32_t i = 0; i < p->channels.size(); ++i) QCOMPARE(p->channels[i].id.value, i);
  }

  void gathersIntoOnePartition() {
    const auto p = plan_of(counting());
    const auto gather = channels_of(*p, 2);
    QCOMPARE(gather.size(), std::size_t{4});
    for (const auto& c : gather) {
      QCOMPARE(c.target.value, 6U);
      QCOMPARE(c.lane, 0U);
      QCOMPARE(c.output, 1U);
    }
  }

  void numbersTheStreamsThatLeaveAPort() {
    auto t = counting();
    t.add("copy", "test.log_sink");
    t.add("letters", "test.log_sink");
    t.connect("count", "copy").connect("count.dead", "letters");
    const auto p = plan_of(t);
    QCOMPARE(channels_of(*p, 2).front().stream_slot, 0U);
    QCOMPARE(channels_of(*p, 3).front().stream_slot, 1U);
    QCOMPARE(channels_of(*p, 4).front().stream_slot, 0U);
    QCOMPARE(channels_of(*p, 4).front().output, 0U);
    QCOMPARE(channels_of(*p, 4).front().type->schema().name, std::string{"dead_letter"});
  }

  void findsRegions() {
    topology t;
    t.name = "two";
    for (const std::string side : {"a", "b"}) {
      t.add("trades-" + side, "test.trades", {}, 2);
      t.add("file-" + side, "test.file_sink", {}, 2);
      t.connect("trades-" + side, "file-" + side);
    }
    const auto p = plan_of(t);
    QCOMPARE(p->regions, 4U);
    std::vector<std::uint32_t> regions;
    for (const auto& task : p->tasks) regions.push_back(task.region);
    QCOMPARE(regions, (std::vector<std::uint32_t>{0, 1, 0, 1, 2, 3, 2, 3}));
    QCOMPARE(plan_of(counting())->regions, 1U);
  }

  void convertsTypedRecordsForDynamicInputs() {
    const auto p = plan_of(counting());
    const auto into_sink = channels_of(*p, 2).front();
    QVERIFY(!into_sink.type->is_dynamic());
    QVERIFY(into_sink.to_input != nullptr);
    QVERIFY(into_sink.to_input->to()->is_dynamic());
    QCOMPARE(into_sink.to_input->to(), p->input_types[3][0]);
    QVERIFY(channels_of(*p, 0).front().to_input == nullptr);
  }

  void convertsDynamicRecordsForTypedInputs() {
    auto t = counting("test.rows");
    t.actors[0].params = {{"fields", "at:event_time,account:string,amount:int32,more:bool"}};
    const auto p = plan_of(t);
    const auto into_count = channels_of(*p, 1).front();
    QVERIFY(into_count.type->is_dynamic());
    QCOMPARE(into_count.to_input->to(), p->input_types[2][0]);
    QCOMPARE(p->input_types[2][0]->schema().name, std::string{"trade"});
  }

  void routesByTheKeyOfTheInputBehind() {
    const auto p = plan_of(counting());
    QVERIFY(p->router_keys[1] != nullptr);
    QCOMPARE(p->router_keys[1], p->input_keys[2][0]);
    QVERIFY(p->input_keys[3][0] == nullptr);
    QVERIFY(p->router_keys[2] == nullptr);
  }

  void findsTheSameKeyBeforeAndBehindConversion_data() {
    QTest::addColumn<QString>("type");
    QTest::newRow("by field name") << "test.count";
    QTest::newRow("by function") << "test.count_by_initial";
  }
  void findsTheSameKeyBeforeAndBehindConversion() {
    QFETCH(QString, type);
    auto t = counting("test.rows");
    t.actors[0].params = {{"fields", "at:event_time,account:string,amount:int64"}};
    t.actors[2].type = type.toStdString();
    const auto p = plan_of(t);
    const auto into_count = channels_of(*p, 1).front();
    const auto passing = one_record(*into_count.type, {{"account", value::of(std::string_view{account})}});
    const auto handled = into_count.to_input->convert(*passing);
    QCOMPARE(hash_of(*p->router_keys[1], *passing), hash_of(*p->input_keys[2][0], *handled));
    QCOMPARE(p->router_keys[1]->description(), p->input_keys[2][0]->description());
  }

  void keysDynamicInputsByFieldNames() {
    auto t = counting();
    t.actors[2].type = "test.group";
    const auto p = plan_of(t);
    const auto into_group = channels_of(*p, 1).front();
    const auto passing = one_record(*into_group.type, {{"account", value::of(std::string_view{account})}});
    const auto handled = into_group.to_input->convert(*passing);
    QCOMPARE(hash_of(*p->router_keys[1], *passing), hash_of(*p->input_keys[2][0], *handled));
  }

  void makesConfiguredInstances() {
    auto t = counting("test.rows");
    t.actors[0].params = {{"fields", "account:string,amount:int64,at:event_time"}};
    t.actors[0].parallelism = 2;
    const auto p = plan_of(t);
    const auto first = p->instantiate(task_id{0});
    const auto second = p->instantiate(task_id{1});
    const auto type_of = [](actor& a) { return actor_access::outputs(a)[1]->type(); };
    QCOMPARE(type_of(*first), p->output_types[0][1]);
    QCOMPARE(type_of(*second), type_of(*first));
    QCOMPARE(type_of(*p->instantiate(task_id{2})), type_of(*first));
  }

  void resolvesPathsAgainstTheTopologysFolder() {
    auto t = counting();
    t.base_folder = "/srv/fraud";
    const auto file_of = [](const topology& spec) {
      const auto made = plan_of(spec)->instantiate(task_id{0});
      return to_string(actor_access::params(*made).front()->get());
    };
    t.actors[0].params = {{"file", "data/../trades.csv"}};
    QCOMPARE(file_of(t), std::string{"/srv/fraud/trades.csv"});
    t.actors[0].params = {{"file", "/data/trades.csv"}};
    QCOMPARE(file_of(t), std::string{"/data/trades.csv"});
    t.actors[0].params.clear();
    QCOMPARE(file_of(t), std::string{});
  }

  void passesTypesThroughChainsOfRouters() {
    auto t = counting();
    t.add("spread", "test.round_robin");
    t.streams[0].to_actor = "spread";
    t.connect("spread", "route");
    const auto p = plan_of(t);
    QCOMPARE(p->output_types[4][1], p->output_types[0][1]);
    QCOMPARE(p->output_types[1][1], p->output_types[0][1]);
  }

  void givesDynamicOutputsOneTypeForAllPartitions() {
    topology t;
    t.name = "rows";
    t.add("trades", "test.trades", {}, 2);
    t.add("pass", "test.pass", {}, 2);
    t.add("file", "test.file_sink");
    t.connect("trades", "pass").connect("pass", "file");
    const auto p = plan_of(t);
    const auto into_file = channels_of(*p, 1);
    QCOMPARE(into_file[0].type, into_file[1].type);
    QCOMPARE(into_file[0].type, p->output_types[1][1]);
    QVERIFY(into_file[0].to_input == nullptr);
  }
};

QTEST_APPLESS_MAIN(plan_test)
#include "plan_test.moc"
