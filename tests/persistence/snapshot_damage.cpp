#include <lmdb.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <QTest>

#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

#include "file_damage.hpp"
#include "millrace/persistence/snapshot_store.hpp"
#include "snapshot_store_conformance.hpp"
#include "temporary_folder.hpp"

namespace millrace::tests {

using engine::discard_mode;
using engine::snapshot_store;

namespace {

std::unique_ptr<snapshot_store> open_store(const std::filesystem::path& folder, bool read_only = false) {
  persistence::snapshot_store_options options;
  options.read_only = read_only;
  auto opened = persistence::open_snapshot_store(folder, options);
  if (!opened) throw std::runtime_error(opened.error().message);
  return std::move(opened).value();
}

/// A state whose bytes can be found in a file: "<mark> page <n> " over and over.
model marked(const std::string& mark) {
  model state;
  for (const auto* key : {"actor/0", "actor/1"}) {
    auto& task = state[key];
    for (int page = 0; page < 12; ++page) {
      std::string content;
      while (content.size() < 6'000) content += mark + " page " + std::to_string(page) + " ";
      task.pages.push_back(content);
    }
    task.meta = mark + " meta";
  }
  return state;
}

bool mentions(const error& what, std::initializer_list<std::string> parts) {
  for (const auto& part : parts) {
    if (what.message.find(part) == std::string::npos) return false;
  }
  return true;
}

/// A mount namespace of this process's own, so that what is mounted here is seen nowhere else and ends with it.
bool enter_mount_namespace() {
  static const bool entered =
      ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return entered;
}

class small_disk {
public:
  explicit small_disk(const std::filesystem::path& at) : at_(at) {
    is_mounted_ = enter_mount_namespace() && ::mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=8m") == 0;
    if (!is_mounted_) std::printf("not checked here: mounting a small disk needs root\n");
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  ~small_disk() {
    if (is_mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool is_mounted() const { return is_mounted_; }
  bool make_read_only() { return ::mount("none", at_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

private:
  std::filesystem::path at_;
  bool is_mounted_ = false;
};

}  // namespace

/// What happens to the files behind the store's back is noticed, named, and costs at most the snapshot it hit.
class snapshot_damage final : public QObject {
  Q_OBJECT

  /// Two snapshots, the older in a/ and the newest in b/; the store is closed.
  void write_two() {
    folder_ = std::make_unique<temporary_folder>();
    const auto store = open_store(path());
    now_ = store->next_generation().value();
    older_ = commit_all(*store, now_, marked("older"));
    newest_ = commit_all(*store, now_, marked("newest"));
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_->path(); }
  [[nodiscard]] std::filesystem::path file(const char* environment) const { return path() / environment / "data.mdb"; }
  void expect_newest_lost();
  void expect_older_lost();

  std::unique_ptr<temporary_folder> folder_;
  generation now_;
  epoch_id older_;
  epoch_id newest_;

private slots:
  void init() { write_two(); }
  void namesAFlippedBitAndUsesTheOtherSnapshot();
  void takesWordOfDamageFromAReaderOnAnotherThread();
  void survivesATruncatedFile();
  void survivesADeletedManifest();
  void survivesADeletedEnvironment();
  void survivesGarbageInAMetaPage();
  void survivesDamageToTheOlderSnapshot();
  void givesOutFreshNumbersWhenBothAreDamaged();
  void neverCrashesAndNeverLiesAfterRandomDamage();
  void namesTheProcessThatHasTheFolder();
  void showsSnapshotsBesideTheirOwner();
  void refusesAPathThatIsNoFolder();
  void reportsAFullDiskAndGoesOnWhenThereIsRoom();
  void reportsAReadOnlyDisk();
};

/// From a store whose newest snapshot cannot be used to one that works again, with nobody deciding silently.
void snapshot_damage::expect_newest_lost() {
  const auto store = open_store(path());
  const auto infos = store->list();
  QCOMPARE(infos.size(), std::size_t{2});
  QCOMPARE(infos[0].epoch.value, newest_.value);
  QVERIFY(!infos[0].is_ok);
  QVERIFY(!infos[0].reason.empty());
  QVERIFY(infos[1].is_ok);
  QVERIFY(contents(*store, older_) == marked("older"));
  QCOMPARE(store->ledger().value().back().epoch.value, newest_.value);
  const auto epoch = store->next_epoch().value();
  QVERIFY(epoch > newest_);
  QVERIFY(store->begin(epoch, now_).error().code == errc::corrupt);
  QVERIFY(store->open(newest_).error().code == errc::corrupt);
  QVERIFY(store->discard(older_).error().code == errc::failed);
  QVERIFY(store->discard(newest_).has_value());
  QVERIFY(store->wants_full());
  const auto next = commit_all(*store, now_, marked("next"));
  QVERIFY(contents(*store, next) == marked("next"));
  QVERIFY(contents(*store, older_) == marked("older"));
}

void snapshot_damage::expect_older_lost() {
  const auto store = open_store(path());
  QVERIFY(contents(*store, newest_) == marked("newest"));
  QVERIFY(store->oldest_retained() == newest_);
  QVERIFY(store->wants_full());
  QVERIFY(store->next_generation().value() > now_);
  const auto next = commit_all(*store, store->next_generation().value(), marked("next"));
  QVERIFY(next > newest_);
  QVERIFY(contents(*store, next) == marked("next"));
  QVERIFY(contents(*store, newest_) == marked("newest"));
}

void snapshot_damage::namesAFlippedBitAndUsesTheOtherSnapshot() {
  QVERIFY(flip_after(file("b"), "newest page 7 ", 2) > 0);
  const auto store = open_store(path());
  const auto verified = store->verify(newest_);
  QVERIFY(!verified);
  QVERIFY(verified.error().code == errc::corrupt);
  QVERIFY(mentions(verified.error(),
                   {"chunk ", "epoch " + std::to_string(newest_.value), (path() / "b").string(), "discard"}));
  QVERIFY(!store->list().front().is_ok);
  QVERIFY(store->begin(store->next_epoch().value(), now_).error().code == errc::corrupt);
  QVERIFY(contents(*store, older_) == marked("older"));
  QVERIFY(store->discard(newest_).has_value());
  const auto next = commit_all(*store, now_, marked("next"));
  QVERIFY(store->verify(next).has_value());
}

// A task that restores finds it while the writer hands out numbers.
void snapshot_damage::takesWordOfDamageFromAReaderOnAnotherThread() {
  QVERIFY(flip_after(file("b"), "newest page 7 ", 2) > 0);
  const auto store = open_store(path());
  auto reader = std::move(store->open(newest_)).value();
  errc found{};
  std::thread task{[&] {
    const auto read =
        reader->for_each_page("actor/0", [](std::uint32_t, std::span<const std::byte>) { return result<void>{}; });
    if (!read) found = read.error().code;
  }};
  while (store->list().front().is_ok) QVERIFY(store->next_epoch().has_value());
  task.join();
  QVERIFY(found == errc::corrupt);
  QVERIFY(mentions(store->open(newest_).error(), {"chunk ", (path() / "b").string()}));
}

void snapshot_damage::survivesATruncatedFile() {
  std::filesystem::resize_file(file("b"), std::filesystem::file_size(file("b")) / 2);
  QVERIFY(open_store(path())->list().front().reason.find("truncated") != std::string::npos);
  expect_newest_lost();
}

void snapshot_damage::survivesADeletedManifest() {
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi manifest = 0;
  QCOMPARE(mdb_env_create(&env), 0);
  mdb_env_set_maxdbs(env, 8);
  QCOMPARE(mdb_env_open(env, (path() / "b").c_str(), 0, 0640), 0);
  QCOMPARE(mdb_txn_begin(env, nullptr, 0, &txn), 0);
  QCOMPARE(mdb_dbi_open(txn, "manifest", 0, &manifest), 0);
  QCOMPARE(mdb_drop(txn, manifest, 0), 0);
  QCOMPARE(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
  expect_newest_lost();
}

void snapshot_damage::survivesADeletedEnvironment() {
  std::filesystem::remove_all(path() / "b");
  expect_newest_lost();
}

void snapshot_damage::survivesGarbageInAMetaPage() {
  overwrite(file("b"), 4096, std::string(4096, '\x5a'));
  expect_newest_lost();
}

void snapshot_damage::survivesDamageToTheOlderSnapshot() {
  overwrite(file("a"), 0, std::string(4096, '\x5a'));
  {
    const auto infos = open_store(path())->list();
    QCOMPARE(infos.back().epoch.value, older_.value);
    QVERIFY(!infos.back().is_ok);
  }
  expect_older_lost();
  write_two();
  std::filesystem::remove_all(path() / "a");
  expect_older_lost();
}

void snapshot_damage::givesOutFreshNumbersWhenBothAreDamaged() {
  for (const auto* each : {"a", "b"}) overwrite(file(each), 0, std::string(8192, '\x5a'));
  const auto store = open_store(path());
  QVERIFY(!store->oldest_retained());
  QVERIFY(store->next_generation().error().code == errc::corrupt);
  for (const auto& info : store->list()) {
    QVERIFY(!info.is_ok);
    QVERIFY(store->discard(info.epoch).error().code == errc::failed);
    QVERIFY(store->discard(info.epoch, discard_mode::force).has_value());
  }
  const auto later = store->next_generation().value();
  QVERIFY(later > now_);
  const auto next = commit_all(*store, later, marked("next"));
  QVERIFY(next > newest_);
  QVERIFY(contents(*store, next) == marked("next"));
}

void snapshot_damage::neverCrashesAndNeverLiesAfterRandomDamage() {
  const auto seed = qEnvironmentVariable("MILLRACE_SEED", "20261121").toULongLong();
  std::printf("MILLRACE_SEED=%llu\n", seed);
  std::mt19937_64 random(seed);
  std::ifstream in(file("b"), std::ios::binary);
  const std::string intact{std::istreambuf_iterator<char>(in), {}};
  int noticed = 0;
  for (int round = 0; round < 400; ++round) {
    auto damaged = intact;
    // Half of the rounds hit the pages that hold LMDB's own structures: all but the large values in the middle.
    for (auto hits = random() % 8 + 1; hits > 0; --hits) {
      const auto at = round % 2 == 0 ? random() % damaged.size() : damaged.size() - 1 - random() % 60'000;
      damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1u << random() % 8));
    }
    overwrite(file("b"), 0, damaged);
    const auto store = open_store(path(), true);
    QVERIFY(contents(*store, older_) == marked("older"));
    if (store->verify(newest_)) {
      QVERIFY(contents(*store, newest_) == marked("newest"));
    } else {
      ++noticed;
    }
  }
  std::printf("damage noticed in %d of 400 files\n", noticed);
  QVERIFY(noticed > 100);
}

void snapshot_damage::namesTheProcessThatHasTheFolder() {
  const auto store = open_store(path());
  const auto second = persistence::open_snapshot_store(path());
  QVERIFY(!second);
  QVERIFY(second.error().code == errc::in_use);
  QVERIFY(mentions(second.error(), {std::to_string(::getpid()), path().string(), "stop"}));
}

void snapshot_damage::showsSnapshotsBesideTheirOwner() {
  const auto owner = open_store(path());
  const auto child = ::fork();
  if (child == 0) {
    const auto beside = open_store(path(), true);
    const bool is_right = beside->list().size() == 2 && beside->verify(newest_).has_value() &&
                          beside->next_epoch().error().code == errc::read_only;
    ::_exit(is_right ? 0 : 1);
  }
  int status = -1;
  QCOMPARE(::waitpid(child, &status, 0), child);
  QCOMPARE(status, 0);
  const auto nowhere = persistence::open_snapshot_store(path() / "nowhere", {.read_only = true});
  QVERIFY(nowhere.error().code == errc::not_found);
}

void snapshot_damage::refusesAPathThatIsNoFolder() {
  std::ofstream(path() / "file") << "text";
  const auto opened = persistence::open_snapshot_store(path() / "file");
  QVERIFY(opened.error().code == errc::invalid_argument);
  QVERIFY(persistence::open_snapshot_store(path() / "file" / "below").error().code == errc::invalid_argument);
}

void snapshot_damage::reportsAFullDiskAndGoesOnWhenThereIsRoom() {
  const auto disk_path = path() / "disk";
  std::filesystem::create_directory(disk_path);
  const small_disk disk(disk_path);
  if (!disk.is_mounted()) return;
  const auto store = open_store(disk_path);
  const auto now = store->next_generation().value();
  const auto first = commit_all(*store, now, marked("first"));
  {
    // Announced nowhere, so only the write itself can find out.
    const auto epoch = store->next_epoch().value();
    const auto writer = std::move(store->begin(epoch, now)).value();
    const std::string content(9'000, 'x');
    result<void> done;
    for (std::uint32_t page = 0; done && page < 4'000; ++page)
      done = writer->put_page("actor/0", page, bytes_of(content));
    if (done) done = writer->commit({epoch, now, {}, {}});
    QVERIFY(done.error().code == errc::disk_full);
    QVERIFY(mentions(done.error(), {(disk_path / "b").string(), "bytes"}));
  }
  QVERIFY(contents(*store, first) == marked("first"));
  const auto second = commit_all(*store, now, marked("second"));
  std::ofstream(disk_path / "ballast") << std::string(16'000'000, 'x');
  const auto third = store->begin(store->next_epoch().value(), now);
  QVERIFY(third.error().code == errc::disk_full);
  std::filesystem::remove(disk_path / "ballast");
  QVERIFY(contents(*store, second) == marked("second"));
  QVERIFY(contents(*store, commit_all(*store, now, marked("third"))) == marked("third"));
}

void snapshot_damage::reportsAReadOnlyDisk() {
  const auto disk_path = path() / "disk";
  std::filesystem::create_directory(disk_path);
  small_disk disk(disk_path);
  if (!disk.is_mounted()) return;
  {
    const auto store = open_store(disk_path);
    now_ = store->next_generation().value();
    newest_ = commit_all(*store, now_, marked("newest"));
  }
  QVERIFY(disk.make_read_only());
  const auto opened = persistence::open_snapshot_store(disk_path);
  QVERIFY(opened.error().code == errc::read_only);
  QVERIFY(mentions(opened.error(), {disk_path.string(), "writable"}));
  QVERIFY(persistence::open_snapshot_store(disk_path / "new").error().code == errc::read_only);
  QVERIFY(contents(*open_store(disk_path, true), newest_) == marked("newest"));
}

}  // namespace millrace::tests

QTEST_APPLESS_MAIN(millrace::tests::snapshot_damage)
#include "snapshot_damage.moc"
