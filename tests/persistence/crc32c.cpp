#include "millrace/crc32c.hpp"

#include <QTest>
#include <random>
#include <string_view>
#include <vector>

namespace millrace::tests {

class crc32c_test final : public QObject {
  Q_OBJECT

private slots:
  void givesThePublishedValues();
  void agreesWithTheTableAtEveryLengthAndAlignment();
  void agreesWithTheTableWhereItTakesThreeStretchesAtOnce();
  void goesOnFromAnEarlierSum();
};

void crc32c_test::givesThePublishedValues() {
  const auto sum = [](std::string_view text) { return crc32c(std::as_bytes(std::span(text))); };
  QCOMPARE(sum("123456789"), 0xE3069283u);
  QCOMPARE(sum(""), 0u);
  QCOMPARE(sum(std::string(32, '\0')), 0x8A9136AAu);    // RFC 3720 B.4
  QCOMPARE(sum(std::string(32, '\xff')), 0x62A8AB43u);  // RFC 3720 B.4
}

void crc32c_test::agreesWithTheTableAtEveryLengthAndAlignment() {
  std::mt19937 random(1);
  std::vector<std::byte> data(300);
  for (auto& byte : data) byte = static_cast<std::byte>(random());
  for (std::size_t start = 0; start < 8; ++start) {
    for (std::size_t size = 0; size < 280; ++size) {
      const auto part = std::span(data).subspan(start, size);
      QCOMPARE(crc32c(part), detail::crc32c_portable(part));
    }
  }
}

void crc32c_test::agreesWithTheTableWhereItTakesThreeStretchesAtOnce() {
  std::mt19937 random(2);
  std::vector<std::byte> data(60'000);
  for (auto& byte : data) byte = static_cast<std::byte>(random());
  for (const std::size_t stretch : {256U, 4096U}) {
    for (const std::size_t triples : {1U, 2U, 4U}) {
      for (std::size_t start = 0; start < 3; ++start) {
        for (const std::ptrdiff_t around : {-9, -1, 0, 1, 7, 8, 800}) {
          const auto size = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(3 * stretch * triples) + around);
          const auto part = std::span(data).subspan(start, size);
          QCOMPARE(crc32c(part, 17), detail::crc32c_portable(part, 17));
        }
      }
    }
  }
}

void crc32c_test::goesOnFromAnEarlierSum() {
  const std::string_view text = "123456789";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto bytes = std::as_bytes(std::span(text));
    QCOMPARE(crc32c(bytes.subspan(cut), crc32c(bytes.first(cut))), 0xE3069283u);
    QCOMPARE(detail::crc32c_portable(bytes.subspan(cut), detail::crc32c_portable(bytes.first(cut))), 0xE3069283u);
  }
}

}  // namespace millrace::tests

QTEST_APPLESS_MAIN(millrace::tests::crc32c_test)
#include "crc32c.moc"
