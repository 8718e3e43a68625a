// Dead letters as bytes: what goes in comes out, and damage is told.
#include "millrace/engine/letter_block.hpp"

#include <QtTest>
#include <algorithm>
#include <random>

using namespace millrace;
using engine::letter_writer;
using engine::letters_in;

namespace {

bool is_same(const dead_letter& a, const dead_letter& b) {
  return a.actor == b.actor && a.partition == b.partition && a.input == b.input && a.channel == b.channel &&
         a.sequence == b.sequence && a.reason == b.reason && a.at == b.at && a.content == b.content &&
         a.fields == b.fields && a.encoded == b.encoded;
}

std::vector<dead_letter> all_in(const std::vector<engine::letter_block>& blocks) {
  std::vector<dead_letter> out;
  for (const auto& b : blocks) {
    const auto some = letters_in(b.view(), b.count);
    if (!some) qFatal("%s", some.error().message.c_str());
    out.insert(out.end(), some->begin(), some->end());
  }
  return out;
}

dead_letter random_letter(std::mt19937_64& random) {
  const auto text = [&](std::size_t most) {
    std::string out(random() % (most + 1), ' ');
    for (auto& c : out) c = static_cast<char>(random());
    return out;
  };
  dead_letter l;
  l.actor = text(3);
  l.partition = static_cast<std::uint32_t>(random());
  l.input = text(3);
  l.channel = text(20);
  l.sequence = random() >> (random() % 64);
  l.reason = text(300);
  l.at = {static_cast<std::int64_t>(random())};
  l.content = text(random() % 50 == 0 ? 100'000 : 100);
  l.fields = text(2);
  if (!l.fields.empty()) l.encoded.assign(random() % 100, std::byte{7});
  return l;
}

}  // namespace

class letter_block_test : public QObject {
  Q_OBJECT
private slots:
  void keepsWhatItIsGiven() {
    std::mt19937_64 random{11};
    std::vector<dead_letter> expected;
    letter_writer writer;
    for (int i = 0; i < 5000; ++i) writer.add(expected.emplace_back(random_letter(random)));
    const auto blocks = writer.take();
    QVERIFY(blocks.size() > 5);
    for (const auto& b : blocks) {
      QVERIFY(b.count <= letter_writer::block_letters);
      QCOMPARE(reinterpret_cast<std::uintptr_t>(b.first) % engine::letter_pages::page_bytes, std::uintptr_t{0});
      const auto rest = b.whole_pages().subspan(b.size);
      QVERIFY(std::ranges::all_of(rest, [](std::byte x) { return x == std::byte{0}; }));
      QVERIFY(b.size <= letter_writer::block_bytes + 200'000);
    }
    const auto got = all_in(blocks);
    QCOMPARE(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(is_same(got[i], expected[i]));
    QVERIFY(writer.take().empty());
    QCOMPARE(writer.bytes(), std::uint64_t{0});
  }

  void putsReasonsTogetherWhenTheyAreRead() {
    letter_writer writer;
    std::vector<dead_letter> expected;
    const std::string path = "/data/trades.csv";
    std::mt19937_64 random{3};
    for (std::uint64_t i = 0; i < 3000; ++i) {
      const auto content = "a-" + std::to_string(random()) + ",x" + std::to_string(i);
      const auto field = "field 'f" + std::to_string(random() % 40) + "': '";  // more shapes than are known at once
      const auto is_piece = i % 3 != 0;
      const auto text = std::to_string(i);
      const malformed_input input{.origin = path,
                                  .place = i * 2,
                                  .column = i % 5,
                                  .before = field,
                                  .value = is_piece ? std::string_view{content}.substr(content.find(',') + 1) : text,
                                  .after = "' is no number",
                                  .at = {static_cast<std::int64_t>(1'000 - i)},
                                  .content = content};
      writer.add(input, "trades", 3);
      expected.push_back(to_letter(input, "trades", 3));
    }
    const auto got = all_in(writer.take());
    QCOMPARE(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(is_same(got[i], expected[i]));
    QCOMPARE(got[1].reason.substr(0, 26), std::string{"/data/trades.csv:2:1: field"}.substr(0, 26));
  }

  void takesLittleMoreThanTheContent() {
    letter_writer writer;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const std::string content = "a-123,12x,payment";
      writer.add({.origin = "/some/where/payments.csv",
                  .place = i,
                  .column = 7,
                  .before = "field 'amount': '",
                  .value = std::string_view{content}.substr(6, 3),
                  .after = "' is no float64, expected a number",
                  .at = {1},
                  .content = content},
                 "payments", 0);
    }
    QVERIFY2(writer.bytes() < 1000 * (17 + 8), std::to_string(writer.bytes()).c_str());
  }

  void tellsDamageWithoutHarm() {
    std::mt19937_64 random{5};
    letter_writer writer;
    for (int i = 0; i < 20; ++i) writer.add(random_letter(random));
    const auto block = writer.take().front();
    const std::vector<std::byte> intact(block.view().begin(), block.view().end());
    for (std::size_t n = 0; n < std::min<std::size_t>(intact.size(), 2000); ++n) {
      QVERIFY(!letters_in(bytes_view{intact}.first(n), block.count));
    }
    QVERIFY(!letters_in(intact, block.count + 1));
    QVERIFY(!letters_in(intact, block.count - 1));
    for (int i = 0; i < 20'000; ++i) {
      auto damaged = intact;
      damaged[random() % damaged.size()] ^= static_cast<std::byte>(1U << random() % 8);
      (void)letters_in(damaged, block.count);  // may be a letter of another text; the sanitizers watch
    }
  }
};

QTEST_APPLESS_MAIN(letter_block_test)
#include "letter_block_test.moc"
