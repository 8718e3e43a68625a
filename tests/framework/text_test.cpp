#include "millrace/text/record_parser.hpp"
#include "millrace/text/record_writer.hpp"
#include "millrace/text/time_text.hpp"

#include <QtTest>

using namespace millrace;

namespace {

schema_ptr fields_of(const char* text) {
  auto s = parse_schema("test", text);
  if (!s) qFatal("%s", s.error().message.c_str());
  return std::make_shared<const schema>(std::move(s).value());
}

std::string iso(event_time t) {
  std::string out;
  append_iso_time(out, t);
  return out;
}

/// Reads one line and writes it again.
std::string copied(const char* fields, std::string line, bool from_json, record_writer::format to) {
  const auto s = fields_of(fields);
  const auto type = dynamic_record_type(s);
  const auto builder = type->make_builder(4);
  auto& row = static_cast<dynamic_builder&>(*builder);
  const auto parser = from_json ? make_json_parser(s) : make_csv_parser(s, false);
  line_problem problem;
  if (!parser->parse(line, row, problem)) return std::to_string(problem.column) + ": " + problem.what();
  const auto made = row.finish();
  std::string out;
  record_writer{to, time_format::iso}.append(out, {*made, 0});
  out.pop_back();
  return out;
}

constexpr auto csv = record_writer::format::csv;
constexpr auto jsonl = record_writer::format::jsonl;

}  // namespace

class text_test : public QObject {
  Q_OBJECT
private slots:
  void readsEventTimes_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("ns");
    QTest::newRow("nanoseconds") << QByteArray{"1700000000123456789"} << qint64{1700000000123456789};
    QTest::newRow("negative") << QByteArray{"-5"} << qint64{-5};
    QTest::newRow("seconds") << QByteArray{"1700000000.25"} << qint64{1700000000250000000};
    QTest::newRow("negative seconds") << QByteArray{"-0.5"} << qint64{-500000000};
    QTest::newRow("iso") << QByteArray{"2026-11-21T10:00:00.123Z"} << qint64{1795255200123000000};
    QTest::newRow("no zone is UTC") << QByteArray{"2026-11-21 10:00:00"} << qint64{1795255200000000000};
    QTest::newRow("zone") << QByteArray{"2026-11-21T12:00:00+02:00"} << qint64{1795255200000000000};
    QTest::newRow("date") << QByteArray{"1970-01-02"} << qint64{86400000000000};
    QTest::newRow("leap day") << QByteArray{"2024-02-29T00:00Z"} << qint64{1709164800000000000};
  }
  void readsEventTimes() {
    QFETCH(QByteArray, text);
    QFETCH(qint64, ns);
    const auto t = parse_event_time(text.toStdString());
    QVERIFY(t.has_value());
    QCOMPARE(t->ns, ns);
  }

  void refusesWhatIsNoTime() {
    for (const char* text :
         {"", "x", "12x", "1.", "2026-13-01", "2026-02-29", "2026-11-21T25:00", "2026-11-21T10:00:00.Z",
          "2026-11-21T10:00:00Zx", "9999-01-01", "99999999999999999999", "9999999999.0x"}) {
      QVERIFY2(!parse_event_time(text), text);
    }
  }

  void writesIsoTimesThatReadBack() {
    QCOMPARE(iso({0}), std::string{"1970-01-01T00:00:00Z"});
    QCOMPARE(iso({-1}), std::string{"1969-12-31T23:59:59.999999999Z"});
    QCOMPARE(iso({1795255200120000000}), std::string{"2026-11-21T10:00:00.12Z"});
    for (const auto t : {event_time::min(), event_time::max(), event_time{1}, event_time{-86400000000001}}) {
      QCOMPARE(parse_event_time(iso(t))->ns, t.ns);
    }
  }

  void copiesCsv_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("written");
    QTest::newRow("plain") << QByteArray{"a,1.50,true"} << QByteArray{"a,1.5,true"};
    QTest::newRow("quotes") << QByteArray{"\"a \"\"b\"\", c\",0.1,yes"} << QByteArray{"\"a \"\"b\"\", c\",0.1,true"};
    QTest::newRow("line end") << QByteArray{"\"a\nb\",1e300,0"} << QByteArray{"\"a\nb\",1e+300,false"};
    QTest::newRow("null and empty") << QByteArray{"\"\",,no"} << QByteArray{"\"\",,false"};
    QTest::newRow("not a number") << QByteArray{"x,nan,no"} << QByteArray{"x,nan,false"};
  }
  void copiesCsv() {
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, written);
    QCOMPARE(copied("a:string,b:float64?,c:bool", line.toStdString(), false, csv), written.toStdString());
  }

  void copiesEveryKindOfFieldThroughJson() {
    const char* fields =
        "b:bool,i:int8,u:uint64,f:float32,d:float64,s:string,x:bytes,t:event_time,m:decimal,e:enum,n:int64?";
    const std::string line =
        "{\"b\":true,\"i\":-5,\"u\":18446744073709551615,\"f\":0.1,\"d\":-0.25,\"s\":\"a\\\"\\\\\\n\\u0001ü\",\"x\":"
        "\"00ff\","
        "\"t\":\"2026-11-21T10:00:00.5Z\",\"m\":-0.05,\"e\":3,\"n\":null}";
    QCOMPARE(copied(fields, line, true, jsonl), line);
  }

  void writesNanAsNullInJson() {
    QCOMPARE(copied("a:float64", "nan", false, jsonl), std::string{"{\"a\":null}"});
    QCOMPARE(copied("a:float64", "-inf", false, jsonl), std::string{"{\"a\":null}"});
  }

  void keepsEveryDigitOfDecimals() {
    QCOMPARE(copied("a:decimal", "19.90", false, csv), std::string{"19.90"});
    QCOMPARE(copied("a:decimal", "-0.007", false, jsonl), std::string{"{\"a\":-0.007}"});
    QCOMPARE(copied("a:decimal", "{\"a\":123456789012345.678}", true, csv), std::string{"123456789012345.678"});
  }

  void saysWhatIsWrongInACsvLine_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("problem");
    QTest::newRow("number") << QByteArray{"x,abc,1"}
                            << QByteArray{"3: field 'b': 'abc' is no float64, expected a number"};
    QTest::newRow("range") << QByteArray{"x,1,300"} << QByteArray{"5: field 'c': '300' is no int8: it is out of range"};
    QTest::newRow("columns") << QByteArray{"x,1"} << QByteArray{"0: expected 3 columns, found 2"};
    QTest::newRow("open quote") << QByteArray{"\"x,1,2"} << QByteArray{"1: the quote is not closed"};
    QTest::newRow("after quote") << QByteArray{"\"x\"y,1,2"} << QByteArray{"4: expected ',' behind the closing quote"};
    QTest::newRow("missing") << QByteArray{"x,,2"} << QByteArray{"3: field 'b': '' is no float64, expected a number"};
  }
  void saysWhatIsWrongInACsvLine() {
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, problem);
    QCOMPARE(copied("a:string,b:float64,c:int8", line.toStdString(), false, csv), problem.toStdString());
  }

  void saysWhatIsWrongInAJsonLine_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("problem");
    QTest::newRow("missing") << QByteArray{"{\"a\":\"x\"}"} << QByteArray{"field 'b' is missing"};
    QTest::newRow("twice") << QByteArray{"{\"b\":1,\"b\":2}"} << QByteArray{"field 'b' is there twice"};
    QTest::newRow("kind") << QByteArray{"{\"a\":5,\"b\":1}"} << QByteArray{"field 'a': 5 is no string"};
    QTest::newRow("nested") << QByteArray{"{\"b\":[1]}"} << QByteArray{"field 'b' is nested, expected a int8"};
    QTest::newRow("array") << QByteArray{"[1,2]"} << QByteArray{"expected an object"};
    QTest::newRow("number") << QByteArray{"17"} << QByteArray{"expected an object"};
    QTest::newRow("cut off") << QByteArray{"{\"a\":\"x"} << QByteArray{"parse error"};
    QTest::newRow("two values") << QByteArray{"{\"b\":1} {}"} << QByteArray{"parse error"};
    QTest::newRow("deep") << QByteArray{"{\"z\":"} + QByteArray(40, '[') << QByteArray{"nested deeper than 32 levels"};
  }
  void saysWhatIsWrongInAJsonLine() {
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, problem);
    const auto said = QByteArray::fromStdString(copied("a:string?,b:int8", line.toStdString(), true, csv));
    QVERIFY2(said.contains(problem), said);
  }

  void skipsMembersThatAreNoFields() {
    QCOMPARE(copied("b:int8", "{\"x\":{\"b\":9,\"y\":[1,\"b\"]},\"b\":1,\"z\":null}", true, csv), std::string{"1"});
  }
};

QTEST_APPLESS_MAIN(text_test)
#include "text_test.moc"
