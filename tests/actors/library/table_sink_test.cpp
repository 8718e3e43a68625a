// Before Qt, whose keyword `emit` is the name of a member here.
#include "library/tables/table_key.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/persistence/table_store.hpp"
#include "millrace/sink.hpp"
#include "text_rig.hpp"

#include <QTemporaryDir>
#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
using library::table_key;
using persistence::table_store;
using lines = std::vector<std::string>;

namespace {

std::string failing_point;

engine::fault_action fail_at_point(const char* point) {
  return failing_point == point ? engine::fault_action::fail : engine::fault_action::proceed;
}

constexpr const char* plain = "key:string,value:float64?,at:event_time";

bool says(const std::string& text, std::initializer_list<const char*> parts) {
  for (const auto* part : parts) {
    if (text.find(part) == std::string::npos) return qWarning("'%s' lacks '%s'", text.c_str(), part), false;
  }
  return true;
}

schema schema_of(const char* fields) {
  auto parsed = parse_schema("row", fields);
  if (!parsed) qFatal("%s", parsed.error().message.c_str());
  return std::move(parsed).value();
}

std::string key_of_texts(const char* fields, const lines& names, const lines& texts) {
  const auto key = table_key::of(schema_of(fields), names);
  if (!key) qFatal("%s", key.error().message.c_str());
  const auto parsed = key->parse(texts);
  return parsed ? *parsed : "error: " + parsed.error().message;
}

}  // namespace

class table_sink_test : public QObject {
  Q_OBJECT
private slots:
  void init() {
    dir_ = std::make_unique<QTemporaryDir>();
    failing_point.clear();
    engine::install_fault_hook(fail_at_point);
  }
  void cleanup() { engine::install_fault_hook(nullptr); }

  void keepsTheNewestEventOfEachKey() {
    auto rig = started();
    rig->feed({"a,1,1", "b,2,2", "a,3,3"});
    prepare(*rig);
    QCOMPARE(store()->count("t").value(), 2U);
    rig->feed({"b,,4"});
    prepare(*rig);
    QCOMPARE(keys(), (lines{"a", "b"}));
  }

  void writesWhatHasWaitedForItsTime() {
    auto rig = started();
    rig->feed({"a,1,1"});
    rig->as<sink>().on_watermark(rig->ctx());
    QCOMPARE(keys(), lines{});
    rig->ctx().time = rig->ctx().time + std::chrono::milliseconds{1000};
    rig->as<sink>().on_watermark(rig->ctx());
    QCOMPARE(keys(), lines{"a"});
  }

  void losesNothingWhenAWriteFails() {
    auto rig = started();
    rig->feed({"a,1,1"});
    failing_point = "sink.table_put";
    QVERIFY(!rig->as<sink>().prepare(rig->ctx(), {1}));
    QCOMPARE(keys(), lines{});
    failing_point.clear();
    prepare(*rig);
    QCOMPARE(keys(), lines{"a"});
  }

  void sharesAFolderAmongTablesAndPartitions() {
    auto one = started();
    auto two = started("t", 1);
    auto other = started("another");
    one->feed({"a,1,1"});
    two->feed({"b,1,1"});
    other->feed({"c,1,1"});
    for (auto* rig : {one.get(), two.get(), other.get()}) prepare(*rig);
    QCOMPARE(keys(), (lines{"a", "b"}));
    QCOMPARE(store()->tables().value().size(), std::size_t{2});
  }

  void refusesOtherRecordsThanTheTableHas() {
    const auto first = started();
    auto rig = made("key:string,more:int64", {});
    QVERIFY(says(start_error(*rig), {"table 't'", "key:string,value:float64?,at:event_time by key",
                                     "the records have key:string,more:int64", "another table"}));
  }

  void refusesKeysWithoutAnOrder_data() {
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("part");
    QTest::newRow("none") << QByteArray{plain} << QByteArray{" , "} << QByteArray{"name the fields"};
    QTest::newRow("unknown") << QByteArray{plain} << QByteArray{"colour"} << QByteArray{"no field 'colour'"};
    QTest::newRow("null") << QByteArray{plain} << QByteArray{"value"} << QByteArray{"may be null"};
    QTest::newRow("float") << QByteArray{"v:float64"} << QByteArray{"v"} << QByteArray{"is a float64; keys are texts"};
  }
  void refusesKeysWithoutAnOrder() {
    QFETCH(QByteArray, fields);
    QFETCH(QByteArray, key);
    QFETCH(QByteArray, part);
    QVERIFY(says(made(fields.constData(), {{"key", key.toStdString()}})->problem(), {"'key'", part.constData()}));
  }

  void refusesALongKey() {
    auto rig = started();
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, rig->feed({std::string(510, 'k') + ",1,1"}));
    rig->feed({std::string(509, 'k') + ",1,1"});
    prepare(*rig);
  }

  void ordersKeysAsTheirValues() {
    const auto number = [](const char* text) { return key_of_texts("n:int64", {"n"}, {text}); };
    QVERIFY(number("-9223372036854775808") < number("-1") && number("-1") < number("0") && number("0") < number("300"));
    const auto natural = [](const char* text) { return key_of_texts("n:uint64", {"n"}, {text}); };
    QVERIFY(natural("1") < natural("18446744073709551615"));
    const auto pair = [](const std::string& a, const std::string& b) {
      return key_of_texts("a:string,b:string", {"a", "b"}, {a, b});
    };
    using namespace std::string_literals;
    QVERIFY(pair("a", "z") < pair("ab", "a"));
    QVERIFY(pair("a", "z") < pair("a\0"s, "a"));
    QVERIFY(pair("a\0"s, "z") < pair("a\1"s, "a"));
    QVERIFY(pair("a", "b").starts_with(key_of_texts("a:string,b:string", {"a", "b"}, {"a"})));
    const auto time = [](const char* text) { return key_of_texts("t:event_time", {"t"}, {text}); };
    QVERIFY(time("1969-12-31T00:00:00Z") < time("2026-01-01T00:00:00Z"));
  }

  void saysWhatAKeyTakes() {
    QVERIFY(says(key_of_texts("n:int64", {"n"}, {"x"}), {"key field 'n' takes", "not 'x'"}));
    QVERIFY(says(key_of_texts("n:int64", {"n"}, {"1", "2"}), {"has 1 values (n), not 2"}));
    const auto key = table_key::of(schema_of("n:int64"), {"n"});
    QVERIFY(says(key->parse_prefix("1").error().message, {"--prefix", "'n' is a int64", "--from"}));
  }

  void saysWhatTablesThereAre() {
    QVERIFY(says(persistence::open_table_store(dir_->path().toStdString(), true).error().message, {"no tables"}));
    const auto rig = started();
    QVERIFY(says(store()->describe("x").error().message, {"no table 'x'", "there are: t"}));
    QVERIFY(says(store()->count("x").error().message, {"no table 'x'", "there are: t"}));
  }

private:
  [[nodiscard]] std::string folder() const { return dir_->filePath("tables").toStdString(); }
  [[nodiscard]] std::unique_ptr<text_rig> made(const std::string& fields, std::map<std::string, param_value> params,
                                               std::uint32_t partition = 0) const {
    params.try_emplace("path", folder());
    params.try_emplace("table", "t");
    params.try_emplace("key", "key");
    return std::make_unique<text_rig>(text_rig::setting{.id = "millrace.table_sink",
                                                        .params = std::move(params),
                                                        .input_fields = fields,
                                                        .partition = partition,
                                                        .parallelism = 2});
  }
  [[nodiscard]] std::unique_ptr<text_rig> started(const std::string& table = "t", std::uint32_t partition = 0) const {
    auto rig = made(plain, {{"table", table}}, partition);
    const auto refused = start_error(*rig);
    if (!refused.empty()) qFatal("%s", refused.c_str());
    return rig;
  }
  static std::string start_error(text_rig& rig) {
    const auto ok = rig.as<sink>().recover(rig.ctx(), {0}, {});
    return ok ? std::string{} : ok.error().message;
  }
  static void prepare(text_rig& rig) {
    const auto handle = rig.as<sink>().prepare(rig.ctx(), {1});
    if (!handle || !handle->empty()) qFatal("not prepared");
  }
  [[nodiscard]] std::shared_ptr<table_store> store() const {
    return persistence::open_table_store(folder(), false).value();
  }
  [[nodiscard]] lines keys() const {
    lines out;
    const auto rows = store()->scan("t", "", 100).value();
    for (const auto& row : rows) out.push_back(row.key.substr(0, row.key.size() - 2));
    return out;
  }

  std::unique_ptr<QTemporaryDir> dir_;
};

QTEST_APPLESS_MAIN(table_sink_test)
#include "table_sink_test.moc"
