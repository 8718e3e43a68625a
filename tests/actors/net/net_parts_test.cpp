#include <QtTest>

#include "library/net/idempotency_keys.hpp"
#include "library/net/mail_client.hpp"
#include "library/net/secret.hpp"
#include "library/net/timed_cache.hpp"
#include "library/net/url_template.hpp"
#include "library/sinks/alert_groups.hpp"
#include "library/sources/csv_body.hpp"
#include "library/sources/json_items.hpp"
#include "millrace/bytes.hpp"

using namespace millrace;
using namespace millrace::library;

/// The pure pieces of network actors.
class net_parts_test : public QObject {
  Q_OBJECT

  static processing_time at(int seconds) { return {seconds * 1'000'000'000LL}; }

private slots:
  void aBodyIsCutIntoItsValues_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("by_line");
    QTest::addColumn<QByteArray>("items");  // line:column text|…
    const auto row = [](const char* text, bool by_line, const char* items) {
      QTest::newRow(text) << QByteArray{text} << by_line << QByteArray{items};
    };
    row("{\"a\": 1}", false, "1:1 {\"a\": 1}|");
    row("\xef\xbb\xbf{}", false, "1:4 {}|");
    row(" \n [ {\"a\":[1,2]} , {} ] \n", false, "2:4 {\"a\":[1,2]}|2:18 {}|");
    row("[]", false, "");
    row("", false, "");
    row("{}\n{}{}", false, "1:1 {}|2:1 {}|2:3 {}|");
    row("[\"]}\\\"\", \"b\"]", false, "1:2 \"]}\\\"\"|1:10 \"b\"|");
    row("[1,2]", false, "1:2 1|1:4 2|");
    row("[{}", false, "1:2 {}|1:4 !the array does not end|");
    row("[{} {}]", false, "1:2 {}|1:5 !a comma or ']' is missing|");
    row("[{}] x", false, "1:2 {}|1:6 !something follows|");
    row("[{\"a\": \"x]", false, "1:2 !the value does not end|");
    row("{\"a\":\n 1}\n\n {}\r\n", true, "1:1 {\"a\":|2:1  1}|4:1  {}\r|");
    row("nonsense", false, "1:1 nonsense|");
    row("}", false, "1:1 }|");
  }
  void aBodyIsCutIntoItsValues() {
    QFETCH(QByteArray, text);
    QFETCH(bool, by_line);
    QFETCH(QByteArray, items);
    json_items cut{{text.data(), static_cast<std::size_t>(text.size())},
                   by_line ? json_items::cut::lines : json_items::cut::values};
    std::string found;
    while (const auto i = cut.next()) {
      found += std::to_string(i->at.line) + ':' + std::to_string(i->at.column) + ' ';
      if (i->problem != nullptr) {
        const std::string why = i->problem;
        const auto wanted = items.mid(items.lastIndexOf('!') + 1).chopped(1).toStdString();
        found += '!' + why.substr(0, wanted.size()) + '|';
      } else {
        found += std::string{i->text.data(), i->text.size()} + '|';
      }
    }
    QCOMPARE(QByteArray::fromStdString(found), items);
  }

  void columnsWithinAValueAreThoseOfTheBody() {
    std::string text = "[\n  {\"a\":\n   x}]";
    json_items cut{text, json_items::cut::values};
    const auto item = cut.next();
    QVERIFY(item.has_value());
    const auto place = json_items::place_in(*item, 10);  // the x
    QCOMPARE(place.line, std::uint64_t{3});
    QCOMPARE(place.column, std::uint64_t{4});
  }

  void theOldestKeysGoFirst() {
    idempotency_keys keys{3, std::chrono::hours{1}};
    for (int i = 0; i < 5; ++i) keys.add(digest_of(std::to_string(i)), {1, static_cast<std::uint32_t>(i), 0}, at(i));
    QCOMPARE(keys.size(), std::size_t{3});
    QVERIFY(!keys.find(digest_of("1")));
    QCOMPARE(keys.find(digest_of("2"))->stored, 2U);
    keys.add(digest_of("late"), {}, at(3603));  // an hour after 3
    QVERIFY(!keys.find(digest_of("2")));
    QVERIFY(keys.find(digest_of("3")));
    QVERIFY(keys.find(digest_of("late")));
  }

  void keysComeBackAsTheyWere() {
    idempotency_keys keys{10, std::chrono::hours{1}};
    for (int i = 0; i < 4; ++i) {
      keys.add(digest_of(std::to_string(i)), {7, static_cast<std::uint32_t>(i), 9}, at(i));
    }
    byte_buffer bytes;
    msgpack::writer out{bytes};
    keys.encode(out);
    idempotency_keys back{2, std::chrono::hours{1}};
    msgpack::reader in{bytes.view()};
    QVERIFY(back.decode(in));
    QCOMPARE(back.size(), std::size_t{2});
    QCOMPARE(*back.find(digest_of("3")), (kept_answer{7, 3, 9}));
    msgpack::reader cut{bytes.view().first(bytes.view().size() - 1)};
    QVERIFY(!back.decode(cut));
  }

  void aBodyOfCsvIsReadRecordByRecord() {
    const auto type = dynamic_record_type(std::make_shared<const schema>(*parse_schema("x", "n:int64,text:string?")));
    const auto body = parse_csv_body(type, "\xef\xbb\xbftext,n\r\n\"a\n\"\"b\",1\r\n,x\r\n\r\nc,3", true, 10);
    QCOMPARE(body.events->size(), 2U);
    QCOMPARE(record_view(*body.events, 0).field(1).as_string(), std::string_view{"a\n\"b"});
    QCOMPARE(body.malformed.size(), std::size_t{1});
    QCOMPARE(body.malformed[0].at.line, std::uint64_t{4});
    QCOMPARE(body.malformed[0].content, std::string{",x"});
    QVERIFY(parse_csv_body(type, "1,a\n2,b\n", false, 1).has_too_many);
    const auto foreign = parse_csv_body(type, "other\n1\n2\n", true, 10);
    QCOMPARE(foreign.events->size(), 0U);
    QCOMPARE(foreign.malformed.size(), std::size_t{1});
  }

  void fieldsStayInTheirPlaceOfAnAddress() {
    const auto type = dynamic_record_type(std::make_shared<const schema>(*parse_schema("x", "a:string,n:int64")));
    const auto made = url_template::parse("https://host/x/{a}/y?n={n}#z", type->schema());
    QVERIFY(made);
    const auto of = [&](std::string_view text) {
      const auto builder = type->make_builder(1);
      builder->begin_row();
      (void)builder->set(0, value::of(text));
      (void)builder->set(1, value::of(std::int64_t{-7}));
      const auto batch = builder->finish();
      return made->of(record_view{*batch, 0});
    };
    QCOMPARE(of("plain-1.~_"), std::string{"https://host/x/plain-1.~_/y?n=-7#z"});
    QCOMPARE(of("a/b?c#d&\xc3\xa4 %"), std::string{"https://host/x/a%2Fb%3Fc%23d%26%C3%A4%20%25/y?n=-7#z"});
    QCOMPARE(of(".."), std::string{"https://host/x/%2E%2E/y?n=-7#z"});
  }

  void theAnswerLongestUnusedGoesFirst() {
    timed_cache<int> cache{2, std::chrono::seconds{10}};
    cache.put("a", 1, at(0));
    cache.put("b", 2, at(1));
    QCOMPARE(*cache.find("a", at(2)), 1);
    cache.put("c", 3, at(3));
    QVERIFY(cache.find("b", at(3)) == nullptr);
    QVERIFY(cache.find("a", at(11)) == nullptr);  // too old, however often it was used
    QCOMPARE(*cache.find("c", at(11)), 3);
    QCOMPARE(cache.size(), std::size_t{1});
    timed_cache<int> none{0, std::chrono::seconds{10}};
    none.put("a", 1, at(0));
    QVERIFY(none.find("a", at(0)) == nullptr);
  }

  void aStormOfAlertsIsAFewMessages() {
    alert_groups groups{{.wait = std::chrono::seconds{1}, .quiet = std::chrono::seconds{10}, .lines_max = 2}};
    for (int i = 0; i < 5; ++i) groups.add("a", i == 3 ? severity::error : severity::info, std::to_string(i), at(i));
    QVERIFY(!groups.next(processing_time{at(1).ns - 1}));
    const auto m = groups.next(at(4));
    QVERIFY(m.has_value());
    QCOMPARE(m->count, std::uint64_t{5});
    QCOMPARE(m->lines, (std::vector<std::string>{"0", "1"}));
    QCOMPARE(m->worst, severity::error);
    QVERIFY(groups.next(at(4)));  // it stays until it went out
    groups.sent("a", at(4));
    QVERIFY(!groups.due());
    groups.add("a", severity::info, "x", at(5));
    groups.add("b", severity::info, "y", at(5));
    QCOMPARE(groups.next(at(13))->group, std::string{"b"});
    groups.sent("b", at(13));
    QVERIFY(!groups.next(at(13)));
    QCOMPARE(groups.next(at(14))->lines, std::vector<std::string>{"x"});
  }

  void alertsOfTooManyGroupsShareOne() {
    alert_groups groups{{.groups_max = 2}};
    for (const char* g : {"a", "b", "c", "d"}) groups.add(g, severity::info, g, at(0));
    std::map<std::string, std::uint64_t> found;
    while (const auto m = groups.next(at(0))) {
      found[m->group] = m->count;
      groups.sent(m->group, at(0));
    }
    QCOMPARE(found, (std::map<std::string, std::uint64_t>{{"a", 1}, {"b", 1}, {"others", 2}}));
  }

  void waitingAlertsSurviveInASnapshot() {
    alert_groups groups{{.wait = std::chrono::seconds{5}}};
    groups.add("a", severity::critical, "one", at(0));
    byte_buffer bytes;
    msgpack::writer out{bytes};
    groups.encode(out);
    alert_groups back{{.wait = std::chrono::seconds{5}}};
    msgpack::reader in{bytes.view()};
    QVERIFY(back.decode(in));
    QCOMPARE(back.due()->ns, at(5).ns);
    QCOMPARE(back.next(at(5))->lines, std::vector<std::string>{"one"});
    QCOMPARE(back.next(at(5))->worst, severity::critical);
  }

  void aMailKeepsItsHeadersToItself() {
    const mail_account account{.url = "smtp://x", .from = "a@b.org", .to = {"c@d.org", "e@f.org"}};
    const auto plain = mail_text(account, "error: x\r\nBcc: evil@x.org", "one\ntwo\n", at(1'700'000'000), 7);
    QVERIFY(plain.find("\nBcc") == std::string::npos);
    QVERIFY(plain.find("Subject: error: x  Bcc: evil@x.org\r\n") != std::string::npos);
    QVERIFY(plain.find("To: <c@d.org>, <e@f.org>\r\n") != std::string::npos);
    QVERIFY(plain.find("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n") != std::string::npos);
    QVERIFY(plain.find("\r\n\r\none\r\ntwo\r\n") != std::string::npos);
    const auto coded = mail_text(account, "\xc3\xa4", "", at(0), 1);
    QVERIFY(coded.find("Subject: =?utf-8?Q?=C3=A4?=\r\n") != std::string::npos);
  }

  void secretsAreNeverInMessages() {
    const auto bad = check_secret("hunter2", "token");
    QVERIFY(!bad);
    QVERIFY(bad.error().message.find("hunter2") == std::string::npos);
    QVERIFY(bad.error().message.find("env:NAME") != std::string::npos);
    QVERIFY(!read_secret("env:MILLRACE_NO_SUCH_VARIABLE", "token", ""));
    qputenv("MILLRACE_TEST_SECRET", "abc");
    QCOMPARE(*read_secret("env:MILLRACE_TEST_SECRET", "token", ""), std::string{"abc"});
    QVERIFY(equal_secrets("abc", "abc"));
    QVERIFY(!equal_secrets("abc", "abd"));
    QVERIFY(!equal_secrets("", "abc"));
    QVERIFY(!equal_secrets("abc", ""));
  }
};

QTEST_APPLESS_MAIN(net_parts_test)
#include "net_parts_test.moc"
