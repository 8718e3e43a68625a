#include <QtTest>

#include "library/net/idempotency_keys.hpp"
#include "library/net/secret.hpp"
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
