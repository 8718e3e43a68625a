// What shapes and thins out a stream: select, deduplicate, sample, throttle, mask.
// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_harness.hpp"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;
using params = text_harness::params;

namespace {

constexpr const char* orders = "id:int64,text:string?,price:float64,flag:bool,paid:decimal,at:event_time";

text_harness select(const std::string& fields, const std::string& drop = "") {
  return {"millrace.select", {{"fields", fields}, {"drop", drop}}, orders};
}

std::string problem_of(const char* id, params values, const char* fields = "key:string,value:float64?,at:event_time") {
  return text_harness{id, std::move(values), fields}.problem();
}

lines numbered(const char* key, int from, int count) {
  lines rows;
  for (int i = from; i < from + count; ++i) rows.push_back(key + std::to_string(i) + "," + std::to_string(i) + ",0");
  return rows;
}

text_harness mask(params values, const char* fields = "name:string?!personal,card:int64,email:string!personal") {
  return {"millrace.mask", std::move(values), fields};
}

}  // namespace

class shaping_test : public QObject {
  Q_OBJECT
private slots:
  void selectKeepsOrdersAndRenames() {
    auto s = select("at, price as cost, *", "flag");
    QCOMPARE(s.problem(), std::string{});
    s.push({"7,abc,1.5,true,2.50,99"});
    QCOMPARE(s.take(), (lines{"99,1.5,7,abc,2.50"}));
  }

  void selectCasts_data() {
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<QByteArray>("output");  // or why not, after a !
    const auto row = [](const char* name, const char* fields, const char* input, const char* output) {
      QTest::newRow(name) << QByteArray{fields} << QByteArray{input} << QByteArray{output};
    };
    row("text to integer", "text:int32", "1,-12,0,true,0,0", "-12");
    row("text to no integer", "text:int32", "1,1.5,0,true,0,0", "!field 'text' is '1.5', which cannot become int32");
    row("text too large", "text:int8", "1,128,0,true,0,0", "!expected a value that fits");
    row("text to time", "text:event_time", "1,1970-01-01T00:00:01Z,0,true,0,0", "1000000000");
    row("empty text to null", "text:int64?", "1,\"\",0,true,0,0", "");
    row("null where none may be", "text:int64", "1,,0,true,0,0", "!expected a value");
    row("integer to float", "id:float64", "9,,0,true,0,0", "9");
    row("integer to time", "id:event_time", "5,,0,true,0,0", "5");
    row("integer to text", "id:string", "5,,0,true,0,0", "5");
    row("integer to decimal", "id:decimal", "5,,0,true,0,0", "5");
    row("integer to bool", "id:bool", "1,,0,true,0,0", "true");
    row("integer to no bool", "id:bool", "2,,0,true,0,0", "!expected true or false");
    row("whole float", "price:int64", "1,,-3,true,0,0", "-3");
    row("float with decimals", "price:int64", "1,,2.5,true,0,0", "!expected a whole number");
    row("float out of range", "price:int64", "1,,1e19,true,0,0", "!expected a whole number");
    row("float to seconds", "price:event_time", "1,,1.5,true,0,0", "1500000000");
    row("nan to a time", "price:event_time", "1,,nan,true,0,0", "!expected a time");
    row("float to decimal", "price:decimal", "1,,2.25,true,0,0", "2.25");
    row("bool to integer", "flag:int8", "1,,0,true,0,0", "1");
    row("whole decimal", "paid:int64", "1,,0,true,7.00,0", "7");
    row("decimal with decimals", "paid:int64", "1,,0,true,7.10,0", "!expected a whole number");
    row("decimal to float", "paid:float64", "1,,0,true,7.10,0", "7.1");
    row("time to text", "at:string", "1,,0,true,0,1000000000", "1970-01-01T00:00:01Z");
    row("time to nanoseconds", "at:int64", "1,,0,true,0,77", "77");
  }
  void selectCasts() {
    QFETCH(QByteArray, fields);
    QFETCH(QByteArray, input);
    QFETCH(QByteArray, output);
    auto s = select(fields.toStdString());
    QCOMPARE(s.problem(), std::string{});
    s.push({input.toStdString(), input.toStdString()});
    if (!output.startsWith('!')) {
      QCOMPARE(s.take(), lines(2, output.toStdString()));
      return;
    }
    QCOMPARE(s.take(), lines{});
    const auto why = s.reasons();
    QCOMPARE(why.size(), std::size_t{2});
    QVERIFY2(says(why.front(), output.mid(1).toStdString()), why.front().c_str());
  }

  void selectRefusesWhatCannotBe() {
    QVERIFY(says(select("prize").problem(), "'fields': records that arrive have no field 'prize'"));
    QVERIFY(says(select("*", "flags").problem(), "'drop': records that arrive have no field 'flags'"));
    QVERIFY(says(select("id, price as id").problem(), "makes two fields called 'id'"));
    QVERIFY(says(select("id:int65").problem(), "parameter 'fields', 'id:int65'"));
    QVERIFY(says(select("at:bool").problem(), "of which no bool can be made"));
    QVERIFY(says(select("*", "id,text,price,flag,paid,at").problem(), "no field stays"));
  }

  void deduplicateForgetsAfterItsTime() {
    text_harness d{"millrace.deduplicate", {{"key", "key"}, {"ttl", "10ms"}}, "key:string,value:int64,at:event_time"};
    QCOMPARE(d.problem(), std::string{});
    d.push({"a,1,0", "a,2,5000000", "b,3,5000000", "a,4,10000000", "a,5,15000000"});
    QCOMPARE(d.take(), (lines{"a,1,0", "b,3,5000000", "a,4,10000000"}));
    QCOMPARE(d.take("duplicates"), (lines{"a,2,5000000", "a,5,15000000"}));
    d.recover();
    d.push({"a,6,19000000", "a,7,20000000"});
    QCOMPARE(d.take(), (lines{"a,7,20000000"}));
    d.watermark(100'000'000);
    QCOMPARE(d.rig().key_count(), std::size_t{0});
  }

  void deduplicateCanRefreshAndUseTheClock() {
    text_harness r{
        "millrace.deduplicate", {{"key", "key"}, {"ttl", "10ms"}, {"refresh", true}}, "key:string,at:event_time"};
    r.push({"a,0", "a,9000000", "a,18000000", "a,28000000"});
    QCOMPARE(r.take(), (lines{"a,0", "a,28000000"}));
    text_harness p{"millrace.deduplicate", {{"key", "key"}, {"ttl", "10ms"}, {"clock", "processing"}}, "key:string"};
    p.push({"a", "a"});
    p.rig().advance(std::chrono::milliseconds{11});
    p.push({"a"});
    QCOMPARE(p.take(), (lines{"a", "a"}));
    text_harness kept{"millrace.deduplicate", {{"key", "key"}, {"ttl", "0s"}}, "key:string"};
    kept.push({"a", "b", "a"});
    QCOMPARE(kept.take(), (lines{"a", "b"}));
  }

  void deduplicateChecksItsParameters() {
    QVERIFY(says(problem_of("millrace.deduplicate", {{"key", "x"}, {"ttl", "1s"}}), "no field 'x'"));
    QVERIFY(says(problem_of("millrace.deduplicate", {{"key", "key"}, {"ttl", "soon"}}), "parameter 'ttl'"));
    QVERIFY(says(problem_of("millrace.deduplicate", {{"key", "key"}, {"ttl", "1s"}}, "key:string"), "no event time"));
  }

  void sampleTakesTheSameKeysEverywhere() {
    const params half{{"by", "key"}, {"key", "key"}, {"fraction", 0.5}};
    text_harness one{"millrace.sample", half, "key:string,value:int64,at:event_time"};
    text_harness other{"millrace.sample", half, "key:string,value:int64,at:event_time"};
    one.push(numbered("k", 0, 1000));
    other.push(numbered("k", 500, 500));
    auto taken = one.take();
    QVERIFY2(taken.size() > 450 && taken.size() < 550, std::to_string(taken.size()).c_str());
    QCOMPARE(taken.size() + one.take("rest").size(), std::size_t{1000});
    const auto later = other.take();
    std::erase_if(taken, [&](const std::string& row) { return std::ranges::find(later, row) == later.end(); });
    QCOMPARE(taken, later);
  }

  void sampleGoesOnWhereItStopped_data() {
    QTest::addColumn<QByteArray>("by");
    QTest::newRow("every") << QByteArray{"every"};
    QTest::newRow("random") << QByteArray{"random"};
  }
  void sampleGoesOnWhereItStopped() {
    QFETCH(QByteArray, by);
    const params p{{"by", by.toStdString()}, {"every", std::int64_t{4}}, {"fraction", 0.25}};
    text_harness straight{"millrace.sample", p, "key:string,value:int64,at:event_time"};
    text_harness broken{"millrace.sample", p, "key:string,value:int64,at:event_time"};
    straight.push(numbered("k", 0, 1000));
    for (int i = 0; i < 10; ++i) {
      broken.push(numbered("k", 100 * i, 100));
      broken.recover();
    }
    const auto taken = straight.take();
    QVERIFY2(taken.size() > 200 && taken.size() < 300, std::to_string(taken.size()).c_str());
    if (by == "every") QCOMPARE(taken[1], std::string{"k7,7,0"});
    QCOMPARE(broken.take(), taken);
  }

  void sampleChecksItsParameters() {
    QVERIFY(says(problem_of("millrace.sample", {{"by", "key"}}), "set 'key' to the key's fields"));
    QVERIFY(says(problem_of("millrace.sample", {{"key", "key"}}), "set 'by' to key"));
    QVERIFY(says(problem_of("millrace.sample", {{"fraction", 1.5}}), "'fraction'"));
    text_harness nan{"millrace.sample", {{"by", "key"}, {"key", "value"}}, "value:float64"};
    nan.push({"nan"});
    QVERIFY(says(nan.reasons().at(0), "field 'value' is NaN"));
  }

  void throttleCountsPerKeyAndInterval() {
    text_harness t{"millrace.throttle",
                   {{"key", "key"}, {"limit", std::int64_t{2}}, {"interval", "10ms"}},
                   "key:string,at:event_time"};
    QCOMPARE(t.problem(), std::string{});
    t.push({"a,0", "a,1", "b,2", "a,3", "a,10000000", "a,9999999", "a,-1"});
    QCOMPARE(t.take(), (lines{"a,0", "a,1", "b,2", "a,10000000", "a,-1"}));
    QCOMPARE(t.take("rest"), (lines{"a,3", "a,9999999"}));
    t.recover();
    t.push({"a,5", "a,10000001", "a,10000002"});
    QCOMPARE(t.take(), (lines{"a,10000001"}));
    t.watermark(10'000'000);
    t.push({"a,7"});  // late: counts against the interval the watermark is in, which is full
    QCOMPARE(t.take(), lines{});
    t.watermark(30'000'000);
    QCOMPARE(t.rig().key_count(), std::size_t{0});
  }

  void throttleCountsThePartition() {
    text_harness t{"millrace.throttle", {{"limit", std::int64_t{2}}}, "key:string,at:event_time"};
    t.push({"a,0", "b,1"});
    t.recover();
    t.push({"c,2", "d,1000000000"});
    QCOMPARE(t.take(), (lines{"a,0", "b,1", "d,1000000000"}));
  }

  void throttleChecksItsParameters() {
    QVERIFY(says(problem_of("millrace.throttle", {{"limit", std::int64_t{1}}}, "key:string"), "no event time"));
    QVERIFY(says(problem_of("millrace.throttle", {{"limit", std::int64_t{1}}, {"interval", "0s"}}), "'interval'"));
    QVERIFY(says(problem_of("millrace.throttle", {{"limit", std::int64_t{1}}, {"key", "k"}}), "no field 'k'"));
  }

  void maskHidesWhatIsPersonal() {
    auto redact = mask({});
    redact.push({"ada,7,ada@example.org", ",8,x"});
    QCOMPARE(redact.take(), (lines{"***,7,***", ",8,***"}));
    auto last = mask({{"how", "keep_last"}, {"last", std::int64_t{2}}, {"text", "#"}, {"fields", "name,card"}});
    last.push({"zoë,1234,x", "ab,7,x"});
    QCOMPARE(last.take(), (lines{"#oë,#34,x", "#,#,x"}));
    auto gone = mask({{"how", "drop"}});
    gone.push({"ada,7,ada@example.org"});
    QCOMPARE(gone.take(), (lines{"7"}));
  }

  /// The digest is that of `printf ada | openssl dgst -sha256 -hmac 0123456789abcdef`.
  void maskMakesTokens() {
    QTemporaryDir folder;
    const auto path = folder.filePath("secret").toStdString();
    std::ofstream{path} << "0123456789abcdef\n";
    auto of_file = mask({{"how", "token"}, {"fields", "name,card"}, {"secret", "file:" + path}});
    of_file.push({"ada,7,x", "ada,7,y", ",7,z"});
    const auto tokens = of_file.take();
    QCOMPARE(tokens.at(0).substr(0, 33), std::string{"83eeb38e004a295359bde4b0760bb271,"});
    QCOMPARE(tokens.at(0).substr(0, tokens.at(0).size() - 1), tokens.at(1).substr(0, tokens.at(1).size() - 1));
    QVERIFY(tokens.at(2).starts_with(","));
    qputenv("MILLRACE_TEST_SECRET", "0123456789abcdef");
    auto of_variable = mask({{"how", "token"},
                             {"fields", "name"},
                             {"secret", "env:MILLRACE_TEST_SECRET"},
                             {"token_bytes", std::int64_t{8}}});
    of_variable.push({"ada,7,x"});
    QCOMPARE(of_variable.take().at(0), std::string{"83eeb38e004a295359bde4b0760bb271"}.substr(0, 16) + ",7,x");
  }

  void maskWantsAGoodSecret() {
    QVERIFY(says(mask({{"how", "token"}}).problem(), "set 'secret' to where"));
    QVERIFY(says(mask({{"secret", "env:X"}}).problem(), "'secret' is for 'how' = token"));
    QVERIFY(says(mask({{"how", "token"}, {"secret", "hunter2"}}).problem(), "env:NAME"));
    QVERIFY(says(mask({}, "name:string").problem(), "no field that arrives is marked as !personal"));
    QVERIFY(says(mask({{"fields", "nam"}}).problem(), "no field 'nam'"));
    QVERIFY(says(mask({{"how", "drop"}}, "name:string!personal").problem(), "no field is left"));
    QTemporaryDir folder;
    const auto path = folder.filePath("secret").toStdString();
    const auto failure = [&](const params& p) -> std::string {
      try {
        auto m = mask(p);
        m.push({"ada,7,x"});
      } catch (const actor_failed& e) {
        return e.what();
      }
      return {};
    };
    QVERIFY2(
        says(failure({{"how", "token"}, {"secret", "file:" + path}}), "parameter 'secret': the file '" + path + "'"),
        failure({{"how", "token"}, {"secret", "file:" + path}}).c_str());
    std::ofstream{path} << "short\n";
    QVERIFY(says(failure({{"how", "token"}, {"secret", "file:" + path}}), "has 5 bytes: give it 16"));
    QVERIFY(says(failure({{"how", "token"}, {"secret", "env:MILLRACE_NOT_SET"}}), "no variable MILLRACE_NOT_SET"));
  }
};

QTEST_APPLESS_MAIN(shaping_test)
#include "shaping_test.moc"
