#include "millrace/convert.hpp"

#include <QtTest>
#include <algorithm>
#include <string>

#include "millrace/dynamic_batch.hpp"
#include "sample_records.hpp"

using namespace millrace;
using sample::batch_of;

namespace {

record_type_ptr type_of(std::string_view text) {
  auto s = parse_schema("row", text);
  if (!s) qFatal("%s", s.error().message.c_str());
  return dynamic_record_type(std::make_shared<const schema>(std::move(s).value()));
}

converter made(const record_type_ptr& from, const record_type_ptr& to) {
  auto c = make_converter(from, to);
  if (!c) qFatal("%s", c.error().message.c_str());
  return std::move(c).value();
}

struct wide {
  double price = 0;
  std::int64_t auction = -1;
  std::optional<std::int64_t> bidder;
  std::string note = "none";
};
MILLRACE_RECORD(wide, 2, price, auction, bidder, since(2, note))

}  // namespace

class convert_test : public QObject {
  Q_OBJECT
private slots:
  void bringsEveryFieldThereAndBack() {
    const auto typed = record_type_of<sample::everything>();
    const auto dynamic = dynamic_record_type(schema_of<sample::everything>());
    const auto original = batch_of<sample::everything>({{}, sample::full_example(), {}});
    const auto there = made(typed, dynamic).convert(*original);
    const auto back = made(dynamic, typed).convert(*there);
    QVERIFY(std::ranges::equal(rows<sample::everything>(*back), rows<sample::everything>(*original)));
  }

  void goesByNameWidensAndFillsDefaults() {
    const auto from = type_of("bidder:int32,auction:uint16,price:float32,extra:string");
    const auto builder = from->make_builder(1);
    builder->begin_row();
    QVERIFY(builder->set(0, value::of(std::int64_t{5})) && builder->set(1, value::of(std::int64_t{65535})));
    QVERIFY(builder->set(2, value::of(1.5)));
    const auto b = made(from, record_type_of<wide>()).convert(*builder->finish());
    const wide& r = rows<wide>(*b)[0];
    QCOMPARE(r.price, 1.5);
    QCOMPARE(r.auction, std::int64_t{65535});
    QCOMPARE(r.bidder, std::optional<std::int64_t>{5});
    QCOMPARE(r.note, std::string{"none"});
  }

  void keepsKeyHashesAndIdentityIsFree() {
    typed_builder<sample::bid> builder{2};
    builder.push({1, 2, 3, {}});
    builder.push_key_hash(77);
    const auto original = builder.finish();
    const auto type = record_type_of<sample::bid>();
    const auto same = made(type, type);
    QVERIFY(same.is_identity());
    QVERIFY(same.convert(*original) == original);
    const auto other = made(type, type_of("price:int64")).convert(*original);
    QCOMPARE(other->key_hashes().size(), std::size_t{1});
    QCOMPARE(other->key_hashes()[0], std::uint64_t{77});
  }

  void refusesWhatCouldLoseValues_data() {
    QTest::addColumn<QString>("from");
    QTest::addColumn<QString>("to");
    QTest::addColumn<bool>("allowed");
    QTest::newRow("wider") << "int8"
                           << "int64" << true;
    QTest::newRow("narrower") << "int64"
                              << "int32" << false;
    QTest::newRow("unsigned to wider signed") << "uint32"
                                              << "int64" << true;
    QTest::newRow("unsigned to same signed") << "uint64"
                                             << "int64" << false;
    QTest::newRow("signed to unsigned") << "int8"
                                        << "uint64" << false;
    QTest::newRow("int32 to float64") << "int32"
                                      << "float64" << true;
    QTest::newRow("int64 to float64") << "int64"
                                      << "float64" << false;
    QTest::newRow("float64 to float32") << "float64"
                                        << "float32" << false;
    QTest::newRow("float to int") << "float32"
                                  << "int64" << false;
    QTest::newRow("enum to int") << "enum"
                                 << "int32" << true;
    QTest::newRow("to optional") << "string"
                                 << "string?" << true;
    QTest::newRow("from optional") << "string?"
                                   << "string" << false;
    QTest::newRow("string to bytes") << "string"
                                     << "bytes" << false;
    QTest::newRow("lists") << "list<int8>"
                           << "list<int8>" << true;
    QTest::newRow("wider lists") << "list<int8>"
                                 << "list<int16>" << false;
    QTest::newRow("records") << "{a:int8,b:map<string,bool>}"
                             << "{a:int8,b:map<string,bool>}" << true;
    QTest::newRow("renamed inside") << "{a:int8}"
                                    << "{b:int8}" << false;
  }
  void refusesWhatCouldLoseValues() {
    QFETCH(QString, from);
    QFETCH(QString, to);
    QFETCH(bool, allowed);
    const auto c = make_converter(type_of("f:" + from.toStdString()), type_of("f:" + to.toStdString()));
    QCOMPARE(c.has_value(), allowed);
    if (allowed) return;
    const auto expected = "field 'f' is " + from + " in row and " + to + " in row: values could be lost";
    QVERIFY2(QString::fromStdString(c.error().message).contains(expected), c.error().message.c_str());
  }

  void namesTheFieldThatIsMissing() {
    const auto c = make_converter(type_of("price:float64"), record_type_of<wide>());
    QVERIFY(!c && c.error().code == errc::schema_mismatch);
    QCOMPARE(c.error().message,
             std::string{"field 'auction' (int64) of wide is missing in row (price:float64): add it there "
                         "or make it optional"});
  }
};

QTEST_APPLESS_MAIN(convert_test)
#include "convert_test.moc"
