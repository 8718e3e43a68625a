#include "millrace/schema.hpp"

#include <QtTest>
#include <string>

#include "sample_records.hpp"

using namespace millrace;

namespace {

schema parsed(std::string_view text) {
  auto s = parse_schema("test", text);
  if (!s) qFatal("%s", s.error().message.c_str());
  return std::move(s).value();
}

std::string problem(std::string_view text) {
  auto s = parse_schema("test", text);
  return s ? "" : s.error().message;
}

}  // namespace

class schema_test : public QObject {
  Q_OBJECT
private slots:
  void readsAFieldList() {
    const schema s = parsed("account:string, amount:float64,at:event_time,qty:int64?");
    QCOMPARE(s.fields.size(), std::size_t{4});
    QCOMPARE(s.fields[0].name, std::string{"account"});
    QVERIFY(s.fields[3].type.optional);
    QCOMPARE(s.event_time_field, std::optional<std::uint32_t>{2});
    QCOMPARE(s.find("qty"), std::optional<std::uint32_t>{3});
    QVERIFY(!s.find("nope"));
  }

  void printsWhatItReads() {
    const std::string all =
        "a:bool,b:int8,c:uint16?,d:float32,e:bytes,f:decimal,g:enum,h:enum<uint8>?,i:list<map<int64,string>>?,"
        "j:{x:int8,y:{z:string?}},k:string@2!personal,l:event_time@3";
    QCOMPARE(to_text(parsed(all)), all);
    QCOMPARE(parsed(all).version, 3u);
  }

  void describesRecordsTheSameWay() {
    const schema& s = *schema_of<sample::everything>();
    const schema again = parsed(to_text(s));
    QCOMPARE(again.fields.size(), s.fields.size());
    for (std::size_t i = 0; i < s.fields.size(); ++i) {
      QVERIFY2(again.fields[i].type == s.fields[i].type, s.fields[i].name.c_str());
      QCOMPARE(again.fields[i].since, s.fields[i].since);
      QCOMPARE(again.fields[i].personal, s.fields[i].personal);
    }
    QCOMPARE(s.version, 4u);
    QCOMPARE(s.name, std::string{"everything"});
    QCOMPARE(again.event_time_field, s.event_time_field);
  }

  void namesWhatIsWrongAndWhere_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");
    QTest::newRow("empty") << ""
                           << "column 1: expected a field name";
    QTest::newRow("no type") << "a"
                             << "column 2: expected ':' and a type";
    QTest::newRow("unknown type") << "a:strnig"
                                  << "column 3: expected a type (bool";
    QTest::newRow("trailing comma") << "a:bool,"
                                    << "column 8: expected a field name";
    QTest::newRow("twice") << "a:bool,a:bool"
                           << "another name: 'a' is taken";
    QTest::newRow("rubbish") << "a:bool;b:bool"
                             << "column 7: expected ',' or the end";
    QTest::newRow("open list") << "a:list<bool"
                               << "expected '>'";
    QTest::newRow("open record") << "a:{b:bool"
                                 << "expected ',' or '}'";
    QTest::newRow("float key") << "a:map<float64,bool>"
                               << "a scalar type other than float";
    QTest::newRow("nested key") << "a:map<list<bool>,bool>"
                                << "a scalar type other than float";
    QTest::newRow("enum of string") << "a:enum<string>"
                                    << "an integer type";
    QTest::newRow("version 0") << "a:bool@0"
                               << "a version from 1 on";
    QTest::newRow("huge version") << "a:bool@99999999999"
                                  << "a version from 1 on";
    QTest::newRow("version falls") << "a:bool@3,b:bool@2"
                                   << "a version of at least 3";
    QTest::newRow("mark") << "a:bool!secret"
                          << "'personal'";
    QTest::newRow("too deep") << "a:" + QString("list<").repeated(1000) << "no more than 16 levels";
  }
  void namesWhatIsWrongAndWhere() {
    QFETCH(QString, text);
    QFETCH(QString, expected);
    const auto message = QString::fromStdString(problem(text.toStdString()));
    QVERIFY2(message.contains(expected), qPrintable(message));
  }

  void acceptsAppendedFieldsOnly_data() {
    QTest::addColumn<QString>("writer");
    QTest::addColumn<QString>("reader");
    QTest::addColumn<QString>("expected");
    QTest::newRow("same") << "a:bool,b:string"
                          << "a:bool,b:string"
                          << "";
    QTest::newRow("appended") << "a:bool"
                              << "a:bool,b:string@2"
                              << "";
    QTest::newRow("older reader") << "a:bool,b:string@2"
                                  << "a:bool"
                                  << "";
    QTest::newRow("now optional") << "a:int32"
                                  << "a:int32?"
                                  << "";
    QTest::newRow("no since") << "a:bool"
                              << "a:bool,b:string"
                              << "field 'b' is new: mark it since(2)";
    QTest::newRow("renamed") << "a:bool"
                             << "b:bool"
                             << "was written as 'a' and is now 'b'";
    QTest::newRow("removed") << "a:bool,b:bool"
                             << "a:bool"
                             << "field 'b' was removed";
    QTest::newRow("other type") << "a:int32"
                                << "a:int64"
                                << "was written as int32 and is now int64";
    QTest::newRow("no longer optional") << "a:int32?"
                                        << "a:int32"
                                        << "was written as int32? and is now int32";
    QTest::newRow("nested appended") << "a:{x:bool}"
                                     << "a:{x:bool,y:bool@2}"
                                     << "";
    QTest::newRow("nested newer") << "a:{x:bool,y:bool@2}"
                                  << "a:{x:bool}"
                                  << "holds a newer";
  }
  void acceptsAppendedFieldsOnly() {
    QFETCH(QString, writer);
    QFETCH(QString, reader);
    QFETCH(QString, expected);
    const auto problems = compatible(parsed(writer.toStdString()), parsed(reader.toStdString()));
    if (expected.isEmpty()) {
      QVERIFY2(problems.empty(), problems.empty() ? "" : problems.front().c_str());
    } else {
      QVERIFY(!problems.empty());
      QVERIFY2(QString::fromStdString(problems.front()).contains(expected), problems.front().c_str());
    }
  }

  void knowsTheLengthsItEverHad() {
    const schema& s = *schema_of<sample::everything>();
    QCOMPARE(s.fields_in(1), 14u);
    QCOMPARE(s.fields_in(2), 16u);
    for (std::uint32_t n = 0; n <= 20; ++n) {
      QCOMPARE(s.is_known_length(n), n == 14 || n == 16 || n == 18 || n == 19);
      QCOMPARE(record_traits<sample::everything>::is_known_length(n), s.is_known_length(n));
    }
  }
};

QTEST_APPLESS_MAIN(schema_test)
#include "schema_test.moc"
