// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/sink.hpp"
#include "connection.hpp"
#include "millrace/engine/fault_point.hpp"
#include "server.hpp"
#include "text_rig.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
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

}  // namespace

class postgresql_sink_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() {
    server_ = std::make_unique<postgresql_tests::server>();
    engine::install_fault_hook(fail_at_point);
  }
  void cleanupTestCase() {
    engine::install_fault_hook(nullptr);
    db_.close();
    server_.reset();
  }
  void init() {
    failing_point.clear();
    db_ = postgresql::connection{server_->connection(), "test"};
    if (const auto ok = db_.open(); !ok) qFatal("%s", ok.error().message.c_str());
    run("DROP SCHEMA public CASCADE");
    run("CREATE SCHEMA public");
  }

  void showsRowsOnlyAfterTheCommit() {
    auto rig = started({0});
    rig->feed({"a,1.5,0", "b,,1000000000"});
    const auto handle = prepared(*rig, 7);
    QCOMPARE(rows("SELECT * FROM t"), lines{});
    QCOMPARE(committed(*rig, 7, handle), std::string{});
    QCOMPARE(committed(*rig, 7, handle), std::string{});
    QCOMPARE(rows("SELECT * FROM t ORDER BY at"), (lines{"a|1.5|1970-01-01 00:00:00+00", "b||1970-01-01 00:00:01+00"}));
    QCOMPARE(rows("SELECT count(*) FROM \"millrace_staged:t:probe:0\""), lines{"0"});
    QCOMPARE(rows("SELECT sink, target, part, epoch, last_row FROM millrace_ledger"), lines{"probe|t|0|7|2"});
  }

  void keepsEveryTypeAsItIs() {
    auto rig = made("b:bool,i:int16,u:uint64,f:float32,d:decimal,s:string,x:bytes,t:event_time,n:int64?",
                    {{"time_format", "ns"}});
    start(*rig, {0});
    rig->feed(
        {"true,-5,18446744073709551615,0.5,19.90,\"tab\there, \\N, Grüße\",00ff5c,12,", "false,5,1,nan,1,,,13,3"});
    QCOMPARE(committed(*rig, 1, prepared(*rig, 1)), std::string{});
    QCOMPARE(
        rows("SELECT * FROM t ORDER BY t"),
        (lines{"t|-5|18446744073709551615|0.5|19.90|tab\there, \\N, Grüße|\\x00ff5c|12|", "f|5|1|NaN|1||\\x|13|3"}));
    QCOMPARE(rows("SELECT string_agg(format_type(atttypid, atttypmod), ',' ORDER BY attnum) FROM pg_attribute "
                  "WHERE attrelid = 't'::regclass AND attnum > 0"),
             lines{"boolean,smallint,numeric(20,0),real,numeric,text,bytea,bigint,bigint"});
  }

  void replacesRowsByKeyInAnotherSchema() {
    run("CREATE SCHEMA \"other\"");
    auto rig = made(plain, {{"mode", "upsert"}, {"key", "key"}, {"table", "other.kept"}});
    start(*rig, {0});
    rig->feed({"a,1,1", "b,2,2", "a,3,3"});
    QCOMPARE(committed(*rig, 1, prepared(*rig, 1)), std::string{});
    rig->feed({"b,,4"});
    QCOMPARE(committed(*rig, 2, prepared(*rig, 2)), std::string{});
    QCOMPARE(rows("SELECT key, value FROM other.kept ORDER BY key"), (lines{"a|3", "b|"}));
  }

  void recoversFromTheSameSnapshotTwice() {
    std::string handle;
    {
      auto rig = started({0});
      rig->feed({"a,1,1"});
      handle = prepared(*rig, 1);
    }
    {
      auto rig = started({1}, {{epoch_id{1}, handle}});
      rig->feed({"lost,2,2"});
      (void)prepared(*rig, 2);
    }
    auto rig = started({1}, {{epoch_id{1}, handle}});
    rig->feed({"b,2,2"});
    QCOMPARE(committed(*rig, 3, prepared(*rig, 3)), std::string{});
    QCOMPARE(rows("SELECT key FROM t ORDER BY key"), (lines{"a", "b"}));
  }

  void doesNothingByHalves() {
    auto rig = started({0});
    rig->feed({"a,1,1"});
    failing_point = "sink.staging";
    QVERIFY(!rig->as<sink>().prepare(rig->ctx(), {1}));
    failing_point.clear();
    const auto handle = prepared(*rig, 2);
    failing_point = "sink.moved";
    QVERIFY(!committed(*rig, 2, handle).empty());
    QCOMPARE(rows("SELECT * FROM t"), lines{});
    failing_point.clear();
    QCOMPARE(committed(*rig, 2, handle), std::string{});
    QCOMPARE(rows("SELECT key FROM t"), lines{"a"});
  }

  void waitsForAServerThatDied() {
    auto rig = started({0});
    rig->feed({"a,1,1"});
    const auto handle = prepared(*rig, 1);
    db_.close();
    server_->kill();
    QCOMPARE(committed(*rig, 1, handle), std::string{});
    QVERIFY(!rig->ctx().lines.empty());
    QVERIFY(says(rig->ctx().lines.front(), {"trying again"}));
    QCOMPARE(db_.open().has_value(), true);
    QCOMPARE(rows("SELECT key FROM t"), lines{"a"});
  }

  void givesUpOnAServerThatIsNotThere() {
    auto rig = made(plain, {{"connection", "host=/nowhere dbname=x"}, {"retry", std::int64_t{1}}});
    QVERIFY(says(start_error(*rig), {"cannot be reached", "/nowhere", "given up after 1 s ('retry')"}));
  }

  void refusesTheOutputOfAnotherRun() {
    {
      auto rig = started({0});
      rig->feed({"a,1,1"});
      QCOMPARE(committed(*rig, 1, prepared(*rig, 1)), std::string{});
    }
    QVERIFY(
        says(start_error(*made(plain)), {"table \"t\"", "earlier run of 'probe'", "DELETE FROM \"millrace_ledger\""}));
  }

  void namesWhatDoesNotFit_data() {
    QTest::addColumn<QByteArray>("table");
    QTest::addColumn<QByteArrayList>("parts");
    QTest::newRow("missing") << QByteArray{"CREATE TABLE t (key text, value float8)"}
                             << QByteArrayList{"table \"t\"", "no column for the field 'at' (event_time)",
                                               "ADD COLUMN \"at\" timestamptz"};
    QTest::newRow("type") << QByteArray{"CREATE TABLE t (key int4, value float8, at timestamp)"}
                          << QByteArrayList{"column 'key' of table \"t\"", "of type int4", "(string)", "wants text"};
    QTest::newRow("unfilled") << QByteArray{"CREATE TABLE t (key text, value float8, at timestamp, x int NOT NULL)"}
                              << QByteArrayList{"column 'x'", "must not be null", "default"};
    QTest::newRow("view") << QByteArray{"CREATE VIEW t AS SELECT 1 AS key"} << QByteArrayList{"is a view"};
  }
  void namesWhatDoesNotFit() {
    QFETCH(QByteArray, table);
    QFETCH(QByteArrayList, parts);
    run(table.toStdString());
    const auto refused = start_error(*made(plain));
    for (const auto& part : parts) QVERIFY(says(refused, {part.constData()}));
  }
  void wantsAUniqueIndexForAnUpsert() {
    run("CREATE TABLE t (key text, value float8, at timestamptz)");
    run("CREATE UNIQUE INDEX ON t (key, at)");
    const auto upsert = std::map<std::string, param_value>{{"mode", "upsert"}, {"key", "key"}};
    QVERIFY(says(start_error(*made(plain, upsert)), {"unique index of exactly (\"key\")", "CREATE UNIQUE INDEX ON"}));
    run("CREATE UNIQUE INDEX ON t (key)");
    QCOMPARE(start_error(*made(plain, upsert)), std::string{});
  }

  void refusesValuesTheTableCannotHold() {
    run("CREATE TABLE t (key varchar(5), value float8 NOT NULL, at timestamptz, id serial)");
    auto rig = started({0});
    const auto refused = [&](const std::string& line, const char* why) {
      try {
        rig->feed({line});
      } catch (const std::runtime_error& e) {
        return says(e.what(), {why});
      }
      return false;
    };
    using namespace std::string_literals;
    QVERIFY(refused("a,,1", "field 'value' is null"));
    QVERIFY(refused("sixsix,1,1", "has 6 characters, its column takes 5"));
    QVERIFY(refused("a\0b,1,1"s, "zero byte"));
    QVERIFY(refused("a\xc3,1,1", "no valid UTF-8"));
    rig->feed({"Grüße,1,1"});
    QCOMPARE(committed(*rig, 1, prepared(*rig, 1)), std::string{});
    QCOMPARE(rows("SELECT key, id FROM t"), lines{"Grüße|1"});
  }

  void refusesWrongParameters_data() {
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("part");
    QTest::newRow("connection") << QByteArray{"connection"} << QByteArray{"hostt=x"}
                                << QByteArray{"it cannot be read; give e.g."};
    QTest::newRow("table") << QByteArray{"table"} << QByteArray{"s."} << QByteArray{"give TABLE or SCHEMA.TABLE"};
    QTest::newRow("ledger") << QByteArray{"table"} << QByteArray{"millrace_ledger"} << QByteArray{"are taken"};
    QTest::newRow("key") << QByteArray{"key"} << QByteArray{"key"} << QByteArray{"is for 'mode': upsert"};
    QTest::newRow("mode") << QByteArray{"mode"} << QByteArray{"upsert"} << QByteArray{"parameter 'key' is empty"};
  }
  void refusesWrongParameters() {
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    QFETCH(QByteArray, part);
    QVERIFY(says(made(plain, {{name.toStdString(), value.toStdString()}})->problem(), {part.constData()}));
  }

private:
  [[nodiscard]] std::unique_ptr<text_rig> made(const std::string& fields,
                                               std::map<std::string, param_value> params = {}) const {
    params.try_emplace("connection", server_->connection());
    params.try_emplace("table", "t");
    return std::make_unique<text_rig>(
        text_rig::setting{.id = "postgresql.sink", .params = std::move(params), .input_fields = fields});
  }
  static void start(text_rig& rig, epoch_id restored, const std::vector<sink::prepared>& handles = {}) {
    if (!rig.problem().empty()) qFatal("%s", rig.problem().c_str());
    const auto ok = rig.as<sink>().recover(rig.ctx(), restored, handles);
    if (!ok) qFatal("%s", ok.error().message.c_str());
  }
  [[nodiscard]] std::unique_ptr<text_rig> started(epoch_id restored,
                                                  const std::vector<sink::prepared>& handles = {}) const {
    auto rig = made(plain);
    start(*rig, restored, handles);
    return rig;
  }
  static std::string start_error(text_rig& rig) {
    const auto ok = rig.as<sink>().recover(rig.ctx(), {0}, {});
    return ok ? std::string{} : ok.error().message;
  }
  static std::string prepared(text_rig& rig, std::uint64_t epoch) {
    auto handle = rig.as<sink>().prepare(rig.ctx(), {epoch});
    if (!handle) qFatal("%s", handle.error().message.c_str());
    return std::move(handle).value();
  }
  static std::string committed(text_rig& rig, std::uint64_t epoch, const std::string& handle) {
    const auto ok = rig.as<sink>().commit(rig.ctx(), {epoch}, handle);
    return ok ? std::string{} : ok.error().message;
  }
  void run(const std::string& sql) {
    if (const auto ok = db_.run(sql); !ok) qFatal("%s", ok.error().message.c_str());
  }
  [[nodiscard]] lines rows(const std::string& sql) {
    const auto found = db_.run(sql);
    if (!found) qFatal("%s", found.error().message.c_str());
    lines out;
    for (int i = 0; i < found->size(); ++i) {
      auto& line = out.emplace_back();
      for (int k = 0; k < found->columns(); ++k) line += (k == 0 ? "" : "|") + std::string{found->at(i, k)};
    }
    return out;
  }

  std::unique_ptr<postgresql_tests::server> server_;
  postgresql::connection db_;
};

QTEST_APPLESS_MAIN(postgresql_sink_test)
#include "sink_test.moc"
