// Before Qt, whose keyword `emit` is the name of a member here.
#include "library/sql/sqlite.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/sink.hpp"
#include "text_rig.hpp"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;
namespace sqlite = millrace::library::sqlite;

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

class sqlite_sink_test : public QObject {
  Q_OBJECT
private slots:
  void init() {
    dir_ = std::make_unique<QTemporaryDir>();
    failing_point.clear();
    engine::install_fault_hook(fail_at_point);
  }
  void cleanup() { engine::install_fault_hook(nullptr); }

  void showsRowsOnlyAfterTheCommit() {
    auto rig = started({0});
    rig->feed({"a,1.5,0", "b,,1000000000"});
    const auto handle = prepared(*rig, 7);
    QCOMPARE(rows("SELECT * FROM t"), lines{});
    QCOMPARE(committed(*rig, 7, handle), std::string{});
    QCOMPARE(rows("SELECT * FROM t ORDER BY rowid"), (lines{"a|1.5|1970-01-01T00:00:00Z", "b||1970-01-01T00:00:01Z"}));
    QCOMPARE(rows("SELECT count(*) FROM \"millrace_staged:t:probe:0\""), lines{"0"});
  }

  void keepsEveryTypeAsItIs() {
    auto rig = made("b:bool,i:int32,u:uint64,f:float32,d:decimal,s:string,x:bytes,t:event_time,n:int64?",
                    {{"time_format", "ns"}});
    start(*rig, {0});
    rig->feed({"true,-5,7,0.5,19.90,'; DROP,00ff,12,"});
    QCOMPARE(committed(*rig, 1, prepared(*rig, 1)), std::string{});
    QCOMPARE(rows("SELECT b,i,u,f,d,s,hex(x),t,n IS NULL, typeof(x), typeof(t) FROM t"),
             lines{"1|-5|7|0.5|19.90|'; DROP|00FF|12|1|blob|integer"});
    QCOMPARE(rows("SELECT name || ' ' || type || ' ' || \"notnull\" FROM pragma_table_info('t') LIMIT 4"),
             (lines{"b INTEGER 1", "i INTEGER 1", "u INTEGER 1", "f REAL 0"}));
  }

  void commitsTwiceAsOnce() {
    auto rig = started({0});
    rig->feed({"a,1,1"});
    const auto handle = prepared(*rig, 1);
    QCOMPARE(committed(*rig, 1, handle), std::string{});
    QCOMPARE(committed(*rig, 1, handle), std::string{});
    QCOMPARE(rows("SELECT count(*) FROM t"), lines{"1"});
    QCOMPARE(prepared(*rig, 2), std::string{});
  }

  void rollsForwardWhatTheSnapshotKnowsAndDropsTheRest() {
    std::string handle;
    {
      auto rig = started({0});
      rig->feed({"a,1,1"});
      handle = prepared(*rig, 1);
      rig->feed({"lost,2,2"});
      (void)prepared(*rig, 2);
      rig->feed({"lost as well,3,3"});
    }
    auto rig = started({1}, {{epoch_id{1}, handle}});
    QCOMPARE(rows("SELECT key FROM t"), lines{"a"});
    rig->feed({"b,2,2"});
    QCOMPARE(committed(*rig, 3, prepared(*rig, 3)), std::string{});
    QCOMPARE(rows("SELECT key FROM t"), (lines{"a", "b"}));
    rig.reset();
    rig = started({3}, {{epoch_id{3}, handle}});
    QCOMPARE(rows("SELECT key FROM t"), (lines{"a", "b"}));
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
      rig->feed({"b,2,2"});
      (void)prepared(*rig, 2);  // must not get the numbers that the handle names
    }
    auto rig = started({1}, {{epoch_id{1}, handle}});
    QCOMPARE(rows("SELECT key FROM t"), lines{"a"});
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

  void replacesRowsByKey() {
    auto rig = made(plain, {{"mode", "upsert"}, {"key", "key"}});
    start(*rig, {0});
    rig->feed({"a,1,1", "b,2,2", "a,3,3"});
    QCOMPARE(committed(*rig, 1, prepared(*rig, 1)), std::string{});
    rig->feed({"b,,4"});
    QCOMPARE(committed(*rig, 2, prepared(*rig, 2)), std::string{});
    QCOMPARE(rows("SELECT key, value FROM t ORDER BY key"), (lines{"a|3.0", "b|"}));
  }

  void severalPartitionsShareAFile() {
    auto one = started({0}, {}, 0);
    auto two = started({0}, {}, 1);
    one->feed({"a,1,1"});
    two->feed({"b,2,2"});
    const auto first = prepared(*one, 1);
    const auto second = prepared(*two, 1);
    QCOMPARE(committed(*two, 1, second), std::string{});
    QCOMPARE(committed(*one, 1, first), std::string{});
    QCOMPARE(rows("SELECT key FROM t ORDER BY key"), (lines{"a", "b"}));
  }

  void refusesTheOutputOfAnotherRun() {
    {
      auto rig = started({0});
      rig->feed({"a,1,1"});
      QCOMPARE(committed(*rig, 1, prepared(*rig, 1)), std::string{});
    }
    QVERIFY(says(start_error(*made(plain)), {"table 't'", "earlier run of 'probe'", "DELETE FROM millrace_ledger"}));
    auto rig = made(plain, {{"table", "other"}});
    QCOMPARE(start_error(*rig), std::string{});
  }

  void noticesRowsThatAreGoneOrDoneByAnotherRun() {
    auto rig = started({0});
    rig->feed({"a,1,1"});
    const auto handle = prepared(*rig, 5);
    run("UPDATE \"millrace_staged:t:probe:0\" SET millrace_row = 99");
    QVERIFY(says(committed(*rig, 5, handle), {"epoch 5", "0 of its 1 rows", "millrace_staged:t:probe:0"}));
    run("UPDATE \"millrace_staged:t:probe:0\" SET millrace_row = 1");
    run("INSERT INTO millrace_ledger VALUES ('probe', 't', 0, 8, 20)");
    QVERIFY(says(committed(*rig, 5, handle), {"epoch 8 is in table 't'", "another run"}));
    QVERIFY(says(committed(*rig, 5, "no handle"), {"none of a sink that stages rows"}));
  }

  void usesATableThatFits() {
    run("CREATE TABLE t (id INTEGER PRIMARY KEY, At DATETIME, extra TEXT DEFAULT 'x', Value DOUBLE, key VARCHAR(20))");
    auto rig = started({0});
    rig->feed({"a,2,1000000000"});
    QCOMPARE(committed(*rig, 1, prepared(*rig, 1)), std::string{});
    QCOMPARE(rows("SELECT * FROM t"), lines{"1|1970-01-01T00:00:01Z|x|2.0|a"});
  }

  void namesWhatDoesNotFit_data() {
    QTest::addColumn<QByteArray>("table");
    QTest::addColumn<QByteArrayList>("parts");
    QTest::newRow("missing") << QByteArray{"CREATE TABLE t (key TEXT, value REAL)"}
                             << QByteArrayList{"table 't'", "no column for the field 'at' (event_time)",
                                               "ADD COLUMN \"at\" TEXT"};
    QTest::newRow("type") << QByteArray{"CREATE TABLE t (key INTEGER, value REAL, at TEXT)"}
                          << QByteArrayList{"column 'key' of table 't'", "declared INTEGER", "(string)", "wants TEXT"};
    QTest::newRow("unfilled") << QByteArray{"CREATE TABLE t (key TEXT, value REAL, at TEXT, more TEXT NOT NULL)"}
                              << QByteArrayList{"column 'more'", "must not be NULL", "default"};
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
    run("CREATE TABLE t (key TEXT, value REAL, at TEXT)");
    run("CREATE UNIQUE INDEX two ON t (key, at)");
    run("CREATE UNIQUE INDEX lowered ON t (key, lower(key))");
    const auto upsert = std::map<std::string, param_value>{{"mode", "upsert"}, {"key", "key"}};
    QVERIFY(says(start_error(*made(plain, upsert)), {"unique index of exactly (\"key\")", "CREATE UNIQUE INDEX ON"}));
    run("CREATE UNIQUE INDEX one ON t (key)");
    QCOMPARE(start_error(*made(plain, upsert)), std::string{});
  }

  void refusesValuesTheTableCannotHold() {
    run("CREATE TABLE t (key TEXT, value REAL NOT NULL, at TEXT)");
    auto rig = started({0});
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, rig->feed({"a,,1"}));
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, rig->feed({"a,nan,1"}));
    auto big = made("u:uint64", {{"table", "big"}});
    start(*big, {0});
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, big->feed({"18446744073709551615"}));
  }

  void refusesWrongParameters_data() {
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("part");
    QTest::newRow("table") << QByteArray{"table"} << QByteArray{"sqlite_x"} << QByteArray{"name another table"};
    QTest::newRow("ledger") << QByteArray{"table"} << QByteArray{"millrace_ledger"} << QByteArray{"another table"};
    QTest::newRow("key") << QByteArray{"key"} << QByteArray{"key"} << QByteArray{"is for 'mode': upsert"};
    QTest::newRow("mode") << QByteArray{"mode"} << QByteArray{"upsert"} << QByteArray{"parameter 'key' is empty"};
  }
  void refusesWrongParameters() {
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    QFETCH(QByteArray, part);
    QVERIFY(says(made(plain, {{name.toStdString(), value.toStdString()}})->problem(), {part.constData()}));
  }
  void refusesKeysThatTellNothingApart() {
    const auto problem = [&](const char* key, const char* fields = plain) {
      return made(fields, {{"mode", "upsert"}, {"key", key}})->problem();
    };
    QVERIFY(says(problem("colour"), {"'key'", "no field 'colour'", "value"}));
    QVERIFY(says(problem("value"), {"'value' may be null", "another key"}));
    QVERIFY(says(made("key:string,Key:string")->problem(), {"field 'Key'", "case", "millrace.map"}));
  }
  void namesAFileThatCannotBeMade() {
    run("CREATE TABLE x (y)");
    auto rig = made(plain, {{"path", dir_->filePath("x.db/none/y.db").toStdString()}});
    QVERIFY(says(start_error(*rig), {"x.db/none/y.db", "see that its folder is there"}));
    rig = made(plain, {{"path", dir_->filePath("new/folder/y.db").toStdString()}});
    QCOMPARE(start_error(*rig), std::string{});
  }

private:
  [[nodiscard]] std::unique_ptr<text_rig> made(const std::string& fields,
                                               std::map<std::string, param_value> params = {},
                                               std::uint32_t partition = 0) const {
    params.try_emplace("path", dir_->filePath("x.db").toStdString());
    params.try_emplace("table", "t");
    return std::make_unique<text_rig>(text_rig::setting{.id = "millrace.sqlite_sink",
                                                        .params = std::move(params),
                                                        .input_fields = fields,
                                                        .partition = partition,
                                                        .parallelism = 2});
  }
  static void start(text_rig& rig, epoch_id restored, const std::vector<sink::prepared>& handles = {}) {
    if (!rig.problem().empty()) qFatal("%s", rig.problem().c_str());
    const auto ok = rig.as<sink>().recover(rig.ctx(), restored, handles);
    if (!ok) qFatal("%s", ok.error().message.c_str());
  }
  [[nodiscard]] std::unique_ptr<text_rig> started(epoch_id restored, const std::vector<sink::prepared>& handles = {},
                                                  std::uint32_t partition = 0) const {
    auto rig = made(plain, {}, partition);
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
  [[nodiscard]] sqlite::connection opened() const {
    auto db = sqlite::connection::open(dir_->filePath("x.db").toStdString(), false);
    if (!db) qFatal("%s", db.error().message.c_str());
    return std::move(db).value();
  }
  void run(const std::string& sql) const {
    auto db = opened();
    if (const auto ok = db.run(sql); !ok) qFatal("%s", ok.error().message.c_str());
  }
  [[nodiscard]] lines rows(const std::string& sql) const {
    auto db = opened();
    auto s = db.prepare(sql);
    if (!s) qFatal("%s", s.error().message.c_str());
    lines out;
    while (*s->step()) {
      auto& line = out.emplace_back();
      for (int i = 0; i < s->columns(); ++i) line += (i == 0 ? "" : "|") + s->text(i);
    }
    return out;
  }

  std::unique_ptr<QTemporaryDir> dir_;
};

QTEST_APPLESS_MAIN(sqlite_sink_test)
#include "sqlite_sink_test.moc"
