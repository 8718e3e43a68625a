// What faults add to a producer's input: the same again, poison, time that goes by faster.
#include "millrace/engine/upstream_faults.hpp"
#include "hand_channel.hpp"
#include "millrace/chaos/fault_board.hpp"
#include "millrace/chaos/poison.hpp"
#include "millrace/dynamic_batch.hpp"
#include "sample_topology.hpp"
#include "still_clock.hpp"

#include <QtTest>
#include <cmath>

using namespace millrace;
using chaos::fault_kind;
using chaos::fault_request;
using sample::reading;
using namespace std::chrono_literals;

namespace {

/// Keeps what is set aside.
class letter_box final : public context {
public:
  explicit letter_box(engine::keyed_state& state) : context("numbers", 0, 1, state, 1) {}
  [[nodiscard]] processing_time now() const override { return {}; }
  void log(log_level, std::string_view) override {}
  void set_aside(const malformed_input& what) override { letters.push_back(to_letter(what, "numbers", 0)); }
  std::vector<dead_letter> letters;
};

constexpr task_id producer_id{0};

/// A producer's outputs, and faults before them.
struct source {
  std::shared_ptr<const engine::plan> plan = sample::plan_of(sample::mesh({}));
  std::shared_ptr<sample::still_clock> time = std::make_shared<sample::still_clock>();
  chaos::fault_board board{{plan.get(), time, [](log_level, const std::string&) {}, [](task_id) { return true; },
                            [](std::int64_t) {}, [](const auto&) {}}};
  std::unique_ptr<actor> numbers = plan->instantiate(producer_id);
  std::shared_ptr<sample::hand_wire> wire = std::make_shared<sample::hand_wire>();
  engine::task_outputs outputs{ports()};
  chaos::task_gate gate{board.task(producer_id), producer_id};
  engine::upstream_faults faults{gate, outputs};
  letter_box letters{engine::actor_access::state(*numbers)};
  output_base* out = nullptr;
  std::int64_t next = 0;

  explicit source(fault_request r) {
    outputs.bind(256, nullptr, true);
    outputs.on_batch([this](std::size_t port, const batch_ptr& b) { faults.saw(port, b); });
    for (auto* o : engine::actor_access::outputs(*numbers)) {
      if (o->type() == record_type_of<reading>()) out = o;
    }
    r.target = plan->task_name(producer_id);
    if (const auto id = board.inject(std::move(r)); !id) qFatal("%s", id.error().message.c_str());
  }
  std::vector<engine::task_outputs::port> ports() {
    std::vector<engine::task_outputs::port> all;
    for (auto* o : engine::actor_access::outputs(*numbers)) {
      all.push_back({o, {}, {}, {}});
      if (o->type() != record_type_of<reading>()) continue;
      all.back().groups.resize(1);
      all.back().groups[0].emplace_back("numbers -> tally", engine::frame{.incarnation = {1}},
                                        std::make_unique<sample::hand_sender>(wire),
                                        engine::credit_window{1'000, std::uint64_t{1} << 30});
    }
    return all;
  }
  /// One poll that emits so many, and what faults do before the next.
  bool poll(std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      static_cast<typed_builder<reading>&>(*out->builder()).push(sample::reading_of(0, next++, 5));
      if (out->builder()->is_full()) outputs.batch_full(*out);
    }
    return add();
  }
  bool add() { return faults.add(letters, time->ns); }
  std::vector<std::int64_t> numbers_sent() const {
    std::vector<std::int64_t> all;
    for (const auto& f : wire->frames) {
      if (!f.body) continue;
      for (const auto& r : rows<reading>(*f.body)) all.push_back(r.number);
    }
    return all;
  }
  std::uint64_t hits() const { return board.list().front().hits; }
};

}  // namespace

class upstream_faults_test : public QObject {
  Q_OBJECT
private slots:
  void aBatchComesTwiceAndNoMoreOften() {
    source s{{.kind = fault_kind::source_duplicate}};
    QVERIFY(s.poll(3));
    QCOMPARE(s.numbers_sent(), (std::vector<std::int64_t>{0, 1, 2, 0, 1, 2}));
    QVERIFY2(!s.add(), "what was repeated is not repeated");
    QVERIFY(s.poll(1));
    QCOMPARE(s.numbers_sent(), (std::vector<std::int64_t>{0, 1, 2, 0, 1, 2, 3, 3}));
    QCOMPARE(s.hits(), std::uint64_t{2});
  }
  void anInputGoesBackByWhatWasAskedFor() {
    source s{{.kind = fault_kind::source_rewind, .parameters = {{"events", 500}}}};
    QVERIFY2(!s.poll(256), "so much has not come yet");
    QVERIFY(s.poll(256));
    QVERIFY(s.add());  // a batch a call, so that credit is heeded
    QVERIFY(!s.add());
    const auto sent = s.numbers_sent();
    QCOMPARE(sent.size(), std::size_t{1024});
    for (std::size_t i = 0; i < sent.size(); ++i) QCOMPARE(sent[i], static_cast<std::int64_t>(i % 512));
    QCOMPARE(s.hits(), std::uint64_t{1});
  }
  void smallBatchesAreGatheredUntilThereIsEnough() {
    source s{{.kind = fault_kind::source_rewind, .parameters = {{"events", 25}}}};
    for (int i = 0; i < 3; ++i) QVERIFY(!s.poll(8));
    QVERIFY(s.poll(8));
    for (int i = 0; i < 3; ++i) QVERIFY(s.add());
    QVERIFY(!s.add());
    QCOMPARE(s.numbers_sent().size(), std::size_t{64});
  }
  void whatCannotBeReadIsSetAsideOnceWithItsBytes_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("reason");
    QTest::newRow("malformed") << static_cast<int>(fault_kind::poison_malformed) << "injected:1";
    QTest::newRow("oversized") << static_cast<int>(fault_kind::poison_oversized) << "longer than 1048576 bytes";
    QTest::newRow("nested") << static_cast<int>(fault_kind::poison_nested) << "nested deeper than 32 levels";
    QTest::newRow("schema") << static_cast<int>(fault_kind::poison_schema) << "source";
  }
  void whatCannotBeReadIsSetAsideOnceWithItsBytes() {
    QFETCH(int, kind);
    QFETCH(QString, reason);
    source s{{.kind = static_cast<fault_kind>(kind)}};
    QVERIFY(s.poll(3));
    QVERIFY(!s.poll(3));
    QCOMPARE(s.letters.letters.size(), std::size_t{1});
    const auto& letter = s.letters.letters.front();
    QVERIFY2(letter.reason.find(reason.toStdString()) != std::string::npos, letter.reason.c_str());
    QVERIFY2(letter.content.starts_with('{'), letter.content.c_str());
    QVERIFY(letter.content.find("\"number\":2") != std::string::npos);
    QCOMPARE(s.numbers_sent(), (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}));
    QCOMPARE(s.hits(), std::uint64_t{1});
  }
  void whatReadersTakeIsNoPoison() {
    source s{{.kind = fault_kind::poison_nested, .parameters = {{"levels", 20}}}};
    QVERIFY(s.poll(3));
    QVERIFY(s.letters.letters.empty());
    QCOMPARE(s.numbers_sent(), (std::vector<std::int64_t>{0, 1, 2, 2}));
  }
  void aLateRecordIsOneRecordMore() {
    source s{{.kind = fault_kind::poison_late, .parameters = {{"late_ms", 5000}}}};
    QVERIFY(s.poll(2));
    const auto& body = *s.wire->frames.back().body;
    const auto row = rows<reading>(body)[0];
    QCOMPARE(row.number, std::int64_t{1});
    QCOMPARE(row.at.ns, sample::reading_of(0, 1, 5).at.ns - 5'000'000'000);
  }
  void numbersThatAreNone() {
    auto fields = std::make_shared<schema>();
    fields->fields = {{"name", {.kind = field_kind::string}}, {"x", {.kind = field_kind::float64}}};
    const auto type = dynamic_record_type(fields);
    const auto b = type->make_builder(1);
    b->begin_row();
    QVERIFY(b->set(0, value::of(std::string_view{"a"})));
    QVERIFY(b->set(1, value::of(1.5)));
    const auto one = b->finish();
    source s{{.kind = fault_kind::poison_nan}};
    const auto made = chaos::poisoned(*s.gate.faults().front(), *one, 0);
    QVERIFY(made.record && &made.record->type() == type.get());
    const record_view row{*made.record, 0};
    QVERIFY(row.field(0).as_string() == "a");
    QVERIFY(std::isnan(row.field(1).as_float64()));
  }
  void inABurstTimeGoesByFasterAndNeverBack() {
    source s{{.kind = fault_kind::burst, .parameters = {{"factor", 4}}, .duration = 100ms}};
    QVERIFY(!s.add());
    QCOMPARE(s.faults.pace(), 4.0);
    s.time->ns += 10'000'000;
    QVERIFY(!s.add());
    QCOMPARE(s.faults.take_lead(), std::chrono::nanoseconds{30ms});
    s.time->ns += 1'000'000'000;
    s.board.sweep();
    QVERIFY(!s.add());
    QCOMPARE(s.faults.pace(), 1.0);
    QCOMPARE(s.faults.take_lead(), std::chrono::nanoseconds{0});
  }
};

QTEST_GUILESS_MAIN(upstream_faults_test)
#include "upstream_faults_test.moc"
