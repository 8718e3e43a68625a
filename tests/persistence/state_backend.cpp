// The port for state larger than memory: one suite, held against the reference in memory and against LMDB, alone and
// below a row store.
#include "millrace/persistence/state_backend.hpp"
#include "millrace/engine/page_spill.hpp"
#include "millrace/engine/state_cell.hpp"
#include "millrace/testing/simulation.hpp"
#include "temporary_folder.hpp"

#include <QtTest>
#include <map>
#include <string>
#include <thread>

namespace millrace::tests {

using engine::spill_place;

namespace {

std::string content_of(spill_place place, std::size_t bytes) {
  std::string out;
  random_source random{place};
  while (out.size() < bytes) out += static_cast<char>(random() & 0xff);
  return out;
}

}  // namespace

class state_backend_test final : public QObject {
  Q_OBJECT

  std::unique_ptr<temporary_folder> folder_;
  std::shared_ptr<engine::state_backend> backend_;

  void make(bool on_disk) {
    backend_ = nullptr;
    folder_ = std::make_unique<temporary_folder>();
    backend_ = on_disk ? *persistence::open_state_backend(folder_->path() / "spill") : engine::memory_state_backend();
  }
  [[nodiscard]] std::unique_ptr<engine::page_spill> open(std::string_view task = "task/0-1") {
    auto made = backend_->open(task);
    if (!made) qFatal("%s", made.error().message.c_str());
    return std::move(*made);
  }
  static void both() {
    QTest::addColumn<bool>("on_disk");
    QTest::newRow("memory") << false;
    QTest::newRow("lmdb") << true;
  }

private slots:
  void givesBackWhatItTook_data() { both(); }
  void givesBackWhatItTook() {
    QFETCH(bool, on_disk);
    make(on_disk);
    const auto spill = open();
    random_source random{testing::seed_from_environment(3)};
    std::map<spill_place, std::string> oracle;
    spill_place next = 1;
    for (int round = 0; round < 200; ++round) {
      std::vector<std::string> contents;
      std::vector<engine::page_spill::entry> pages;
      for (auto n = 1 + random.below(8); n != 0; --n) {
        // Around the sizes where a value of LMDB takes another page or another part.
        const std::size_t sizes[] = {0, 1, 4'000, 65'511, 65'512, 65'513, 131'040, 200'000};
        contents.push_back(content_of(next + contents.size(), sizes[random.below(8)]));
      }
      for (const auto& c : contents) {
        oracle[next] = c;
        pages.push_back({next++, as_bytes(c)});
      }
      QVERIFY(spill->put(pages));
      std::vector<spill_place> gone;
      for (const auto& [place, content] : oracle) {
        byte_buffer out;
        if (random.below(4) == 0) {
          QVERIFY(spill->get(place, out));
          QVERIFY(as_text(out.view()) == content);
        }
        if (random.below(5) == 0) gone.push_back(place);
      }
      if (gone.empty()) continue;
      QVERIFY(spill->erase(gone));
      for (const auto place : gone) {
        byte_buffer out;
        oracle.erase(place);
        QCOMPARE(spill->get(place, out).error().code, errc::not_found);
      }
    }
  }

  void usesTheRoomOfWhatWasErased_data() { both(); }
  void usesTheRoomOfWhatWasErased() {
    QFETCH(bool, on_disk);
    make(on_disk);
    const auto spill = open();
    spill_place next = 1;
    std::uint64_t early = 0;
    for (int round = 0; round < 400; ++round) {
      const auto content = content_of(next, 30'000);
      std::vector<engine::page_spill::entry> pages;
      std::vector<spill_place> places;
      for (int i = 0; i < 10; ++i) {
        places.push_back(next);
        pages.push_back({next++, as_bytes(content)});
      }
      QVERIFY(spill->put(pages));
      QVERIFY(spill->erase(places));
      if (round == 10) early = spill->bytes();
    }
    QVERIFY2(spill->bytes() <= 2 * early, std::to_string(spill->bytes()).c_str());
  }

  void isReadFromOtherThreads_data() { both(); }
  void isReadFromOtherThreads() {
    QFETCH(bool, on_disk);
    make(on_disk);
    const auto spill = open();
    const auto kept = content_of(1, 100'000);
    const std::vector<engine::page_spill::entry> first{{1, as_bytes(kept)}};
    QVERIFY(spill->put(first));
    std::atomic<int> wrong{0};
    std::thread reader{[&] {
      byte_buffer out;
      for (int i = 0; i < 500; ++i) {
        if (!spill->get(1, out) || as_text(out.view()) != kept) ++wrong;
      }
    }};
    for (spill_place p = 2; p < 300; ++p) {
      const auto content = content_of(p, 20'000);
      const std::vector<engine::page_spill::entry> page{{p, as_bytes(content)}};
      const std::vector<spill_place> places{p};
      if (!spill->put(page) || !spill->erase(places)) ++wrong;
    }
    reader.join();
    QCOMPARE(wrong.load(), 0);
  }

  void keepsTasksApart_data() { both(); }
  void keepsTasksApart() {
    QFETCH(bool, on_disk);
    make(on_disk);
    const auto a = open("a/0-1");
    const auto b = open("b/0-1");
    const std::vector<engine::page_spill::entry> page{{1, as_bytes("of a")}};
    QVERIFY(a->put(page));
    byte_buffer out;
    QCOMPARE(b->get(1, out).error().code, errc::not_found);
  }

  void leavesNothingBehind() {
    make(true);
    const auto folder = folder_->path() / "spill";
    {
      const auto spill = open("work/3-9");
      QVERIFY(std::filesystem::exists(folder / "work.3-9" / "data.mdb"));
    }
    QVERIFY(!std::filesystem::exists(folder / "work.3-9"));
    std::filesystem::create_directories(folder / "left.0-1");
    QVERIFY(persistence::open_state_backend(folder));
    QVERIFY2(!std::filesystem::exists(folder / "left.0-1"), "a killed process leaves its scratch");
  }

  void rowsComeBackFromDisk() {
    make(true);
    engine::row_store rows;
    const auto cell = rows.layout().add("text", "string", engine::cell_ops_of<std::string>());
    rows.page_to(open(), 1'000'000);
    const auto offset = rows.layout().cells()[cell].offset;
    random_source random{testing::seed_from_environment(4)};
    std::map<std::string, std::string> oracle;
    for (int i = 0; i < 30'000; ++i) {
      const auto key = "key " + std::to_string(random.below(8'000));
      const key_bytes canonical{as_bytes(key)};
      const auto id = rows.find_or_create(key_hash(canonical.view()), canonical);
      auto* row = rows.writable_row(id);
      const auto before = rows.layout().heap_of(row);
      engine::header_of(row).present |= 1U << cell;
      oracle[key] = *reinterpret_cast<std::string*>(row + offset) = content_of(random.below(100), random.below(600));
      rows.written(id, before);
      QVERIFY(rows.layout().memory() < 1'300'000);
    }
    QVERIFY(rows.faults() > 1'000);
    std::size_t seen = 0;
    rows.for_each([&](engine::row_id, const std::byte* row) {
      const std::string key{as_text(engine::header_of(row).key.view())};
      if (oracle.at(key) == *reinterpret_cast<const std::string*>(row + offset)) ++seen;
    });
    QCOMPARE(seen, oracle.size());
  }
};

}  // namespace millrace::tests

QTEST_APPLESS_MAIN(millrace::tests::state_backend_test)
#include "state_backend.moc"
