// Project headers before Qt, whose keyword `emit` is the name of a member there.
#include "millrace/engine/row_store.hpp"
#include "millrace/testing/simulation.hpp"

#include <QtTest>
#include <array>
#include <map>
#include <memory>
#include <string>

#include "millrace/context.hpp"
#include "millrace/key.hpp"
#include "millrace/state.hpp"

using namespace millrace;
using engine::header_of;
using engine::row_page;
using engine::row_store;

namespace {

using model = std::map<std::string, std::int64_t>;

/// A store with one number and one text a key, and the same as plain maps.
class tested_store {
public:
  /// `memory_bytes`: 0 keeps all pages in memory.
  explicit tested_store(std::size_t memory_bytes = 0) {
    number_ = rows.layout().add("number", "int", engine::cell_ops_of<std::int64_t>());
    text_ = rows.layout().add("text", "string", engine::cell_ops_of<std::string>());
    if (memory_bytes != 0) rows.page_to(std::move(*engine::memory_state_backend()->open("test/0")), memory_bytes);
  }

  void put(const std::string& key, std::int64_t v) {
    const auto id = rows.find_or_create(hash(key), bytes(key));
    auto* at = rows.writable_row(id);
    const auto before = rows.layout().heap_of(at);
    *cell<std::int64_t>(at, number_) = v;
    *cell<std::string>(at, text_) = std::to_string(v) + " as a text too long to lie inside";
    header_of(at).present |= 1U << number_ | 1U << text_;
    if (rows.is_paged()) rows.written(id, before);
    content[key] = v;
  }
  void erase(const std::string& key) {
    const auto id = rows.find(hash(key), bytes(key));
    if (id != engine::no_row) rows.erase(id);
    content.erase(key);
  }
  /// What the rows hold; a text that does not fit its number shows as -1.
  [[nodiscard]] model stored() {
    model out;
    rows.for_each([&](engine::row_id, const std::byte* at) { add(out, at); });
    return out;
  }
  [[nodiscard]] bool finds_everything() {
    if (rows.size() != content.size()) return false;
    for (const auto& [key, v] : content) {
      const auto id = rows.find(hash(key), bytes(key));
      if (id == engine::no_row || *cell<std::int64_t>(rows.row(id), number_) != v) return false;
    }
    return stored() == content;
  }
  void add(model& out, const std::byte* at) const {
    const auto v = *cell<std::int64_t>(at, number_);
    const bool fits = cell<std::string>(at, text_)->starts_with(std::to_string(v) + " as");
    out[std::string{as_text(header_of(at).key.view())}] = fits ? v : -1;
  }
  static std::uint64_t hash(const std::string& key) { return key_hash(as_bytes(key)); }
  static key_bytes bytes(const std::string& key) { return key_bytes{as_bytes(key)}; }

  row_store rows;
  model content;

private:
  template <class T>
  [[nodiscard]] T* cell(std::byte* row, std::size_t index) const {
    return reinterpret_cast<T*>(row + rows.layout().cells()[index].offset);
  }
  template <class T>
  [[nodiscard]] const T* cell(const std::byte* row, std::size_t index) const {
    return reinterpret_cast<const T*>(row + rows.layout().cells()[index].offset);
  }
  std::size_t number_ = 0;
  std::size_t text_ = 0;
};

/// One environment of the store on disk: encoded pages by number.
using disk = std::map<std::uint32_t, std::string>;

void write(disk& to, const engine::frozen_rows& frozen) {
  for (const auto& page : frozen.pages) {
    byte_buffer out;
    if (auto ok = page.encode(out); !ok) qFatal("%s", ok.error().message.c_str());
    to[page.number] = std::string{as_text(out.view())};
  }
  while (!to.empty() && to.rbegin()->first >= frozen.page_count) to.erase(std::prev(to.end()));
}

std::unique_ptr<tested_store> loaded(const disk& from, unsigned environment, std::size_t memory_bytes = 0) {
  auto out = std::make_unique<tested_store>(memory_bytes);
  for (const auto& [number, content] : from) {
    if (auto ok = out->rows.load_page(number, as_bytes(content), {0, 1}, key_hash); !ok) {
      qFatal("%s", ok.error().message.c_str());
    }
  }
  out->rows.loaded_from(environment);
  out->content = out->stored();
  return out;
}

std::string key_of_number(std::uint64_t n) {
  return "key" + std::to_string(n) + (n % 3 == 0 ? " with a long name" : "");
}

}  // namespace

class row_store_test : public QObject {
  Q_OBJECT
private slots:
  void agreesWithAModelThroughTurnsAbortsAndRestarts_data() {
    QTest::addColumn<int>("memory");
    QTest::addColumn<int>("rounds");
    QTest::newRow("in memory") << 0 << 400;
    QTest::newRow("half in memory") << 100'000 << 40;
    QTest::newRow("nearly nothing in memory") << 1 << 20;
  }
  void agreesWithAModelThroughTurnsAbortsAndRestarts() {
    QFETCH(int, memory);
    QFETCH(int, rounds);
    const auto memory_bytes = static_cast<std::size_t>(memory);
    random_source random{testing::seed_from_environment(5)};
    auto s = std::make_unique<tested_store>(memory_bytes);
    std::uint64_t evictions = 0;
    std::array<disk, 2> disks;
    std::array<model, 2> written;
    std::array<bool, 2> has_base{};
    unsigned turn = 0;
    for (int round = 0; round < rounds; ++round) {
      for (std::uint64_t i = random.below(300); i-- != 0;) {
        const auto key = key_of_number(random.below(1500));
        if (random.below(4) == 0) {
          s->erase(key);
        } else {
          s->put(key, static_cast<std::int64_t>(random.below(1'000'000)));
        }
      }
      const auto frozen = s->rows.freeze(turn, !has_base[turn]);
      const auto at_barrier = s->content;
      for (int i = 0; i < 50; ++i) s->put(key_of_number(random.below(1500)), round);
      if (random.below(4) == 0) {
        std::vector<std::uint32_t> pages;
        for (const auto& p : frozen.pages) pages.push_back(p.number);
        s->rows.thaw(turn, pages);
        continue;
      }
      write(disks[turn], frozen);
      written[turn] = at_barrier;
      has_base[turn] = true;
      evictions = std::max(evictions, s->rows.evictions());
      if (random.below(5) == 0) {
        s = loaded(disks[turn], turn, memory_bytes);
        QVERIFY2(s->content == written[turn], "a snapshot lacks changes");
        has_base[1 - turn] = false;
      }
      QVERIFY(s->finds_everything());
      turn = 1 - turn;
    }
    QCOMPARE(evictions != 0, memory != 0);
  }

  void emptyPagesHoldNoMemoryAndLeaveSnapshots() {
    tested_store s;
    for (std::uint64_t i = 0; i < 10'000; ++i) s.put(key_of_number(i), 1);
    const auto full = s.rows.freeze(0, true);
    QCOMPARE(full.page_count, 40U);
    const auto peak = s.rows.bytes();
    for (std::uint64_t i = 300; i < 10'000; ++i) s.erase(key_of_number(i));
    const auto shrunk = s.rows.freeze(0, false);
    QCOMPARE(shrunk.page_count, 2U);
    // `full` still holds what it was taken from.
    QVERIFY(s.rows.bytes() > peak / 2);
    { auto gone = std::move(const_cast<engine::frozen_rows&>(full)); }
    QVERIFY2(s.rows.bytes() < peak / 5, std::to_string(s.rows.bytes()).c_str());
    QVERIFY(s.finds_everything());
    for (std::uint64_t i = 300; i < 2'000; ++i) s.put(key_of_number(i), 2);
    const auto again = s.rows.freeze(0, false);
    QCOMPARE(again.page_count, 8U);
    QCOMPARE(again.pages.size(), std::size_t{7});  // all but the first, which nobody touched
    QVERIFY(s.finds_everything());
  }

  void newRowsFillTheLowestPages() {
    tested_store s;
    for (std::uint64_t i = 0; i < 2'560; ++i) s.put(key_of_number(i), 1);
    for (std::uint64_t i = 256; i < 2'560; i += 2) s.erase(key_of_number(i));
    for (std::uint64_t i = 5'000; i < 5'128; ++i) {
      s.put(key_of_number(i), 1);
      const auto id = s.rows.find(tested_store::hash(key_of_number(i)), tested_store::bytes(key_of_number(i)));
      QCOMPARE(id / row_page::rows, 1U);
    }
  }

  void memoryStaysWithinItsLimit() {
    constexpr std::size_t limit = 2'000'000;
    tested_store s{limit};
    random_source random{7};
    std::uint64_t over = 0;
    const auto check = [&] {
      if (s.rows.layout().memory() > limit + 100'000) ++over;
    };
    for (std::uint64_t i = 0; i < 60'000; ++i) {
      s.put(key_of_number(i), static_cast<std::int64_t>(i));
      check();
    }
    QVERIFY(s.rows.spilled_bytes() > limit);
    for (int round = 0; round < 4; ++round) {
      auto frozen = s.rows.freeze(static_cast<unsigned>(round) % 2, false);
      for (int i = 0; i < 2'000; ++i) {
        s.put(key_of_number(random.below(60'000)), round);
        check();
        // As the writer does: pages leave one by one.
        if (i < static_cast<int>(frozen.pages.size())) frozen.pages[static_cast<std::size_t>(i)] = {0};
      }
    }
    QCOMPARE(over, std::uint64_t{0});
    QVERIFY(s.finds_everything());
  }

  void spillKeepsNothingThatIsStale() {
    tested_store s{200'000};
    for (int round = 0; round < 20; ++round) {
      for (std::uint64_t i = 0; i < 5'000; ++i) s.put(key_of_number(i), round);
    }
    const auto once = s.rows.spilled_bytes();
    for (std::uint64_t i = 0; i < 5'000; ++i) s.erase(key_of_number(i));
    s.rows.release_empty();
    for (std::uint64_t i = 0; i < 2'000; ++i) s.put(key_of_number(i), 1);
    QVERIFY2(once < 1'000'000, std::to_string(once).c_str());
    QVERIFY2(s.rows.spilled_bytes() < once / 2, std::to_string(s.rows.spilled_bytes()).c_str());
  }

  void frozenPagesDoNotChange() {
    tested_store s;
    for (std::uint64_t i = 0; i < 1000; ++i) s.put(key_of_number(i), 1);
    const auto before = s.content;
    const auto frozen = s.rows.freeze(0, true);
    for (std::uint64_t i = 0; i < 1000; i += 2) s.put(key_of_number(i), 2);
    for (std::uint64_t i = 1; i < 1000; i += 4) s.erase(key_of_number(i));
    for (std::uint64_t i = 5000; i < 5500; ++i) s.put(key_of_number(i), 3);
    model then;
    for (const auto& page : frozen.pages) {
      for (std::uint32_t r = 0; r < row_page::rows; ++r) {
        const auto* at = (*page.content).row(r);
        if (header_of(at).live != 0) s.add(then, at);
      }
    }
    QVERIFY(then == before);
    QVERIFY(s.finds_everything());
  }

  void freezesOnlyPagesThatChanged() {
    tested_store s;
    for (std::uint64_t i = 0; i < 1024; ++i) s.put(key_of_number(i), 1);
    QCOMPARE(s.rows.freeze(0, false).pages.size(), std::size_t{4});
    QCOMPARE(s.rows.freeze(0, false).pages.size(), std::size_t{0});
    s.put(key_of_number(0), 2);
    QCOMPARE(s.rows.freeze(0, false).pages.size(), std::size_t{1});
    QVERIFY2(s.rows.freeze(1, false).pages.size() == 4, "each environment has a dirty bit of its own");
    QCOMPARE(s.rows.freeze(1, true).pages.size(), std::size_t{4});
  }

  void refusesDamagedPages_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("no list") << QByteArray{"\xc0"};
    QTest::newRow("too many rows") << QByteArray{"\xdc\x01\x01"};
    QTest::newRow("cut") << QByteArray{"\x91\x94\x00\xc4\x01", 5};
    QTest::newRow("row outside the page") << QByteArray{"\x91\x94\xcd\x01\x00\xc4\x01k\x00\x90", 10};
    QTest::newRow("one row twice") << QByteArray{"\x92\x94\x05\xc4\x01k\x00\x90\x94\x05\xc4\x01m\x00\x90", 15};
    QTest::newRow("a value of another type") << QByteArray{"\x91\x94\x05\xc4\x01k\x01\x91\xa1x", 10};
  }
  void refusesDamagedPages() {
    QFETCH(QByteArray, bytes);
    tested_store s;
    const bytes_view view{reinterpret_cast<const std::byte*>(bytes.constData()),
                          static_cast<std::size_t>(bytes.size())};
    const auto ok = s.rows.load_page(3, view, {0, 1}, key_hash);
    QVERIFY(!ok);
    QCOMPARE(ok.error().code, errc::corrupt);
    QVERIFY(ok.error().message.starts_with("state page 3: "));
  }
};

QTEST_APPLESS_MAIN(row_store_test)
#include "row_store_test.moc"
