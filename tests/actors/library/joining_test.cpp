// What parts, joins, checks and completes streams: split, union, schema_check, enrich.
// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_harness.hpp"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;
using params = text_harness::params;
using std::chrono::seconds;

namespace {

constexpr const char* orders = "id:int64,state:string?,price:decimal,at:event_time";

text_harness split(params values) {
  return {"millrace.split", std::move(values), orders};
}

text_harness two(params values, const char* a, const char* b) {
  return text_harness{{.id = "millrace.union", .values = std::move(values), .inputs = {{"a", a}, {"b", b}}}};
}

text_harness check(const char* rules, const char* violations = "reject") {
  return {"millrace.schema_check",
          {{"rules", rules}, {"violations", violations}},
          "id:int64?,state:string?,price:decimal,mail:string!personal,f:float64,at:event_time"};
}

}  // namespace

class joining_test : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;

  std::string write(const char* name, const std::string& text) const {
    const auto path = folder_.filePath(name).toStdString();
    std::ofstream{path, std::ios::trunc} << text;
    return path;
  }
  static text_harness enrich(params values) {
    values.try_emplace("fields", "id:int64,name:string,limit:decimal?");
    values.try_emplace("key", "id");
    return {"millrace.enrich", std::move(values), orders};
  }

private slots:
  void splitByConditions() {
    auto s = split({{"a", "price > 100"}, {"b", "state == 'open'"}, {"f", "id < 0"}});
    QCOMPARE(s.problem(), std::string{});
    s.push({"1,open,200.00,0", "2,open,5.00,0", "3,,5.00,0", "-4,done,1.00,0"});
    QCOMPARE(s.take("a"), (lines{"1,open,200.00,0"}));
    QCOMPARE(s.take("b"), (lines{"2,open,5.00,0"}));
    QCOMPARE(s.take("f"), (lines{"-4,done,1.00,0"}));
    QCOMPARE(s.take("rest"), (lines{"3,,5.00,0"}));
    auto all = split({{"a", "price > 100"}, {"b", "state == 'open'"}, {"to", "all"}});
    all.push({"1,open,200.00,0", "2,done,1.00,0"});
    QCOMPARE(all.take("a"), (lines{"1,open,200.00,0"}));
    QCOMPARE(all.take("b"), (lines{"1,open,200.00,0"}));
    QCOMPARE(all.take("rest"), (lines{"2,done,1.00,0"}));
  }

  void splitByValues() {
    auto s = split({{"field", "state"}, {"a", "open, new"}, {"b", "done"}});
    s.push({"1,open,1,0", "2,done,1,0", "3,,1,0", "4,new,1,0", "5,other,1,0"});
    QCOMPARE(s.take("a"), (lines{"1,open,1,0", "4,new,1,0"}));
    QCOMPARE(s.take("b"), (lines{"2,done,1,0"}));
    QCOMPARE(s.take("rest"), (lines{"3,,1,0", "5,other,1,0"}));
    auto n = split({{"field", "price"}, {"a", "1.50"}});
    n.push({"1,,1.5,0", "2,,1.51,0"});
    QCOMPARE(n.take("a"), (lines{"1,,1.5,0"}));
  }

  void splitChecksItsParameters() {
    QVERIFY(says(split({}).problem(), "no output is to get anything"));
    QVERIFY(says(split({{"a", "prize > 1"}}).problem(), "parameter 'a'"));
    QVERIFY(says(split({{"field", "x"}, {"a", "1"}}).problem(), "parameter 'field'"));
    QVERIFY(says(split({{"field", "id"}, {"a", "one"}}).problem(), "parameter 'a' has 'one'"));
    QVERIFY(says(split({{"field", "id"}, {"a", "1"}, {"b", "2,1"}}).problem(), "value '1' stands in 'a' and 'b'"));
  }

  void unionOfAllFields() {
    auto u = two({{"source", "from"}, {"a_name", "shop"}}, "id:int32,price:float32,note:string,at:event_time",
                 "at:event_time,id:int64,price:int16?,stars:int8");
    QCOMPARE(u.problem(), std::string{});
    u.push({"1,2.5,x,10"}, "a");
    u.push({"20,3000000000,,5", "21,4,7,5"}, "b");
    QCOMPARE(u.take(), (lines{"1,2.5,x,10,,shop", "3000000000,,,20,5,b", "4,7,,21,5,b"}));
  }

  void unionOfCommonFields() {
    auto u = two({{"fields", "common"}}, "id:int32,x:bool,at:event_time", "at:event_time,id:uint32");
    u.push({"-1,true,10"}, "a");
    u.push({"20,4000000000"}, "b");
    QCOMPARE(u.take(), (lines{"-1,10", "4000000000,20"}));
  }

  void unionRefusesWhatDoesNotFit() {
    QVERIFY(says(two({}, "id:string", "id:int32").problem(), "field 'id' is a string at input 'a' and a int32 at 'b'"));
    QVERIFY(says(two({}, "id:int64", "id:uint64").problem(), "field 'id'"));
    QVERIFY(says(two({}, "id:int64", "id:float64").problem(), "millrace.select"));
    QVERIFY(says(two({{"fields", "common"}}, "a:int8", "b:int8").problem(), "no field in common"));
    QVERIFY(says(two({{"source", "a"}}, "a:int8", "b:int8").problem(), "would be called 'a'"));
  }

  void schemaCheckRejectsWithTheReason_data() {
    QTest::addColumn<QByteArray>("rules");
    QTest::addColumn<QByteArray>("good");
    QTest::addColumn<QByteArray>("bad");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char* name, const char* rules, const char* good, const char* bad, const char* reason) {
      QTest::newRow(name) << QByteArray{rules} << QByteArray{good} << QByteArray{bad} << QByteArray{reason};
    };
    row("required", "id required", "1,,0,,0,0", ",,0,,0,0", "'id' is null, and the rule is required");
    row("range", "price >= 0; price < 10.5", "1,,10.49,,0,0", "1,,10.50,,0,0",
        "'price' is '10.50', and the rule is < 10.5");
    row("null keeps a range", "id > 5", ",,0,,0,0", "5,,0,,0,0", "'id' is '5', and the rule is > 5");
    row("nan", "f <= 1", "1,,0,,1,0", "1,,0,,nan,0", "'f' is 'nan', and the rule is <= 1");
    row("time", "at > 2026-01-01", "1,,0,,0,2000000000000000000", "1,,0,,0,0",
        "'at' is '1970-01-01T00:00:00Z', and the rule is > 2026-01-01");
    row("choices", "state in open | new", "1,new,0,,0,0", "1,no,0,,0,0",
        "'state' is 'no', and the rule is in open | new");
    row("choices of decimals", "price in 1.5|2", "1,,1.50,,0,0", "1,,3,,0,0", "'price' is '3'");
    row("pattern", "state matches [a-z]+(-[0-9]{2})?", "1,ab-12,0,,0,0", "1,ab-1,0,,0,0", "'state' is 'ab-1'");
    row("length in characters", "state length 1..3", "1,äöü,0,,0,0", "1,abcd,0,,0,0", "the rule is length 1..3");
    row("text order", "state >= b", "1,b,0,,0,0", "1,a,0,,0,0", "the rule is >= b");
    row("personal", "mail matches .+@.+", "1,,0,a@b,0,0", "1,,0,secret,0,0", "'mail' is not shown");
    row("several", "id required; price > 0", "1,,1,,0,0", ",,-1,,0,0",
        "required; 'price' is '-1', and the rule is > 0");
  }
  void schemaCheckRejectsWithTheReason() {
    QFETCH(QByteArray, rules);
    QFETCH(QByteArray, good);
    QFETCH(QByteArray, bad);
    QFETCH(QByteArray, reason);
    auto c = check(rules.constData());
    QCOMPARE(c.problem(), std::string{});
    c.push({good.toStdString(), bad.toStdString()});
    QCOMPARE(c.take().size(), std::size_t{1});
    const auto rejected = c.take("rejected");
    QCOMPARE(rejected.size(), std::size_t{1});
    QVERIFY2(says(rejected[0], reason.toStdString()), rejected[0].c_str());
  }

  void schemaCheckCanMakeDeadLetters() {
    auto c = check("id required", "fail");
    c.push({",,0,,0,0", "1,,0,,0,0"});
    QCOMPARE(c.take().size(), std::size_t{1});
    QCOMPARE(c.reasons(), (lines{"'id' is null, and the rule is required"}));
  }

  void schemaCheckRefusesRulesItCannotRead() {
    QVERIFY(says(check(" ; ").problem(), "'rules' is empty"));
    QVERIFY(says(check("x required").problem(), "parameter 'rules': records that arrive have no field 'x'"));
    QVERIFY(says(check("id is 5").problem(), "parameter 'rules', 'id is 5': behind the field's name"));
    QVERIFY(says(check("id").problem(), "behind the field's name"));
    QVERIFY(says(check("id >").problem(), "something has to stand behind '>'"));
    QVERIFY(says(check("id required now").problem(), "nothing stands behind it"));
    QVERIFY(says(check("id > one").problem(), "expected a whole number"));
    QVERIFY(says(check("id matches x").problem(), "matches works on text"));
    QVERIFY(says(check("state matches [").problem(), "the expression cannot be read"));
    QVERIFY(says(check("state length 5..1").problem(), "expected a range"));
    QVERIFY(says(check("id in 1|x").problem(), "'x' is none"));
  }

  void enrichAddsTheRowOfTheKey() {
    const auto path = write("a.csv", "name,id,limit\n\"Ada, L\",1,5.50\nBo,2,\n");
    auto e = enrich({{"path", path}});
    QCOMPARE(e.problem(), std::string{});
    e.push({"1,open,1,0", "2,open,2,0", "3,open,3,0"});
    QCOMPARE(e.take(), (lines{"1,open,1,0,\"Ada, L\",5.50", "2,open,2,0,Bo,", "3,open,3,0,,"}));
    auto drop = enrich({{"path", path}, {"absent", "drop"}});
    drop.push({"3,open,3,0", "2,open,2,0"});
    QCOMPARE(drop.take(), (lines{"2,open,2,0,Bo,"}));
    auto output = enrich({{"path", path}, {"absent", "output"}});
    output.push({"3,open,3,0", "2,open,2,0"});
    QCOMPARE(output.take("missing"), (lines{"3,open,3,0"}));
  }

  void enrichReadsJsonAndKeysOfOtherNames() {
    const auto path =
        write("b.jsonl",
              "{\"what\":\"open\",\"number\":1,\"text\":\"x\"}\n{\"what\":\"done\",\"number\":1,\"text\":\"y\"}\n");
    auto e = enrich({{"path", path},
                     {"fields", "what:string,number:int32,text:string"},
                     {"key", "what,number"},
                     {"event_key", "state,id"}});
    QCOMPARE(e.problem(), std::string{});
    e.push({"1,done,1,0", "1,open,1,0", "2,open,1,0"});
    QCOMPARE(e.take(), (lines{"1,done,1,0,y", "1,open,1,0,x", "2,open,1,0,"}));
  }

  void enrichTakesOverAChangedFileOnceItRests() {
    const auto path = write("c.csv", "id,name,limit\n1,old,\n");
    auto e = enrich({{"path", path}, {"reload", "10s"}});
    const auto name_after = [&](int wait_s) {
      e.rig().advance(seconds{wait_s});
      e.push({"1,,1,0"});
      return e.take().at(0);
    };
    write("c.csv", "id,name,limit\n1,newer,\n");
    QCOMPARE(name_after(5), std::string{"1,,1,0,old,"});     // not looked yet
    QCOMPARE(name_after(6), std::string{"1,,1,0,old,"});     // seen for the first time
    QCOMPARE(name_after(10), std::string{"1,,1,0,newer,"});  // and unchanged since
    write("c.csv", "id,name,limit\n1,half,\n2,\"cut o");
    QCOMPARE(name_after(10), std::string{"1,,1,0,newer,"});
    QCOMPARE(name_after(10), std::string{"1,,1,0,newer,"});
    QVERIFY(says(e.rig().log().back(), "the new table cannot be used, the old one stays: " + path + ":3: "));
    const auto said = e.rig().log().size();
    QCOMPARE(name_after(10), std::string{"1,,1,0,newer,"});
    QCOMPARE(e.rig().log().size(), said);
    QVERIFY(QFile::remove(QString::fromStdString(path)));
    QCOMPARE(name_after(10), std::string{"1,,1,0,newer,"});
    QVERIFY(says(e.rig().log().back(), "is gone"));
    write("c.csv", "id,name,limit\n1,whole again,\n");
    (void)name_after(10);
    QCOMPARE(name_after(10), std::string{"1,,1,0,whole again,"});
  }

  void enrichFailsOnABrokenTable_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("reason");
    QTest::newRow("twice") << QByteArray{"id,name,limit\n1,a,\n2,b,\n1,c,\n"}
                           << QByteArray{":4: another line has the same key (id)"};
    QTest::newRow("no number") << QByteArray{"id,name,limit\none,a,\n"} << QByteArray{":2: "};
    QTest::newRow("no column") << QByteArray{"id,limit\n1,\n"} << QByteArray{":1: "};
    QTest::newRow("empty") << QByteArray{} << QByteArray{":1: the line that names the columns is missing"};
    QTest::newRow("too many") << QByteArray{"id,name,limit\n1,a,\n2,a,\n3,a,\n4,a,\n"}
                              << QByteArray{":5: there are more than 'rows_max' = 3"};
  }
  void enrichFailsOnABrokenTable() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, reason);
    const auto path = write("d.csv", text.toStdString());
    try {
      auto e = enrich({{"path", path}, {"rows_max", std::int64_t{3}}});
      QCOMPARE(e.problem(), std::string{});
      e.push({"1,,1,0"});
      QFAIL("it started");
    } catch (const actor_failed& f) {
      QVERIFY2(says(f.what(), path + reason.toStdString()), f.what());
    }
  }

  void enrichChecksItsParameters() {
    QVERIFY(says(enrich({{"path", "x.txt"}}).problem(), "set 'format' to csv or jsonl"));
    QVERIFY(says(enrich({{"path", "x.csv"}, {"fields", "id:int65"}}).problem(), "parameter 'fields'"));
    QVERIFY(says(enrich({{"path", "x.csv"}, {"fields", "id:int64"}}).problem(), "nothing but the key"));
    QVERIFY(says(enrich({{"path", "x.csv"}, {"key", "name"}, {"event_key", "id"}}).problem(),
                 "'name' is a string in the table"));
    QVERIFY(
        says(enrich({{"path", "x.csv"}, {"key", "no"}, {"event_key", "id"}}).problem(), "the table has no field 'no'"));
    QVERIFY(says(enrich({{"path", "x.csv"}, {"event_key", "id,state"}}).problem(), "different number of fields"));
    QVERIFY(says(enrich({{"path", "x.csv"}, {"fields", "id:int64,price:int8"}}).problem(), "would be called 'price'"));
  }
};

QTEST_APPLESS_MAIN(joining_test)
#include "joining_test.moc"
