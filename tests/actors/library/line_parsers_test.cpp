#include <QtTest>

#include "library/sources/logfmt_parser.hpp"
#include "library/sources/regex_parser.hpp"
#include "library/sources/syslog_parser.hpp"
#include "millrace/text/record_writer.hpp"

using namespace millrace;
using namespace millrace::library;

namespace {

schema_ptr fields_of(const QString& fields) {
  auto parsed = parse_schema("line", fields.toStdString());
  if (!parsed) qFatal("%s", parsed.error().message.c_str());
  return std::make_shared<const schema>(std::move(parsed).value());
}

/// The record as a CSV line, or what is wrong with the line and in which column.
QString read_by(record_parser& parser, const schema_ptr& fields, const QString& line) {
  const auto type = dynamic_record_type(fields);
  const auto builder = type->make_builder(4);
  auto& row = static_cast<dynamic_builder&>(*builder);
  auto bytes = line.toStdString();
  line_problem problem;
  if (!parser.parse({bytes.data(), bytes.size()}, row, problem))
    return QString::number(problem.column) + ": " + QString::fromStdString(problem.what());
  const auto made = row.finish();
  std::string text;
  record_writer{record_writer::format::csv, time_format::iso}.append(text, {*made, 0});
  text.pop_back();
  return QString::fromStdString(text);
}

void add_columns() {
  QTest::addColumn<QString>("fields");
  QTest::addColumn<QString>("line");
  QTest::addColumn<QString>("expected");
}

}  // namespace

class line_parsers_test : public QObject {
  Q_OBJECT
private slots:
  void readsLogfmt_data() {
    add_columns();
    const QString fields = "level:string,ms:int64?,text:string?,slow:bool?";
    QTest::newRow("pairs") << fields << "level=info ms=12 text=done other=1"
                           << "info,12,done,";
    QTest::newRow("quotes") << fields << "text=\"a b=c\" level=\"\""
                            << "\"\",,a b=c,";
    QTest::newRow("escapes") << fields << "level=x text=\"a\\\"b\\\\ \\u00e4\\n\""
                             << "x,,\"a\"\"b\\ \u00e4\n\",";
    QTest::newRow("key alone") << fields << "\tslow  level=x "
                               << "x,,,true";
    QTest::newRow("empty value") << fields << "ms= level=x"
                                 << "x,,,";
    QTest::newRow("empty quotes") << fields << "text=\"\" level=x"
                                  << "x,,\"\",";
    QTest::newRow("missing") << fields << "ms=1"
                             << "0: field 'level' is missing";
    QTest::newRow("wrong") << fields << "level=x ms=soon"
                           << "12: field 'ms': 'soon' is no int64?, expected a whole number";
    QTest::newRow("out of range") << "a:int8"
                                  << "a=300"
                                  << "3: field 'a': '300' is no int8, expected one within its range";
    QTest::newRow("twice") << fields << "level=x level=y"
                           << "9: there twice: level";
    QTest::newRow("no key") << fields << "level=x =3"
                            << "9: expected a key";
    QTest::newRow("no =") << fields << "level\"x\""
                          << "6: expected '=' behind the key";
    QTest::newRow("open quote") << fields << "level=\"x"
                                << "7: the quote is not closed";
    QTest::newRow("open escape") << fields << "level=\"x\\"
                                 << "7: the quote is not closed";
    QTest::newRow("behind quote") << fields << "level=\"x\"y"
                                  << "10: expected a space behind the closing quote";
    QTest::newRow("wrong escape") << fields << "level=\"\\x41\""
                                  << "7: expected JSON's escapes within quotes";
  }
  void readsLogfmt() {
    QFETCH(QString, fields);
    QFETCH(QString, line);
    QFETCH(QString, expected);
    const auto schema = fields_of(fields);
    QCOMPARE(read_by(*make_logfmt_parser(schema), schema, line), expected);
  }

  void readsSyslog_data() {
    add_columns();
    const QString all =
        "priority:int64?,facility:string?,severity:string?,at:event_time?,host:string?,app:string?,pid:string?,msgid:"
        "string?,data:string?,message:string?";
    // The examples of the two documents.
    QTest::newRow("5424, example 1")
        << all
        << "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - "
           "\uFEFF'su root' failed for lonvick on /dev/pts/8"
        << "34,auth,crit,2003-10-11T22:14:15.003Z,mymachine.example.com,su,,ID47,,'su root' "
           "failed for lonvick on /dev/pts/8";
    QTest::newRow("5424, example 3")
        << all
        << "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" "
           "x=\"a \\\"]\\\" b\"][more@1] An event"
        << "165,local4,notice,2003-10-11T22:14:15.003Z,mymachine.example.com,evntslog,,ID47,\"[exampleSDID@32473 "
           "iut=\"\"3\"\" x=\"\"a \\\"\"]\\\"\" b\"\"][more@1]\",An event";
    QTest::newRow("5424, nothing") << all << "<0>1 - - - - - -"
                                   << "0,kern,emerg,,,,,,,";
    QTest::newRow("3164") << all << "<13>Feb  5 17:32:18 10.0.0.99 sshd[42]: Use the BFG!"
                          << "13,user,notice,2024-02-05T17:02:18Z,10.0.0.99,sshd,42,,,Use the BFG!";
    QTest::newRow("3164, no tag") << all << "Feb 29 17:32:18 host -- MARK --"
                                  << ",,,2024-02-29T17:02:18Z,host,,,,,-- MARK --";
    QTest::newRow("ISO time") << all << "2026-11-21T10:00:00.25+01:00 host systemd-x.y: up"
                              << ",,,2026-11-21T09:00:00.25Z,host,systemd-x.y,,,,up";
    QTest::newRow("numbers") << "facility:int8,severity:int8"
                             << "<165>1 - - - - - - x"
                             << "20,5";
    QTest::newRow("no level") << "severity:string"
                              << "Feb 29 17:32:18 host a: b"
                              << "0: field 'severity' is missing";
    QTest::newRow("priority") << all << "<192>1 - - - - - -"
                              << "1: expected a priority from <0> to <191>";
    QTest::newRow("open priority") << all << "<19"
                                   << "1: expected a priority from <0> to <191>";
    QTest::newRow("short") << all << "<19>1 - host"
                           << "13: expected a space";
    QTest::newRow("bad time") << all << "<19>1 yesterday h a p m -"
                              << "7: expected a time as 2026-11-21T10:00:00.123Z";
    QTest::newRow("no data") << all << "<19>1 - h a p m x"
                             << "17: expected structured data in [] or -";
    QTest::newRow("open data") << all << "<19>1 - h a p m [x y=\"]\""
                               << "17: expected the ] of the structured data";
    QTest::newRow("no time") << all << "hello world"
                             << "1: expected a time as Nov 21 10:00:00 or 2026-11-21T10:00:00Z";
    QTest::newRow("no day") << all << "Feb 30 17:32:18 h a: b"
                            << "1: there is no such day";
    QTest::newRow("bad hour") << all << "Feb  3 27:32:18 h a: b"
                              << "1: expected a time as Nov 21 10:00:00 or 2026-11-21T10:00:00Z";
    QTest::newRow("no host") << all << "Feb  3 17:32:18"
                             << "16: expected a space behind the time";
  }
  void readsSyslog() {
    QFETCH(QString, fields);
    QFETCH(QString, line);
    QFETCH(QString, expected);
    const auto schema = fields_of(fields);
    const auto parser = make_syslog_parser(schema, {2024, std::chrono::minutes{30}});
    QCOMPARE(read_by(*parser, schema, line), expected);
  }
  void saysThatAYearIsMissing() {
    const auto schema = fields_of("at:event_time");
    QCOMPARE(read_by(*make_syslog_parser(schema, {}), schema, "Feb  3 17:32:18 h a: b"),
             QString{"1: the time has no year: set the parameter 'year'"});
    const auto optional = fields_of("at:event_time?");
    QCOMPARE(read_by(*make_syslog_parser(optional, {}), optional, "Feb  3 17:32:18 h a: b"), QString{});
  }
  void namesTheFieldsOfSyslog() {
    QVERIFY(check_syslog_fields(*fields_of("colour:string")).error().message.find("there are priority, facility") !=
            std::string::npos);
  }

  void readsByAnExpression_data() {
    add_columns();
    const QString fields = "name:string,n:int64?,rest:string";
    QTest::newRow("match") << fields << "ab:12 more"
                           << "ab,12,more";
    QTest::newRow("left out") << fields << "ab more"
                              << "ab,,more";
    QTest::newRow("empty") << fields << "ab "
                           << "ab,,\"\"";
    QTest::newRow("only as a whole") << fields << "ab:12 more\t"
                                     << "0: the line does not match the pattern";
    QTest::newRow("wrong") << fields << "ab:99999999999999999999 x"
                           << "4: field 'n': '99999999999999999999' is no int64?, expected a whole number";
  }
  void readsByAnExpression() {
    QFETCH(QString, fields);
    QFETCH(QString, line);
    QFETCH(QString, expected);
    const auto schema = fields_of(fields);
    const std::string pattern = "(?P<name>\\w+)(?::(?P<n>\\d+))? (?P<rest>[^\\t]*)";
    QVERIFY(check_regex(*schema, pattern).has_value());
    QCOMPARE(read_by(*make_regex_parser(schema, pattern), schema, line), expected);
  }
  void refusesExpressions_data() {
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("said");
    QTest::newRow("none") << ""
                          << "needs an expression with named groups";
    QTest::newRow("wrong") << "(?P<a>x"
                           << "parameter 'pattern': missing )";
    QTest::newRow("no group") << "x"
                              << "has no group 'a'; there are none: write (?P<a>…)";
    QTest::newRow("others") << "(?P<c>.)(?P<b>.)"
                            << "has no group 'a'; there are b, c";
  }
  void refusesExpressions() {
    QFETCH(QString, pattern);
    QFETCH(QString, said);
    const auto checked = check_regex(*fields_of("a:string"), pattern.toStdString());
    QVERIFY(!checked);
    QVERIFY2(QString::fromStdString(checked.error().message).contains(said), checked.error().message.c_str());
  }
};

QTEST_APPLESS_MAIN(line_parsers_test)
#include "line_parsers_test.moc"
