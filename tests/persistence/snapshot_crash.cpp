#include <sys/wait.h>
#include <unistd.h>
#include <QTest>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>

#include "file_damage.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/persistence/snapshot_store.hpp"
#include "snapshot_store_conformance.hpp"
#include "temporary_folder.hpp"

namespace millrace::tests {

namespace {

// The state of the child is a function of the round alone, so the parent needs no word from it to know it.
constexpr unsigned tasks = 3;

std::string task_key(unsigned task) {
  return "actor/" + std::to_string(task);
}

std::uint32_t pages_in(unsigned task, std::uint64_t round) {
  return 12 + static_cast<std::uint32_t>((round + task) % 7);
}

bool changes(unsigned task, std::uint32_t page, std::uint64_t round) {
  return std::mt19937(static_cast<unsigned>(round * 1'000 + page * 10 + task))() % 4 == 0;
}

std::string page_at(unsigned task, std::uint32_t page, std::uint64_t round) {
  auto version = round;
  while (version > 1 && page < pages_in(task, version - 1) && !changes(task, page, version)) --version;
  const auto word = task_key(task) + "." + std::to_string(page) + " of round " + std::to_string(version) + "; ";
  std::string content;
  while (content.size() < 1'000 + page * 1'500) content += word;
  return content;
}

model state_at(std::uint64_t round) {
  model state;
  for (unsigned task = 0; task < tasks; ++task) {
    auto& into = state[task_key(task)];
    for (std::uint32_t page = 0; page < pages_in(task, round); ++page) into.pages.push_back(page_at(task, page, round));
    into.meta = std::to_string(round);
  }
  return state;
}

// Where this life ends; set in the child before the hook is installed.
std::string fatal_point;
int hits_left = 0;

engine::fault_action kill_at_point(const char* point) {
  if (fatal_point == point && --hits_left == 0) ::raise(SIGKILL);
  return engine::fault_action::proceed;
}

struct report {
  std::uint64_t epoch;
  std::uint64_t round;
  std::uint64_t is_committed;
};

std::unique_ptr<engine::snapshot_store> open_store(const std::filesystem::path& folder) {
  auto opened = persistence::open_snapshot_store(folder);
  if (!opened) throw std::runtime_error(opened.error().message);
  return std::move(opened).value();
}

/// The newest snapshot's round, after it was held against what it should be; 0 when there is none.
std::uint64_t checked_round(engine::snapshot_store& store) {
  const auto infos = store.list();
  if (infos.empty()) return 0;
  for (const auto& info : infos) {
    const auto found = contents(store, info.epoch);
    const auto round = std::stoull(found.at(task_key(0)).meta);
    if (!info.is_ok || found != state_at(round)) throw std::runtime_error("a snapshot is not what was written");
  }
  return std::stoull(contents(store, infos.front().epoch).at(task_key(0)).meta);
}

/// One life: goes on where the newest snapshot stands, gives only what changed, reports each epoch before and after.
void live(const std::filesystem::path& folder, int reports) {
  const auto store = open_store(folder);
  auto round = checked_round(*store);
  std::uint64_t base_round[2] = {0, 0};
  if (round > 0) {
    store->resume_from(store->list().front().epoch);
    base_round[store->list().front().environment] = round;
  }
  const auto now = store->next_generation().value();
  while (true) {
    ++round;
    const auto side = store->turn();
    const auto epoch = store->next_epoch().value();
    const auto writer = std::move(store->begin(epoch, now)).value();
    const auto state = state_at(round);
    const auto known = base_round[side] > 0 ? state_at(base_round[side]) : model{};
    for (const auto& [key, task] : state) {
      const auto* old = store->wants_full(key) ? nullptr : &known.at(key);
      for (std::uint32_t page = 0; page < task.pages.size(); ++page) {
        const bool is_clean = old != nullptr && page < old->pages.size() && old->pages[page] == task.pages[page];
        if (!is_clean && !writer->put_page(key, page, bytes_of(task.pages[page]))) ::_exit(3);
      }
      if (!writer->set_page_count(key, static_cast<std::uint32_t>(task.pages.size()))) ::_exit(3);
      if (!writer->put_meta(key, bytes_of(task.meta))) ::_exit(3);
    }
    report about{epoch.value, round, 0};
    if (::write(reports, &about, sizeof about) != sizeof about) ::_exit(4);
    if (!writer->commit({epoch, now, {}, {{"source/0", std::to_string(round)}}})) ::_exit(3);
    about.is_committed = 1;
    if (::write(reports, &about, sizeof about) != sizeof about) ::_exit(4);
    base_round[side] = round;
  }
}

}  // namespace

/// kill -9 at every fault point of a commit: what was reported as committed is there, whole, and nothing else.
class snapshot_crash final : public QObject {
  Q_OBJECT

private slots:
  void keepsEveryCommittedEpochOverManyDeaths();
};

void snapshot_crash::keepsEveryCommittedEpochOverManyDeaths() {
  const auto seed = qEnvironmentVariable("MILLRACE_SEED", "20261121").toULongLong();
  std::printf("MILLRACE_SEED=%llu\n", seed);
  std::mt19937_64 random(seed);
  const temporary_folder folder;
  const char* const points[] = {"snapshot.chunk_write", "snapshot.before_manifest", "snapshot.after_manifest"};
  report last{0, 0, 1};
  std::uint64_t committed_round = 0;
  for (int life = 0; life < 30; ++life) {
    fatal_point = points[life % 3];
    hits_left = static_cast<int>(fatal_point == points[0] ? random() % 40 + 1 : random() % 4 + 1);
    int ends[2];
    QCOMPARE(::pipe(ends), 0);
    const auto child = ::fork();
    if (child == 0) {
      engine::install_fault_hook(kill_at_point);
      try {
        live(folder.path(), ends[1]);
      } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
      }
      ::_exit(2);
    }
    ::close(ends[1]);
    last.is_committed = 1;
    for (report next; ::read(ends[0], &next, sizeof next) == sizeof next;) {
      QVERIFY(next.epoch > last.epoch || (next.epoch == last.epoch && next.is_committed == 1));
      last = next;
      if (next.is_committed == 1) committed_round = next.round;
    }
    ::close(ends[0]);
    int status = 0;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QVERIFY(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

    const auto store = open_store(folder.path());
    const auto round = checked_round(*store);
    // Death between the manifest and the word of it leaves one epoch more than was heard of; never one less.
    const bool is_ahead = last.is_committed == 0 && round == last.round;
    QVERIFY(round == committed_round || is_ahead);
    if (fatal_point == points[1] && last.is_committed == 0) QVERIFY(!is_ahead);
    if (fatal_point == points[2]) QVERIFY(is_ahead);
    committed_round = round;
    if (round > 0) QCOMPARE(store->ledger().value().back().positions.at(0).text, std::to_string(round));
    QVERIFY(store->next_epoch().value().value > last.epoch);
  }
  std::printf("%llu rounds over 30 lives\n", static_cast<unsigned long long>(committed_round));
}

}  // namespace millrace::tests

QTEST_APPLESS_MAIN(millrace::tests::snapshot_crash)
#include "snapshot_crash.moc"
