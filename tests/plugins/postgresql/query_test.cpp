// Before Qt, whose keyword `emit` is the name of a member here.
#include "connection.hpp"
#include "server.hpp"
#include "text_rig.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;
using next = poll_result::next;

namespace {

constexpr const char* fields = "id:int64,name:string?,paid:bool,at:event_time";

bool says(const std::string& text, std::initializer_list<const char*> parts) {
  for (const auto* part : parts) {
    if (text.find(part) == std::string::npos) return qWarning("'%s' lacks '%s'", text.c_str(), part), false;
  }
  return true;
}

}  // namespace

class postgresql_query_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { server_ = std::make_unique<postgresql_tests::server>(); }
  void cleanupTestCase() {
    db_.close();
    server_.reset();
  }
  void init() {
    db_ = postgresql::connection{server_->connection(), "test"};
    if (const auto ok = db_.open(); !ok) qFatal("%s", ok.error().message.c_str());
    run("DROP TABLE IF EXISTS t");
    run("CREATE TABLE t (id bigint, name text, paid boolean, at timestamptz)");
    run("INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'n' || i END, i > 3, '2026-03-01 "
        "08:00:00.25+00'::timestamptz + "
        "i * interval '1 s' FROM generate_series(1, 5) i");
  }

  void readsPageByPageAndThenWhatIsAdded() {
    auto rig = started({{"page", std::int64_t{2}}});
    QCOMPARE(rig->poll(), next::wait);
    QCOMPARE(rig->output().size(), std::size_t{5});
    QCOMPARE(rig->output().at(0), std::string{"1,,false,1772352001250000000"});
    QCOMPARE(rig->output().at(3), std::string{"4,n4,true,1772352004250000000"});
    QCOMPARE(rig->poll(), next::idle);
    run("INSERT INTO t VALUES (6, 'x', false, 'epoch')");
    QCOMPARE(rig->poll(), next::wait);
    QCOMPARE(rig->output().at(5), std::string{"6,x,false,0"});
  }

  void goesOnAtAPosition() {
    auto rig = started({{"page", std::int64_t{3}}});
    (void)rig->poll(2, 1);
    QCOMPARE(rig->as<producer>().describe_position(), std::string{"id 2"});
    byte_buffer saved;
    msgpack::writer out{saved};
    rig->as<producer>().save_position(out);
    auto again = made({{"until_end", true}});
    msgpack::reader in{saved.view()};
    QVERIFY(again->as<producer>().load_position(in));
    again->as<producer>().open(again->ctx());
    QCOMPARE(again->poll(), next::end);
    QCOMPARE(again->output().size(), std::size_t{3});
    QCOMPARE(again->output().front().substr(0, 2), std::string{"3,"});
  }

  void startsBehindAValueAndEnds() {
    auto rig = started({{"after", "3"}, {"until_end", true}, {"query", "SELECT * FROM t WHERE paid"}});
    QCOMPARE(rig->poll(), next::end);
    QCOMPARE(rig->output().size(), std::size_t{2});
  }

  void setsAsideRowsThatDoNotFit() {
    run("INSERT INTO t VALUES (6, 'x', NULL, 'epoch'), (7, 'x', true, 'infinity'), (8, 'x', true, 'epoch')");
    auto rig = started({{"after", "5"}, {"until_end", true}});
    QCOMPARE(rig->poll(), next::end);
    QCOMPARE(rig->output(), lines{"8,x,true,0"});
    const auto dead = rig->output("dead");
    QCOMPARE(dead.size(), std::size_t{2});
    QVERIFY(says(dead.at(0), {"field 'paid' is null", "in the row with id 6"}));
    QVERIFY(says(dead.at(1), {"field 'at' is not", "in the row with id 7", "infinity"}));
  }

  void refusesAColumnThatIsNotUnique() {
    run("INSERT INTO t VALUES (5, 'again', true, 'epoch')");
    auto rig = started({{"page", std::int64_t{2}}, {"until_end", true}});
    try {
      (void)rig->poll();
      QFAIL("it read on");
    } catch (const std::runtime_error& e) {
      QVERIFY(says(e.what(), {"column 'id'", "'5' in two rows", "unique"}));
    }
  }

  void waitsForAServerThatDied() {
    auto rig = started({{"page", std::int64_t{2}}, {"until_end", true}});
    (void)rig->poll(2, 1);
    db_.close();
    server_->kill();
    QCOMPARE(rig->poll(), next::end);
    QCOMPARE(rig->output().size(), std::size_t{5});
    QVERIFY(says(rig->ctx().lines.front(), {"trying again"}));
  }

  void refusesWrongParameters_data() {
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("part");
    QTest::newRow("column") << QByteArray{"column"} << QByteArray{"number"}
                            << QByteArray{"is none of 'fields' (id:int64"};
    QTest::newRow("null") << QByteArray{"column"} << QByteArray{"name"} << QByteArray{"may be null"};
    QTest::newRow("nested") << QByteArray{"fields"} << QByteArray{"id:list<int64>"}
                            << QByteArray{"only fields with single"};
    QTest::newRow("query") << QByteArray{"query"} << QByteArray{""} << QByteArray{"give a SELECT"};
    QTest::newRow("connection") << QByteArray{"connection"} << QByteArray{"hostt=x"} << QByteArray{"give e.g."};
  }
  void refusesWrongParameters() {
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    QFETCH(QByteArray, part);
    QVERIFY(says(made({{name.toStdString(), value.toStdString()}})->problem(), {part.constData()}));
  }

private:
  [[nodiscard]] std::unique_ptr<text_rig> made(std::map<std::string, param_value> params) const {
    params.try_emplace("connection", server_->connection());
    params.try_emplace("query", "t");
    params.try_emplace("fields", fields);
    params.try_emplace("column", "id");
    return std::make_unique<text_rig>(text_rig::setting{.id = "postgresql.query", .params = std::move(params)});
  }
  [[nodiscard]] std::unique_ptr<text_rig> started(std::map<std::string, param_value> params) const {
    auto rig = made(std::move(params));
    if (!rig->problem().empty()) qFatal("%s", rig->problem().c_str());
    rig->as<producer>().open(rig->ctx());
    return rig;
  }
  void run(const std::string& sql) {
    if (const auto ok = db_.run(sql); !ok) qFatal("%s", ok.error().message.c_str());
  }

  std::unique_ptr<postgresql_tests::server> server_;
  postgresql::connection db_;
};

QTEST_APPLESS_MAIN(postgresql_query_test)
#include "query_test.moc"
