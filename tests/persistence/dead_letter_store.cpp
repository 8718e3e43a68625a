// Dead letters on disk: each once, whatever was taken back, fixed and replayed.
#include "millrace/persistence/dead_letter_store.hpp"

#include <QTest>
#include <fstream>
#include <memory>

#include "file_damage.hpp"
#include "temporary_folder.hpp"

namespace millrace::tests {

using engine::kept_letter;
using engine::letter_id;
using engine::letter_pack;
using engine::letter_state;

namespace {

letter_pack pack(const std::string& task, std::uint64_t first, std::uint32_t count, std::size_t content_bytes = 10) {
  engine::letter_writer writer;
  if (count * content_bytes > 8000) {
    // A writer that had much to write gets its memory in large pieces, so all comes in one block.
    dead_letter large;
    large.content.resize(std::size_t{2} << 20);
    for (int i = 0; i < 8; ++i) writer.add(large);
    (void)writer.take();
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    dead_letter l;
    l.actor = task.substr(0, task.find('/'));
    l.reason = "reason " + std::to_string(first + i);
    l.content = std::string(content_bytes, 'x') + std::to_string(first + i);
    writer.add(l);
  }
  auto blocks = writer.take();
  if (blocks.size() != 1) qFatal("too much for one block");
  return {task, first, std::move(blocks.front())};
}

std::vector<letter_pack> packs(letter_pack p) {
  std::vector<letter_pack> out;
  out.push_back(std::move(p));
  return out;
}

}  // namespace

class dead_letter_store_test final : public QObject {
  Q_OBJECT

  void open(dead_letter_settings limits = {}) {
    store_.reset();
    auto opened = persistence::open_dead_letter_store(folder_->path(), {.limits = limits});
    if (!opened) qFatal("%s", opened.error().message.c_str());
    store_ = std::move(opened).value();
  }
  QStringList all() {
    QStringList out;
    const auto walked = store_->for_each([&](const kept_letter& l) {
      out << QString::fromStdString(to_string(l.id) + " " + to_string(l.state));
      return true;
    });
    if (!walked) out << QString::fromStdString(walked.error().message);
    return out;
  }

  std::unique_ptr<temporary_folder> folder_;
  std::unique_ptr<engine::dead_letter_store> store_;

private slots:
  void init() {
    store_.reset();
    folder_ = std::make_unique<temporary_folder>();
    open();
  }
  void cleanupTestCase() { store_.reset(); }

  void keepsLettersOverARestartEachOnce() {
    QVERIFY(store_->put(packs(pack("a/0", 0, 2))));
    QVERIFY(store_->put(packs(pack("a/0", 0, 2))));
    QCOMPARE(all(), (QStringList{"a/0:0 pending", "a/0:1 pending"}));
    QVERIFY(store_->confirm({{"a/0", {2, 0}}}));
    open();
    QCOMPARE(all(), (QStringList{"a/0:0 open", "a/0:1 open"}));
    QCOMPARE(store_->find({"a/0", 1})->what.reason, std::string{"reason 1"});
    QCOMPARE(store_->totals()->letters, std::uint64_t{2});
  }

  void takesAwayWhatASnapshotDoesNotCover() {
    QVERIFY(store_->put(packs(pack("a/0", 0, 2))));
    QVERIFY(store_->put(packs(pack("a/0", 2, 3))));
    QVERIFY(store_->put(packs(pack("a/10", 0, 1))));
    QVERIFY(store_->put(packs(pack("b/0", 0, 1))));
    QVERIFY(store_->go_back({{"a/0", {2, 0}}, {"a/10", {1, 0}}}));
    QCOMPARE(all(), (QStringList{"a/0:0 open", "a/0:1 open", "a/10:0 open"}));
    QCOMPARE(store_->totals()->letters, std::uint64_t{3});
  }

  void walksALetterThroughItsStates() {
    QVERIFY(store_->put(packs(pack("a/0", 0, 3))));
    const letter_id id{"a/0", 1};
    QVERIFY(store_->fix({{id, {"better", {}}}}).error().message.find("is pending") != std::string::npos);
    QVERIFY(store_->confirm({{"a/0", {3, 0}}}));
    QVERIFY(store_->fix({{id, {"better", {}}}}));
    QCOMPARE(store_->find(id)->state, letter_state::fixed);
    QVERIFY(store_->request({id, {"a/0", 2}}));
    QCOMPARE(store_->requested({})->size(), std::size_t{2});
    QVERIFY(store_->fix({{id, {"worse", {}}}}).error().message.find("is requested") != std::string::npos);
    QVERIFY(store_->queue({{id, "a/1"}, {{"a/0", 2}, "a/0"}}));
    const auto items = store_->replays("a/1", 0);
    QCOMPARE(items->size(), std::size_t{1});
    QCOMPARE(items->front().what.content, std::string{"better"});
    QCOMPARE(store_->find(id)->state, letter_state::queued);
    QVERIFY(store_->confirm({{"a/1", {0, 1}}}));
    QCOMPARE(store_->find(id)->state, letter_state::replayed);
    QVERIFY(store_->replays("a/1", 1)->empty());
    QVERIFY(store_->go_back({{"a/0", {3, 0}}, {"a/1", {0, 0}}}));
    QCOMPARE(store_->find(id)->state, letter_state::queued);
    QCOMPARE(store_->replays("a/1", 0)->size(), std::size_t{1});
  }

  void replaysALetterAgainUnderAnotherNumber() {
    QVERIFY(store_->put(packs(pack("a/0", 0, 1))));
    QVERIFY(store_->confirm({{"a/0", {1, 0}}}));
    const letter_id id{"a/0", 0};
    QVERIFY(store_->request({id}));
    QVERIFY(store_->queue({{id, "a/0"}}));
    QVERIFY(store_->confirm({{"a/0", {1, 1}}}));
    QVERIFY(store_->request({id}));
    QVERIFY(store_->queue({{id, "a/0"}}));
    const auto items = store_->replays("a/0", 0);
    QCOMPARE(items->size(), std::size_t{1});
    QCOMPARE(items->front().sequence, std::uint64_t{1});
  }

  void forgetsWhatIsDiscarded() {
    QVERIFY(store_->put(packs(pack("a/0", 0, 2))));
    QVERIFY(store_->confirm({{"a/0", {2, 0}}}));
    QVERIFY(store_->discard({{"a/0", 0}}));
    QCOMPARE(all(), (QStringList{"a/0:1 open"}));
    QVERIFY(store_->find({"a/0", 0}).error().code == errc::not_found);
    QVERIFY(store_->discard({{"a/0", 1}}));
    QCOMPARE(store_->totals()->bytes, std::uint64_t{0});
  }

  void stopsWhenItIsFullUnlessToldToDrop() {
    constexpr std::uint64_t room = 5000;
    using enum dead_letter_settings::overflow;
    open({room, stop});
    std::uint64_t n = 0;
    while (store_->put(packs(pack("a/0", n, 1, 900)))) ++n;
    QVERIFY(n > 2 && n < 6);
    QVERIFY(store_->put(packs(pack("a/0", n, 1, 900))).error().message.find("settings.dead_letter_mib") !=
            std::string::npos);
    QVERIFY(store_->put(packs(pack("a/0", n, 1, 900))).error().code == errc::limit_exceeded);
    open({room, drop_newest});
    QVERIFY(store_->put(packs(pack("a/0", n, 1, 900))));
    QCOMPARE(store_->totals()->dropped, std::uint64_t{1});
    QCOMPARE(store_->totals()->letters, n);
    open({room, drop_oldest});
    QVERIFY(store_->put(packs(pack("a/0", n + 1, 1, 900))));
    QCOMPARE(store_->totals()->dropped, std::uint64_t{2});
    QVERIFY(all().front().startsWith("a/0:1 "));
    QVERIFY(store_->find({"a/0", n + 1}).has_value());
  }

  void namesDamage() {
    auto p = pack("a/0", 0, 1);
    QVERIFY(store_->put(packs(std::move(p))));
    store_.reset();
    QVERIFY(flip_after(folder_->path() / "deadletters" / "data.mdb", "xxxxxxxxxx", 1) > 0);
    open();
    QVERIFY2(all().front().contains("fail their checksum"), qPrintable(all().front()));
  }

  void keepsLargeBlocksInAFile() {
    const auto file = folder_->path() / "deadletters" / "letters";
    QVERIFY(store_->put(packs(pack("a/0", 0, 3, 10'000))));
    QVERIFY(std::filesystem::file_size(file) >= 30'000);
    auto two = packs(pack("a/0", 3, 1, 300'000));
    two.push_back(pack("a/0", 4, 1, 300'001));
    two.push_back(pack("b/0", 0, 4, 9000));
    two.push_back(pack("b/0", 4, 1));  // small: stays with the index
    QVERIFY(store_->put(two));
    QVERIFY(store_->confirm({{"a/0", {5, 0}}, {"b/0", {5, 0}}}));
    open();
    QCOMPARE(all().size(), qsizetype{10});
    for (const auto& [id, bytes] : std::vector<std::pair<letter_id, std::size_t>>{
             {{"a/0", 0}, 10'000}, {{"a/0", 2}, 10'000}, {{"a/0", 3}, 300'000}, {{"b/0", 3}, 9000}, {{"b/0", 4}, 10}}) {
      QCOMPARE(store_->find(id)->what.content, std::string(bytes, 'x') + std::to_string(id.number));
    }
    QVERIFY(store_->totals()->bytes >= std::filesystem::file_size(file));
    QCOMPARE(std::filesystem::file_size(file) % 4096, std::uintmax_t{0});
  }

  void overwritesWhatNoTransactionCounts() {
    QVERIFY(store_->put(packs(pack("a/0", 0, 3, 10'000))));
    QVERIFY(store_->put(packs(pack("a/0", 3, 3, 10'000))));
    QVERIFY(store_->go_back({{"a/0", {3, 0}}}));
    QVERIFY(store_->put(packs(pack("a/0", 3, 2, 20'000))));
    QVERIFY(store_->confirm({{"a/0", {5, 0}}}));
    QCOMPARE(all().size(), qsizetype{5});
    QCOMPARE(store_->find({"a/0", 2})->what.content, std::string(10'000, 'x') + "2");
    QCOMPARE(store_->find({"a/0", 4})->what.content, std::string(20'000, 'x') + "4");
  }

  void givesTheRoomOfLargeBlocksBack() {
    const auto file = folder_->path() / "deadletters" / "letters";
    QVERIFY(store_->put(packs(pack("a/0", 0, 4, 20'000))));
    QVERIFY(store_->confirm({{"a/0", {4, 0}}}));
    QVERIFY(store_->discard({{"a/0", 0}, {"a/0", 1}, {"a/0", 2}, {"a/0", 3}}));
    QCOMPARE(store_->totals()->bytes, std::uint64_t{0});
    // The next writer gives it back, and with nothing left it begins anew.
    QVERIFY(store_->put(packs(pack("a/0", 4, 2, 20'000))));
    QVERIFY(std::filesystem::file_size(file) < 60'000);
    QCOMPARE(store_->find({"a/0", 5})->what.content, std::string(20'000, 'x') + "5");
  }

  void namesDamageInTheFile() {
    QVERIFY(store_->put(packs(pack("a/0", 0, 2, 20'000))));
    store_.reset();
    QVERIFY(flip_after(folder_->path() / "deadletters" / "letters", "xxxxxxxxxx", 1) > 0);
    open();
    QVERIFY2(all().front().contains("fail their checksum"), qPrintable(all().front()));
    store_.reset();
    std::filesystem::resize_file(folder_->path() / "deadletters" / "letters", 100);
    open();
    QVERIFY2(all().front().contains("fail their checksum"), qPrintable(all().front()));
  }

  void handsOutReplaysInLots() {
    QVERIFY(store_->put(packs(pack("a/0", 0, 10))));
    QVERIFY(store_->confirm({{"a/0", {10, 0}}}));
    QVERIFY(!store_->backlog({"a/0"})->has_requested);
    std::vector<letter_id> ids;
    for (std::uint64_t i = 0; i < 10; ++i) ids.push_back({"a/0", i});
    QVERIFY(store_->request(ids));
    QVERIFY(store_->backlog({"a/0"})->has_requested && !store_->backlog({"a/0"})->has_queued);
    QCOMPARE(store_->requested({.letters = 4})->size(), std::size_t{4});
    QCOMPARE(store_->requested({.bytes = 1})->size(), std::size_t{1});
    // The first has no task to go to, the others are queued.
    QVERIFY(store_->queue({{ids[0], ""}, {ids[1], "a/1"}, {ids[2], "a/1"}}));
    QCOMPARE(store_->find(ids[0])->state, letter_state::open);
    QCOMPARE(store_->requested({})->size(), std::size_t{7});
    QVERIFY(store_->backlog({"a/1"})->has_queued && !store_->backlog({"a/0"})->has_queued);
    QVERIFY(store_->confirm({{"a/1", {0, 1}}}));
    QVERIFY(store_->backlog({"a/1"})->has_queued);
    QVERIFY(store_->confirm({{"a/1", {0, 2}}}));
    QVERIFY(!store_->backlog({"a/1"})->has_queued);
  }

  void walksOnFromALetter() {
    auto several = packs(pack("a/0", 0, 3));
    several.push_back(pack("a/0", 3, 3));
    several.push_back(pack("b/0", 0, 1));
    QVERIFY(store_->put(several));
    const auto names_after = [&](const letter_id& id) {
      std::vector<std::string> out;
      const auto walked = store_->for_each(
          [&](const kept_letter& l) {
            out.push_back(to_string(l.id));
            return true;
          },
          &id);
      return walked ? out : std::vector<std::string>{walked.error().message};
    };
    QCOMPARE(names_after({"a/0", 1}), (std::vector<std::string>{"a/0:2", "a/0:3", "a/0:4", "a/0:5", "b/0:0"}));
    QCOMPARE(names_after({"a/0", 2}), (std::vector<std::string>{"a/0:3", "a/0:4", "a/0:5", "b/0:0"}));
    QCOMPARE(names_after({"a/0", 5}), (std::vector<std::string>{"b/0:0"}));
    QVERIFY(names_after({"b/0", 0}).empty());
  }

  void countsTheRoomOfFixes() {
    QVERIFY(store_->put(packs(pack("a/0", 0, 2))));
    QVERIFY(store_->confirm({{"a/0", {2, 0}}}));
    const auto before = store_->totals()->bytes;
    QVERIFY(store_->fix({{{"a/0", 0}, {std::string(5000, 'y'), {}}}}));
    QVERIFY(store_->totals()->bytes > before + 5000);
    QVERIFY(store_->discard({{"a/0", 0}}));
    QVERIFY(store_->totals()->bytes < before + 100);
    QVERIFY(store_->discard({{"a/0", 1}}));
    QCOMPARE(store_->totals()->bytes, std::uint64_t{0});
  }

  void readsItsNames() {
    QCOMPARE(engine::parse_letter_id("trades/0:17")->number, std::uint64_t{17});
    QCOMPARE(engine::parse_letter_id("trades/0:17")->task, std::string{"trades/0"});
    for (const auto* wrong : {"", "trades", "trades/0", "trades/0:", "trades/0:x", "trades:1"}) {
      QVERIFY(!engine::parse_letter_id(wrong));
    }
  }
};

}  // namespace millrace::tests

QTEST_APPLESS_MAIN(millrace::tests::dead_letter_store_test)
#include "dead_letter_store.moc"
