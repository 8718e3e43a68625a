// The port for state larger than memory: one suite, held against the reference in memory and against LMDB, alone and
// below a row store.
#include "millrace/persistence/state_backend.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/engine/page_spill.hpp"
#include "millrace/engine/state_cell.hpp"
#include "millrace/persistence/segment_spill.hpp"
#include "millrace/testing/simulation.hpp"
#include "temporary_folder.hpp"

#include <QtTest>
#include <algorithm>
#include <fstream>
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

namespace fs = std::filesystem;

/// Segments for a spill each.
class segment_backend final : public engine::state_backend {
public:
  explicit segment_backend(fs::path folder) : folder_{std::move(folder)} {}
  result<std::unique_ptr<engine::page_spill>> open(std::string_view task) override {
    std::string name{task};
    std::ranges::replace(name, '/', '.');
    return persistence::open_segment_spill(folder_ / name, 64 << 10, 0);
  }

private:
  fs::path folder_;
};

engine::fault_action no_room(const char* point) {
  return std::string_view{point} == "spill.write" ? engine::fault_action::full : engine::fault_action::proceed;
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator{folder}, fs::directory_iterator{}));
}

}  // namespace

class state_backend_test final : public QObject {
  Q_OBJECT

  std::unique_ptr<temporary_folder> folder_;
  std::shared_ptr<engine::state_backend> backend_;

  enum backend_kind { memory, lmdb, segments };

  void make(int where) {
    backend_ = nullptr;
    folder_ = std::make_unique<temporary_folder>();
    const auto folder = folder_->path() / "spill";
    backend_ = where == memory ? engine::memory_state_backend()
               : where == lmdb ? *persistence::open_state_backend(folder)
                               : std::make_shared<segment_backend>(folder);
  }
  [[nodiscard]] std::unique_ptr<engine::page_spill> open(std::string_view task = "task/0-1") {
    auto made = backend_->open(task);
    if (!made) qFatal("%s", made.error().message.c_str());
    return std::move(*made);
  }
  static void all() {
    QTest::addColumn<int>("where");
    QTest::newRow("memory") << int{memory};
    QTest::newRow("lmdb") << int{lmdb};
    QTest::newRow("segments") << int{segments};
  }

private slots:
  void givesBackWhatItTook_data() { all(); }
  void givesBackWhatItTook() {
    QFETCH(int, where);
    make(where);
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

  void usesTheRoomOfWhatWasErased_data() { all(); }
  void usesTheRoomOfWhatWasErased() {
    QFETCH(int, where);
    make(where);
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

  void isReadFromOtherThreads_data() { all(); }
  void isReadFromOtherThreads() {
    QFETCH(int, where);
    make(where);
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

  void keepsTasksApart_data() { all(); }
  void keepsTasksApart() {
    QFETCH(int, where);
    make(where);
    const auto a = open("a/0-1");
    const auto b = open("b/0-1");
    const std::vector<engine::page_spill::entry> page{{1, as_bytes("of a")}};
    QVERIFY(a->put(page));
    byte_buffer out;
    QCOMPARE(b->get(1, out).error().code, errc::not_found);
  }

  void leavesNothingBehind() {
    make(lmdb);
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

  void segmentsGoAsAWhole() {
    make(segments);
    const auto spill = open("a");
    const auto folder = folder_->path() / "spill" / "a";
    const auto content = content_of(1, 30'000);
    for (spill_place p = 1; p <= 9; ++p) {
      const std::vector<engine::page_spill::entry> page{{p, as_bytes(content)}};
      QVERIFY(spill->put(page));
    }
    QCOMPARE(files_in(folder), std::size_t{3});
    QCOMPARE(spill->bytes(), std::uint64_t{270'000});
    const std::vector<spill_place> first{1, 2};
    QVERIFY(spill->erase(first));
    QCOMPARE(files_in(folder), std::size_t{3});
    const std::vector<spill_place> third{3};
    QVERIFY(spill->erase(third));
    QVERIFY2(files_in(folder) == 2, "nothing of the first file is wanted any more");
    const std::vector<spill_place> rest{4, 5, 6, 7, 8, 9};
    QVERIFY(spill->erase(rest));
    QCOMPARE(files_in(folder), std::size_t{1});
    QVERIFY2(fs::file_size(fs::directory_iterator { folder } -> path()) == 0, "the disk has all of it back");
  }

  void segmentsNoticeDamage() {
    make(segments);
    const auto spill = open("a");
    const auto content = content_of(1, 1000);
    const std::vector<engine::page_spill::entry> page{{1, as_bytes(content)}};
    QVERIFY(spill->put(page));
    const auto file = fs::directory_iterator {
      folder_->path() / "spill" / "a"
      } -> path();
    byte_buffer out;
    {
      std::fstream f{file, std::ios::in | std::ios::out | std::ios::binary};
      f.seekp(500);
      f.put(static_cast<char>(~content[500]));
    }
    QCOMPARE(spill->get(1, out).error().code, errc::corrupt);
    QVERIFY(spill->get(1, out).error().message.find(file.string()) != std::string::npos);
    fs::resize_file(file, 400);
    QCOMPARE(spill->get(1, out).error().code, errc::corrupt);
  }

  void segmentsThatFindNoRoomSayItAndGoOnLater() {
    make(segments);
    const auto spill = open("a");
    const auto content = content_of(1, 1000);
    const std::vector<engine::page_spill::entry> pages{{1, as_bytes(content)}, {2, as_bytes(content)}};
    engine::install_fault_hook(no_room);
    const auto refused = spill->put(pages);
    engine::remove_fault_hook(no_room);
    QCOMPARE(refused.error().code, errc::disk_full);
    QCOMPARE(spill->bytes(), std::uint64_t{0});
    QVERIFY(spill->put(pages));
    byte_buffer out;
    QVERIFY(spill->get(2, out));
    QVERIFY(as_text(out.view()) == content);
  }

  void rowsComeBackFromDisk() {
    make(lmdb);
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
