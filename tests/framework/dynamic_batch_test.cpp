#include "millrace/dynamic_batch.hpp"

#include <QtTest>
#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>

#include "sample_records.hpp"

using namespace millrace;
using sample::batch_of;

namespace {

record_type_ptr type_of(std::string_view text) {
  auto s = parse_schema("row", text);
  if (!s) qFatal("%s", s.error().message.c_str());
  return dynamic_record_type(std::make_shared<const schema>(std::move(s).value()));
}

/// A dynamic twin of the C++ record.
template <class T>
record_type_ptr dynamic_twin() {
  return dynamic_record_type(schema_of<T>());
}

template <class T>
byte_buffer encoded(const std::vector<T>& records) {
  byte_buffer out;
  record_type_of<T>()->encode(*batch_of(records), out);
  return out;
}

}  // namespace

class dynamic_batch_test : public QObject {
  Q_OBJECT
private slots:
  void readsAndWritesTheBytesOfTheTypedTwin() {
    const auto bytes = encoded<sample::everything>({{}, sample::full_example()});
    const auto type = dynamic_twin<sample::everything>();
    const auto b = type->decode(bytes.view(), 2);
    QVERIFY2(b, b ? "" : b.error().message.c_str());
    byte_buffer again;
    type->encode(**b, again);
    QVERIFY(std::ranges::equal(again.view(), bytes.view()));
    const record_view r{**b, 1};
    QCOMPARE(r.field("text").as_string(), std::string_view{sample::full_example().text});
    QCOMPARE(r.field("u64").kind(), value_kind::uint64);
    QCOMPARE(r.field("side").as_int64(), std::int64_t{2});
    QCOMPARE(r.field("legs").kind(), value_kind::packed);
    QVERIFY((record_view{**b, 0}).field("maybe").is_null());
  }

  void buildsRowByRow() {
    const auto type = type_of("name:string,n:int8?,f:float32,tags:list<string>");
    const auto builder = type->make_builder(4);
    builder->begin_row();
    QVERIFY(builder->set(0, value::of(std::string_view{"first"})));
    QVERIFY(builder->set(1, value::of(std::int64_t{-128})));
    QVERIFY(builder->set(2, value::of(std::int64_t{3})));
    builder->begin_row();
    builder->drop_row();
    builder->begin_row();
    const auto b = builder->finish();
    QCOMPARE(b->size(), 2u);
    const record_view first{*b, 0};
    const record_view second{*b, 1};
    QCOMPARE(first.field(0).as_string(), std::string_view{"first"});
    QCOMPARE(first.field(2).as_float64(), 3.0);
    QCOMPARE(second.field(0).as_string(), std::string_view{});
    QVERIFY(second.field("n").is_null());
    QCOMPARE(second.field("tags").as_bytes().size(), std::size_t{1});
    QCOMPARE(builder->size(), 0u);
  }

  void refusesValuesOfAnotherType() {
    const auto type = type_of("b:bool,i:int8,u:uint64,s:string,l:list<int8>,m:map<int8,bool>,o:{x:string}?");
    const auto builder = type->make_builder(1);
    builder->begin_row();
    const unsigned char long_item[] = {0x91, 0xcd, 0x01, 0x00};       // [256]
    const unsigned char same_key[] = {0x82, 1, 0xc2, 0xd0, 1, 0xc3};  // {1: false, 1 (spelled longer): true}
    QVERIFY(!builder->set(0, value::of(std::int64_t{1})));
    QVERIFY(!builder->set(1, value::of(std::int64_t{128})));
    QVERIFY(!builder->set(2, value::of(std::int64_t{-1})));
    QVERIFY(!builder->set(3, value{}));
    QVERIFY(!builder->set(4, value::packed(std::as_bytes(std::span{long_item}))));
    QVERIFY(!builder->set(5, value::packed(std::as_bytes(std::span{same_key}))));
    QVERIFY(!builder->set(6, value::of(std::string_view{"x"})));
    QVERIFY(!builder->set(7, value::of(true)));
    QVERIFY(builder->set(2, value::of(UINT64_MAX)));
    QVERIFY(builder->set(6, value{}));
  }

  void namesTheFieldThatIsNotThere() {
    const auto type = type_of("a:bool");
    const auto builder = type->make_builder(1);
    builder->begin_row();
    const auto b = builder->finish();
    try {
      (void)record_view{*b, 0}.field("amuont");
      QFAIL("an unknown field was found");
    } catch (const std::out_of_range& e) {
      QCOMPARE(e.what(), "record row has no field 'amuont' (it has a:bool)");
    }
  }

  void followsVersionsAsTypedRecordsDo() {
    const auto old = encoded<sample::trade_v1>({{"a", 1, {2}}});
    const auto newer = dynamic_twin<sample::trade>()->decode(old.view(), 1);
    QVERIFY(newer);
    QCOMPARE((record_view{**newer, 0}).field("venue").as_string(), std::string_view{});
    const auto bytes = encoded(sample::trades(2));
    const auto older = dynamic_twin<sample::trade_v1>();
    QVERIFY(!older->decode(bytes.view(), 2));
    QVERIFY(older->decode(bytes.view(), 2, schema_of<sample::trade>().get()));
  }

  void refusesWhatTheTypedTwinRefuses() {
    const auto seed = qEnvironmentVariableIntValue("MILLRACE_SEED");
    std::mt19937 random{static_cast<std::mt19937::result_type>(seed)};
    const auto bytes = encoded<sample::everything>({sample::full_example(), {}});
    const auto type = dynamic_twin<sample::everything>();
    int accepted = 0;
    for (int round = 0; round < 20'000; ++round) {
      std::vector<std::byte> damaged(bytes.view().begin(), bytes.view().end());
      for (int i = 0; i < 2; ++i) damaged[random() % damaged.size()] = static_cast<std::byte>(random());
      if (round % 7 == 0) damaged.resize(random() % damaged.size());
      const bool by_type = record_type_of<sample::everything>()->decode(damaged, 2).has_value();
      QCOMPARE(type->decode(damaged, 2).has_value(), by_type);
      accepted += by_type ? 1 : 0;
    }
    QVERIFY(accepted > 0);
  }

  void copiesAndScattersRows() {
    const auto type = dynamic_twin<sample::trade>();
    const auto source = type->decode(encoded(sample::trades(60)).view(), 60);
    QVERIFY(source);
    std::vector<std::uint16_t> targets;
    for (std::uint16_t i = 0; i < 60; ++i) targets.push_back(i % 2);
    const auto even = type->make_builder(20);
    const auto odd = type->make_builder(40);
    batch_builder* const builders[] = {even.get(), odd.get()};
    QCOMPARE(type->scatter(**source, 0, targets, {}, builders), 40u);
    const auto first = even->finish();
    QCOMPARE(type->scatter(**source, 40, targets, {}, builders), 60u);
    even->append_from(**source, 59);
    const auto second = even->finish();
    QCOMPARE((record_view{*first, 19}).field(0), (record_view{**source, 38}).field(0));
    QCOMPARE(second->size(), 11u);
    QCOMPARE((record_view{*second, 10}).values()[1], (record_view{**source, 59}).values()[1]);
    QCOMPARE(odd->size(), 30u);
  }

  void keepsItsTypeAlive() {
    batch_ptr kept;
    {
      const auto type = type_of("name:string");
      const auto builder = type->make_builder(1);
      builder->begin_row();
      QVERIFY(builder->set(0, value::of(std::string_view{"still here"})));
      kept = builder->finish();
    }
    QCOMPARE((record_view{*kept, 0}).field("name").as_string(), std::string_view{"still here"});
    QVERIFY(kept->bytes() > 10);
  }
};

QTEST_APPLESS_MAIN(dynamic_batch_test)
#include "dynamic_batch_test.moc"
