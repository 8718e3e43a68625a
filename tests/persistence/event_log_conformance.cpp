#include "event_log_conformance.hpp"

#include <QTest>
#include <stdexcept>
#include <string>

#include "file_damage.hpp"
#include "millrace/engine/store_limits.hpp"

namespace millrace::tests {

using engine::log_offset;

namespace {

std::string text_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const auto byte : bytes) text.push_back(std::to_integer<char>(byte));
  return text;
}

template <class T>
T must(result<T> got) {
  if (!got) throw std::runtime_error(got.error().message);
  return std::move(got).value();
}

template <class T>
errc code_of(const result<T>& got) {
  if (got) throw std::runtime_error("succeeded, but an error was due");
  return got.error().code;
}

}  // namespace

void event_log_conformance::init() {
  make_fresh();
}

void event_log_conformance::countsEventsNotBatches() {
  QCOMPARE(must(log().extent("trades", 0)).tail.value, std::uint64_t{0});
  QCOMPARE(must(log().append("trades", 0, bytes_of("abc"), 3)).value, std::uint64_t{0});
  QCOMPARE(must(log().append("trades", 0, bytes_of("de"), 2)).value, std::uint64_t{3});
  for (int look = 0; look < 2; ++look) {
    QCOMPARE(must(log().extent("trades", 0)).head.value, std::uint64_t{0});
    QCOMPARE(must(log().extent("trades", 0)).tail.value, std::uint64_t{5});
    const auto all = must(log().read("trades", 0, log_offset{0}, 1'000'000));
    QCOMPARE(all.size(), std::size_t{2});
    QCOMPARE(text_of(all[0].bytes), std::string("abc"));
    QCOMPARE(all[1].first.value, std::uint64_t{3});
    QCOMPARE(all[1].count, std::uint32_t{2});
    restart();
  }
}

void event_log_conformance::readsFromTheMiddleOfABatch() {
  must(log().append("trades", 0, bytes_of("first"), 4));
  must(log().append("trades", 0, bytes_of("second"), 4));
  const auto found = must(log().read("trades", 0, log_offset{6}, 1'000'000));
  QCOMPARE(found.size(), std::size_t{1});
  QCOMPARE(found[0].first.value, std::uint64_t{4});
  QVERIFY(must(log().read("trades", 0, log_offset{8}, 1'000'000)).empty());
}

void event_log_conformance::boundsWhatOneReadReturns() {
  for (int round = 0; round < 5; ++round) must(log().append("trades", 0, bytes_of(std::string(100, 'x')), 1));
  QCOMPARE(must(log().read("trades", 0, log_offset{0}, 250)).size(), std::size_t{2});
  QCOMPARE(must(log().read("trades", 0, log_offset{0}, 1)).size(), std::size_t{1});
}

void event_log_conformance::keepsPartitionsAndTopicsApart() {
  must(log().append("a", 0, bytes_of("a0"), 1));
  must(log().append("a", 1, bytes_of("a1"), 1));
  must(log().append("a", 256, bytes_of("a256"), 1));
  must(log().append("ab", 0, bytes_of("ab0"), 1));
  for (const auto& [topic, partition] : {std::pair{"a", 0u}, {"a", 1u}, {"a", 256u}, {"ab", 0u}}) {
    const auto found = must(log().read(topic, partition, log_offset{0}, 1'000'000));
    QCOMPARE(found.size(), std::size_t{1});
    QCOMPARE(text_of(found[0].bytes), topic + std::to_string(partition));
  }
  QVERIFY(must(log().read("b", 0, log_offset{0}, 1'000'000)).empty());
}

void event_log_conformance::trimsWholeBatchesOnly() {
  for (int round = 0; round < 5; ++round) must(log().append("trades", 0, bytes_of("ten"), 10));
  QCOMPARE(must(log().trim("trades", 0, log_offset{25})).value, std::uint64_t{20});
  QCOMPARE(must(log().trim("trades", 0, log_offset{25})).value, std::uint64_t{20});
  QCOMPARE(must(log().trim("trades", 0, log_offset{3})).value, std::uint64_t{20});
  restart();
  QCOMPARE(must(log().extent("trades", 0)).head.value, std::uint64_t{20});
  QCOMPARE(must(log().read("trades", 0, log_offset{20}, 1'000'000)).size(), std::size_t{3});
}

void event_log_conformance::neverUsesAnOffsetTwice() {
  must(log().append("trades", 0, bytes_of("ten"), 10));
  QCOMPARE(must(log().trim("trades", 0, log_offset{1'000})).value, std::uint64_t{10});
  restart();
  QCOMPARE(must(log().append("trades", 0, bytes_of("one"), 1)).value, std::uint64_t{10});
  QCOMPARE(must(log().extent("trades", 0)).head.value, std::uint64_t{10});
}

void event_log_conformance::saysTruncatedBelowTheHead() {
  must(log().append("trades", 0, bytes_of("ten"), 10));
  must(log().append("trades", 0, bytes_of("ten"), 10));
  must(log().trim("trades", 0, log_offset{10}));
  QVERIFY(code_of(log().read("trades", 0, log_offset{9}, 1'000'000)) == errc::truncated);
}

void event_log_conformance::refusesWhatMakesNoSense() {
  QVERIFY(code_of(log().append("", 0, bytes_of("x"), 1)) == errc::invalid_argument);
  QVERIFY(code_of(log().append(std::string(201, 'x'), 0, bytes_of("x"), 1)) == errc::invalid_argument);
  QVERIFY(code_of(log().append(std::string_view("a\0b", 3), 0, bytes_of("x"), 1)) == errc::invalid_argument);
  QVERIFY(code_of(log().append("trades", 0, bytes_of("x"), 0)) == errc::invalid_argument);
  const std::string large(engine::log_batch_bytes_max + 1, 'x');
  QVERIFY(code_of(log().append("trades", 0, bytes_of(large), 1)) == errc::limit_exceeded);
  QVERIFY(code_of(log().read("trades", 0, log_offset{1}, 1'000'000)) == errc::invalid_argument);
  QCOMPARE(must(log().extent("trades", 0)).tail.value, std::uint64_t{0});
}

void event_log_conformance::namesADamagedEntry() {
  must(log().append("trades", 7, bytes_of("intact"), 5));
  must(log().append("trades", 7, bytes_of("entry that will be damaged"), 5));
  damage("trades", 7, log_offset{5});
  QCOMPARE(must(log().read("trades", 7, log_offset{0}, 1)).size(), std::size_t{1});
  const auto found = log().read("trades", 7, log_offset{5}, 1'000'000);
  QVERIFY(code_of(found) == errc::corrupt);
  for (const auto* part : {"trades", "7", "5"}) QVERIFY(found.error().message.find(part) != std::string::npos);
}

}  // namespace millrace::tests
