// Before Qt, whose keyword `emit` is the name of a member here.
#include "library/sql/sqlite.hpp"
#include "text_rig.hpp"

#include <QTemporaryDir>
#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;
using next = poll_result::next;

namespace {

bool says(const std::string& text, std::initializer_list<const char*> parts) {
  for (const auto* part : parts) {
    if (text.find(part) == std::string::npos) return qWarning("'%s' lacks '%s'", text.c_str(), part), false;
  }
  return true;
}

std::string failure_of(text_rig& rig) {
  try {
    (void)rig.poll();
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return {};
}

}  // namespace

class sqlite_query_test : public QObject {
  Q_OBJECT
private slots:
  void init() {
    dir_ = std::make_unique<QTemporaryDir>();
    run("CREATE TABLE t (id INTEGER, name TEXT, amount REAL, x BLOB, at TEXT)");
    run("INSERT INTO t SELECT value, CASE WHEN value % 2 = 0 THEN 'n' || value END, value / 3.0, x'00ff', "
        "'2026-03-01T08:00:0' || value || 'Z' FROM json_each('[1,2,3,4,5]')");
  }

  void readsPageByPageAndThenWhatIsAdded() {
    auto rig = started({{"page", std::int64_t{2}}});
    QCOMPARE(rig->poll(), next::wait);
    QCOMPARE(rig->output().size(), std::size_t{5});
    QCOMPARE(rig->output().at(0), std::string{"1,,0.3333333333333333,00ff,1772352001000000000"});
    QCOMPARE(rig->poll(), next::idle);
    run("INSERT INTO t VALUES (6, 'x', 1, x'', '1970-01-01')");
    QCOMPARE(rig->poll(), next::wait);
    QCOMPARE(rig->output().at(5), std::string{"6,x,1,\"\",0"});
  }

  void goesOnAtAPosition() {
    auto rig = started({});
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
  }

  void readsAQueryInTheOrderOfTexts() {
    auto rig = started({{"query", "SELECT name FROM t WHERE name IS NOT NULL"},
                        {"fields", "name:string"},
                        {"column", "name"},
                        {"page", std::int64_t{1}},
                        {"until_end", true}});
    QCOMPARE(rig->poll(), next::end);
    QCOMPARE(rig->output(), (lines{"n2", "n4"}));
  }

  void setsAsideRowsThatDoNotFit() {
    run("INSERT INTO t VALUES (6, 'x', NULL, x'', '1970-01-01'), (7, 'x', 1, x'', 'noon'), (8, 'x', 1, x'', 0)");
    auto rig = started({{"query", "SELECT * FROM t WHERE id > 5"}, {"until_end", true}});
    QCOMPARE(rig->poll(), next::end);
    QCOMPARE(rig->output(), lines{"8,x,1,\"\",0"});
    const auto dead = rig->output("dead");
    QCOMPARE(dead.size(), std::size_t{2});
    QVERIFY(says(dead.at(0), {"field 'amount' is null", "in the row with id 6"}));
    QVERIFY(says(dead.at(1), {"field 'at' is 'noon', not", "in the row with id 7"}));
  }

  void refusesAColumnThatHasNoOrder() {
    run("INSERT INTO t VALUES (5, 'x', 1, x'', '1970-01-01')");
    QVERIFY(says(failure_of(*started({})), {"column 'id'", "the same in two rows", "unique"}));
    QVERIFY(
        says(failure_of(*started({{"column", "amount"}})), {"column 'amount'", "neither a whole number nor a text"}));
  }

  void namesAFileThatIsNotThere() {
    auto rig = made({{"path", dir_->filePath("none.db").toStdString()}});
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, rig->as<producer>().open(rig->ctx()));
  }

  void refusesWrongParameters() {
    QVERIFY(says(made({{"column", "number"}})->problem(), {"'column'", "is none of 'fields' (id:int64"}));
    QVERIFY(says(made({{"fields", "id:list<int64>"}})->problem(), {"only fields with single"}));
    QVERIFY(says(made({{"query", ""}})->problem(), {"give a SELECT"}));
  }

private:
  [[nodiscard]] std::unique_ptr<text_rig> made(std::map<std::string, param_value> params) const {
    params.try_emplace("path", dir_->filePath("x.db").toStdString());
    params.try_emplace("query", "t");
    params.try_emplace("fields", "id:int64,name:string?,amount:float64,x:bytes,at:event_time");
    params.try_emplace("column", "id");
    return std::make_unique<text_rig>(text_rig::setting{.id = "millrace.sqlite_query", .params = std::move(params)});
  }
  [[nodiscard]] std::unique_ptr<text_rig> started(std::map<std::string, param_value> params) const {
    auto rig = made(std::move(params));
    if (!rig->problem().empty()) qFatal("%s", rig->problem().c_str());
    rig->as<producer>().open(rig->ctx());
    return rig;
  }
  void run(const std::string& sql) const {
    auto db = library::sqlite::connection::open(dir_->filePath("x.db").toStdString(), false);
    if (!db) qFatal("%s", db.error().message.c_str());
    if (const auto ok = db->run(sql); !ok) qFatal("%s", ok.error().message.c_str());
  }

  std::unique_ptr<QTemporaryDir> dir_;
};

QTEST_APPLESS_MAIN(sqlite_query_test)
#include "sqlite_query_test.moc"
