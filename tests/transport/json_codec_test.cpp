#include "millrace/transport/json_codec.hpp"

#include <QtTest/QTest>
#include <limits>
#include <string>

using namespace millrace;
using namespace millrace::transport;
using nlohmann::json;

namespace {

result<json> decode(const std::string& bytes, const json_limits& limits = {}) {
  return json_from_msgpack(as_bytes(bytes), limits);
}

std::string packed(const json& document) {
  byte_buffer out;
  json_to_msgpack(document, out);
  return std::string{as_text(out.view())};
}

}  // namespace

class json_codec_test : public QObject {
  Q_OBJECT

private slots:
  void documentsComeBack();
  void everyTruncationIsRefused();
  void badDocumentsAreRefused_data();
  void badDocumentsAreRefused();
  void depthIsLimited();
  void valuesAreLimited();
  void sizeIsLimited();
};

void json_codec_test::documentsComeBack() {
  const json document{{"null", nullptr},
                      {"yes", true},
                      {"least", std::numeric_limits<std::int64_t>::min()},
                      {"most", std::numeric_limits<std::uint64_t>::max()},
                      {"half", 0.5},
                      {"whole", 2.0},
                      {"text", "Grüße, 世界 😀"},
                      {"list", {1, {{"a", {{"b", json::array()}}}}, 2, {3, 4}}},
                      {"after", 1},
                      {"none", json::object()}};
  const auto back = decode(packed(document));
  QVERIFY(back);
  QCOMPARE(back->dump(), document.dump());
  QVERIFY((*back)["whole"].is_number_float());
}

void json_codec_test::everyTruncationIsRefused() {
  const auto bytes = packed({{"a", {1, 2, {{"b", "text"}}}}, {"c", 1.5}});
  for (std::size_t n = 0; n < bytes.size(); ++n) QVERIFY(!decode(bytes.substr(0, n)));
}

void json_codec_test::badDocumentsAreRefused_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<QByteArray>("why");
  QTest::newRow("bytes behind the end") << QByteArray{"\x01\x01", 2} << QByteArray{"behind its end"};
  QTest::newRow("duplicate key") << QByteArray{"\x82\xA1"
                                               "a\x01\xA1"
                                               "a\x02"}
                                 << QByteArray{"'a' appears twice"};
  QTest::newRow("number as key") << QByteArray{"\x81\x01\x01"} << QByteArray{"not text"};
  QTest::newRow("map as key") << QByteArray{"\x81\x80\x01"} << QByteArray{"not text"};
  QTest::newRow("binary") << QByteArray{"\xC4\x01z"} << QByteArray{"binary"};
  QTest::newRow("extension") << QByteArray{"\xD4\x01z"} << QByteArray{"extension"};
  QTest::newRow("never used byte") << QByteArray{"\xC1"} << QByteArray{"not MessagePack"};
  QTest::newRow("four thousand million elements") << QByteArray{"\xDD\xFF\xFF\xFF\xFF"} << QByteArray{"middle"};
  QTest::newRow("four gigabytes of text") << QByteArray{"\xDB\xFF\xFF\xFF\xFFz"} << QByteArray{"middle"};
  QTest::newRow("lone continuation byte") << QByteArray{"\xA1\x80"} << QByteArray{"UTF-8"};
  QTest::newRow("overlong slash") << QByteArray{"\xA2\xC0\xAF"} << QByteArray{"UTF-8"};
  QTest::newRow("overlong in three bytes") << QByteArray{"\xA3\xE0\x9F\xBF"} << QByteArray{"UTF-8"};
  QTest::newRow("surrogate") << QByteArray{"\xA3\xED\xA0\x80"} << QByteArray{"UTF-8"};
  QTest::newRow("above U+10FFFF") << QByteArray{"\xA4\xF4\x90\x80\x80"} << QByteArray{"UTF-8"};
  QTest::newRow("cut sequence") << QByteArray{"\xA2\xE4\xB8"} << QByteArray{"UTF-8"};
}

void json_codec_test::badDocumentsAreRefused() {
  QFETCH(QByteArray, bytes);
  QFETCH(QByteArray, why);
  const auto read = decode(bytes.toStdString());
  QVERIFY(!read);
  QVERIFY2(read.error().message.find(why.toStdString()) != std::string::npos, read.error().message.c_str());
}

void json_codec_test::depthIsLimited() {
  QVERIFY(decode(std::string(31, '\x91') + '\x90'));
  const auto deeper = decode(std::string(32, '\x91') + '\x90');
  QVERIFY(!deeper);
  QCOMPARE(deeper.error().code, errc::limit_exceeded);
  QVERIFY(!decode(std::string(1'000'000, '\x91')));
}

void json_codec_test::valuesAreLimited() {
  const auto four = packed(json{{"a", {1, nullptr}}});
  QVERIFY(decode(four, {.values_max = 4}));
  QCOMPARE(decode(four, {.values_max = 3}).error().code, errc::limit_exceeded);
}

void json_codec_test::sizeIsLimited() {
  const auto bytes = packed(std::string(100, 'x'));
  QVERIFY(decode(bytes, {.bytes_max = bytes.size()}));
  QCOMPARE(decode(bytes, {.bytes_max = bytes.size() - 1}).error().code, errc::limit_exceeded);
}

QTEST_APPLESS_MAIN(json_codec_test)
#include "json_codec_test.moc"
