#include "snapshot_store_conformance.hpp"

#include <QTest>
#include <algorithm>
#include <random>
#include <set>

#include "millrace/engine/store_limits.hpp"

namespace millrace::tests {

using engine::ledger_entry;
using engine::snapshot_store;
using engine::snapshot_writer;

namespace {

std::string text_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const auto byte : bytes) text.push_back(std::to_integer<char>(byte));
  return text;
}

/// The value, or an exception that names the error: Qt Test reports it as a failure of the running test.
template <class T>
T must(result<T> got) {
  if (!got) throw std::runtime_error(got.error().message);
  return std::move(got).value();
}
void must(const result<void>& got) {
  if (!got) throw std::runtime_error(got.error().message);
}

template <class T>
errc code_of(const result<T>& got) {
  if (got) throw std::runtime_error("succeeded, but an error was due");
  if (got.error().message.empty()) throw std::runtime_error("an error without a message");
  return got.error().code;
}

const model small{{"actor/0", {{"a0", "a1"}, "meta of 0"}}, {"actor/1", {{"b0"}, ""}}};

}  // namespace

model contents(snapshot_store& store, epoch_id epoch) {
  const auto reader = must(store.open(epoch));
  model found;
  for (const auto& task : reader->tasks()) {
    auto& into = found[task];
    into.meta = text_of(must(reader->meta(task)));
    into.pages.resize(must(reader->page_count(task)), "(never visited)");
    must(reader->for_each_page(task, [&](std::uint32_t page, std::span<const std::byte> content) -> result<void> {
      into.pages.at(page) = text_of(content);
      return {};
    }));
  }
  return found;
}

void give_all(snapshot_writer& writer, const model& state) {
  for (const auto& [key, task] : state) {
    for (std::uint32_t page = 0; page < task.pages.size(); ++page) {
      must(writer.put_page(key, page, bytes_of(task.pages[page])));
    }
    must(writer.set_page_count(key, static_cast<std::uint32_t>(task.pages.size())));
    must(writer.put_meta(key, bytes_of(task.meta)));
  }
}

epoch_id commit_all(snapshot_store& store, generation incarnation, const model& state) {
  const auto epoch = must(store.next_epoch());
  const auto writer = must(store.begin(epoch, incarnation));
  give_all(*writer, state);
  must(writer->commit({epoch, incarnation, {}, {}}));
  return epoch;
}

void snapshot_store_conformance::init() {
  make_fresh();
}

void snapshot_store_conformance::handsOutGenerationsThatOnlyGrow() {
  generation last;
  for (int round = 0; round < 20; ++round) {
    const auto next = must(store().next_generation());
    QVERIFY(next > last);
    last = next;
    if (round % 3 == 0) restart();
  }
}

void snapshot_store_conformance::neverHandsOutAnEpochTwice() {
  epoch_id last;
  for (int round = 0; round < 60; ++round) {
    const auto next = must(store().next_epoch());
    QVERIFY(next > last);
    last = next;
    if (round % 7 == 0) restart();
  }
}

void snapshot_store_conformance::readsBackWhatWasCommitted() {
  QVERIFY(store().list().empty());
  QVERIFY(store().wants_full());
  const auto now = must(store().next_generation());
  const auto epoch = commit_all(store(), now, small);
  for (int look = 0; look < 2; ++look) {
    QVERIFY(contents(store(), epoch) == small);
    must(store().verify(epoch));
    const auto infos = store().list();
    QCOMPARE(infos.size(), std::size_t{1});
    QVERIFY(infos[0].is_ok);
    QCOMPARE(infos[0].epoch.value, epoch.value);
    QCOMPARE(infos[0].incarnation.value, now.value);
    QCOMPARE(infos[0].pages, std::uint64_t{3});
    QCOMPARE(infos[0].tasks, std::uint64_t{2});
    QCOMPARE(infos[0].bytes, std::uint64_t{6 + 9});
    QVERIFY(code_of(store().open(epoch_id{epoch.value + 1})) == errc::not_found);
    QVERIFY(code_of(must(store().open(epoch))->meta("actor/9")) == errc::not_found);
    restart();
  }
}

void snapshot_store_conformance::readsBackEmptyAndSpanningPages() {
  const auto now = must(store().next_generation());
  std::string large(300'000, 'x');
  for (std::size_t at = 0; at < large.size(); at += 1000) large[at] = static_cast<char>('a' + at / 1000 % 26);
  const model state{{"big", {{"", large, "small", large.substr(7, 65'520), large.substr(0, 65'440)}, large}},
                    {"empty", {{}, ""}}};
  QVERIFY(contents(store(), commit_all(store(), now, state)) == state);
}

void snapshot_store_conformance::takesTurns() {
  const auto now = must(store().next_generation());
  for (int round = 0; round < 5; ++round) {
    const auto turn = store().turn();
    const auto epoch = commit_all(store(), now, small);
    QVERIFY(store().turn() != turn);
    QCOMPARE(store().list().front().environment, turn);
    QCOMPARE(store().list().front().epoch.value, epoch.value);
    QCOMPARE(store().list().size(), std::size_t(round == 0 ? 1 : 2));
    restart();
    QVERIFY(store().turn() != turn);
  }
}

void snapshot_store_conformance::carriesOverPagesThatWereNotGiven() {
  const auto now = must(store().next_generation());
  const auto first = commit_all(store(), now, small);
  commit_all(store(), now, {{"actor/0", {{"newer"}, "newer"}}});
  QVERIFY(store().base() == first);
  QVERIFY(!store().wants_full("actor/0"));
  QVERIFY(store().wants_full("actor/7"));

  const auto epoch = must(store().next_epoch());
  const auto writer = must(store().begin(epoch, now));
  must(writer->put_page("actor/0", 1, bytes_of("a1 anew")));
  must(writer->put_page("actor/0", 2, bytes_of("a2")));
  must(writer->put_meta("actor/0", bytes_of("meta anew")));
  must(writer->set_page_count("actor/1", 1));
  must(writer->commit({epoch, now, {}, {}}));
  const model expected{{"actor/0", {{"a0", "a1 anew", "a2"}, "meta anew"}}, {"actor/1", {{"b0"}, ""}}};
  QVERIFY(contents(store(), epoch) == expected);
  restart();
  QVERIFY(contents(store(), epoch) == expected);
}

void snapshot_store_conformance::dropsPagesBeyondTheCountAndUnmentionedTasks() {
  const auto now = must(store().next_generation());
  commit_all(store(), now, small);
  commit_all(store(), now, small);
  const auto epoch = must(store().next_epoch());
  const auto writer = must(store().begin(epoch, now));
  must(writer->put_page("actor/0", 1, bytes_of("dropped again")));
  must(writer->set_page_count("actor/0", 1));
  must(writer->commit({epoch, now, {}, {}}));
  QVERIFY((contents(store(), epoch) == model{{"actor/0", {{"a0"}, ""}}}));
}

void snapshot_store_conformance::refusesHolesAndPagesGivenTwice() {
  const auto now = must(store().next_generation());
  const auto epoch = must(store().next_epoch());
  {
    const auto writer = must(store().begin(epoch, now));
    must(writer->put_page("actor/0", 2, bytes_of("two")));
    QVERIFY(code_of(writer->commit({epoch, now, {}, {}})) == errc::invalid_argument);
  }
  const auto writer = must(store().begin(epoch, now));
  must(writer->put_page("actor/0", 0, bytes_of("zero")));
  QVERIFY(code_of(writer->put_page("actor/0", 0, bytes_of("zero"))) == errc::invalid_argument);
}

void snapshot_store_conformance::forgetsAWriterThatWasAborted() {
  const auto now = must(store().next_generation());
  const auto first = commit_all(store(), now, small);
  for (const bool is_explicit : {true, false}) {
    const auto epoch = must(store().next_epoch());
    auto writer = must(store().begin(epoch, now));
    give_all(*writer, {{"actor/0", {{std::string(200'000, 'z')}, "never"}}});
    if (is_explicit) writer->abort();
    writer.reset();
    QVERIFY(code_of(store().open(epoch)) == errc::not_found);
    QVERIFY(contents(store(), first) == small);
  }
  const auto next = commit_all(store(), now, small);
  QVERIFY(contents(store(), next) == small);
  QCOMPARE(must(store().ledger()).size(), std::size_t{2});
}

void snapshot_store_conformance::forgetsAWriterThatDiedWithItsProcess() {
  auto now = must(store().next_generation());
  const auto first = commit_all(store(), now, small);
  const auto epoch = must(store().next_epoch());
  auto writer = must(store().begin(epoch, now));
  give_all(*writer, {{"actor/0", {{std::string(200'000, 'z')}, "never"}}});
  writer.reset();
  restart();
  QVERIFY(code_of(store().open(epoch)) == errc::not_found);
  QVERIFY(contents(store(), first) == small);
  now = must(store().next_generation());
  QVERIFY(contents(store(), commit_all(store(), now, small)) == small);
}

void snapshot_store_conformance::handsOutEpochsWhileASnapshotIsWritten() {
  const auto now = must(store().next_generation());
  const auto epoch = must(store().next_epoch());
  const auto writer = must(store().begin(epoch, now));
  must(writer->put_page("actor/0", 0, bytes_of("a0")));
  must(writer->put_meta("actor/0", bytes_of("meta")));
  for (int round = 0; round < 40; ++round) must(store().next_epoch());
  must(writer->put_page("actor/0", 1, bytes_of("a1")));
  must(writer->commit({epoch, now, {}, {}}));
  QVERIFY((contents(store(), epoch) == model{{"actor/0", {{"a0", "a1"}, "meta"}}}));
}

void snapshot_store_conformance::fencesOlderGenerations() {
  const auto old = must(store().next_generation());
  const auto epoch = must(store().next_epoch());
  const auto writer = must(store().begin(epoch, old));
  give_all(*writer, small);
  const auto now = must(store().next_generation());
  QVERIFY(code_of(writer->commit({epoch, old, {}, {}})) == errc::fenced);
  writer->abort();
  QVERIFY(code_of(store().begin(must(store().next_epoch()), old)) == errc::fenced);
  restart();
  QVERIFY(code_of(store().begin(must(store().next_epoch()), old)) == errc::fenced);
  commit_all(store(), now, small);
}

void snapshot_store_conformance::refusesEpochsThatAreNotNext() {
  const auto now = must(store().next_generation());
  const auto early = must(store().next_epoch());
  const auto epoch = commit_all(store(), now, small);
  QVERIFY(code_of(store().begin(early, now)) == errc::invalid_argument);
  QVERIFY(code_of(store().begin(epoch, now)) == errc::invalid_argument);
  QVERIFY(code_of(store().begin(epoch_id{epoch.value + 1}, now)) == errc::invalid_argument);
}

void snapshot_store_conformance::boundsKeysAndPageNumbers() {
  const auto now = must(store().next_generation());
  const auto writer = must(store().begin(must(store().next_epoch()), now));
  QVERIFY(code_of(writer->put_page("", 0, {})) == errc::invalid_argument);
  QVERIFY(code_of(writer->put_meta(std::string(201, 'x'), {})) == errc::invalid_argument);
  QVERIFY(code_of(writer->put_page("actor/0", engine::pages_per_task_max, {})) == errc::limit_exceeded);
  QVERIFY(code_of(writer->set_page_count("actor/0", ~0u)) == errc::limit_exceeded);
}

void snapshot_store_conformance::refusesASecondWriter() {
  const auto now = must(store().next_generation());
  const auto writer = must(store().begin(must(store().next_epoch()), now));
  QVERIFY(code_of(store().begin(must(store().next_epoch()), now)) == errc::in_use);
  QVERIFY(code_of(store().discard(epoch_id{1}, engine::discard_mode::force)) == errc::in_use);
  writer->abort();
  commit_all(store(), now, small);
}

void snapshot_store_conformance::refusesALedgerEntryOfAnotherEpoch() {
  const auto now = must(store().next_generation());
  const auto epoch = must(store().next_epoch());
  const auto writer = must(store().begin(epoch, now));
  QVERIFY(code_of(writer->commit({epoch_id{epoch.value + 1}, now, {}, {}})) == errc::invalid_argument);
}

void snapshot_store_conformance::keepsTheLastLedgerEntries() {
  const auto now = must(store().next_generation());
  std::vector<std::uint64_t> epochs;
  for (int round = 0; round < 70; ++round) {
    const auto epoch = must(store().next_epoch());
    const auto writer = must(store().begin(epoch, now));
    const auto text = std::to_string(round);
    const auto handle = bytes_of(text);
    must(writer->commit({epoch, now, {{"sink/0", {handle.begin(), handle.end()}}}, {{"source/0", "at " + text}}}));
    epochs.push_back(epoch.value);
  }
  restart();
  const auto ledger = must(store().ledger());
  QCOMPARE(ledger.size(), engine::ledger_entries_max);
  for (std::size_t at = 0; at < ledger.size(); ++at) {
    QCOMPARE(ledger[at].epoch.value, epochs[at + 6]);
    QCOMPARE(ledger[at].incarnation.value, now.value);
    QCOMPARE(text_of(ledger[at].prepared.at(0).handle), std::to_string(at + 6));
    QCOMPARE(ledger[at].prepared[0].task, std::string("sink/0"));
    QCOMPARE(ledger[at].positions.at(0).text, "at " + std::to_string(at + 6));
  }
}

void snapshot_store_conformance::wantsEveryPageAfterARestart() {
  auto now = must(store().next_generation());
  commit_all(store(), now, small);
  commit_all(store(), now, small);
  QVERIFY(!store().wants_full());
  restart();
  QVERIFY(store().wants_full());
  QVERIFY(store().wants_full("actor/0"));
  now = must(store().next_generation());
  const auto epoch = must(store().next_epoch());
  const auto writer = must(store().begin(epoch, now));
  must(writer->put_page("actor/0", 1, bytes_of("only this")));
  QVERIFY(code_of(writer->commit({epoch, now, {}, {}})) == errc::invalid_argument);
}

void snapshot_store_conformance::takesARestoredEpochAsItsBase() {
  auto now = must(store().next_generation());
  commit_all(store(), now, small);
  const auto restored = commit_all(store(), now, small);
  restart();
  now = must(store().next_generation());
  store().resume_from(restored);
  QVERIFY(store().wants_full());
  commit_all(store(), now, small);
  QVERIFY(store().base() == restored);
  store().resume_from({});
  QVERIFY(store().wants_full());
}

void snapshot_store_conformance::namesTheOldestRetainedEpoch() {
  QVERIFY(!store().oldest_retained());
  const auto now = must(store().next_generation());
  const auto first = commit_all(store(), now, small);
  QVERIFY(store().oldest_retained() == first);
  const auto second = commit_all(store(), now, small);
  QVERIFY(store().oldest_retained() == first);
  commit_all(store(), now, small);
  QVERIFY(store().oldest_retained() == second);
}

void snapshot_store_conformance::discardsOnlyWhatCanBeSpared() {
  const auto now = must(store().next_generation());
  const auto first = commit_all(store(), now, small);
  QVERIFY(code_of(store().discard(first)) == errc::failed);
  const auto second = commit_all(store(), now, small);
  const auto lost = store().list().front().environment;
  must(store().discard(second));
  must(store().discard(second));
  QVERIFY(code_of(store().open(second)) == errc::not_found);
  QVERIFY(contents(store(), first) == small);
  QCOMPARE(store().turn(), lost);
  QVERIFY(store().wants_full());
  restart();
  QCOMPARE(must(store().ledger()).size(), std::size_t{1});
  const auto third = commit_all(store(), now, small);
  QVERIFY(third > second);
  QVERIFY(contents(store(), third) == small);
  must(store().discard(first));
  QCOMPARE(must(store().ledger()).size(), std::size_t{2});
  QVERIFY(contents(store(), third) == small);
}

void snapshot_store_conformance::startsAfreshWhenEverythingIsDiscarded() {
  const auto now = must(store().next_generation());
  for (int round = 0; round < 5; ++round) commit_all(store(), now, small);
  for (const auto& info : store().list()) must(store().discard(info.epoch, engine::discard_mode::force));
  QVERIFY(store().list().empty());
  restart();
  QVERIFY(must(store().next_generation()) > now);
  const auto later = must(store().next_generation());
  QVERIFY(contents(store(), commit_all(store(), later, small)) == small);
}

void snapshot_store_conformance::readsOneEpochWhileOthersAreWritten() {
  const auto now = must(store().next_generation());
  const auto first = commit_all(store(), now, small);
  const auto reader = must(store().open(first));
  for (int round = 0; round < 4; ++round) commit_all(store(), now, {{"actor/0", {{"other"}, "other"}}});
  std::vector<std::string> pages;
  must(reader->for_each_page("actor/0", [&](std::uint32_t, std::span<const std::byte> content) -> result<void> {
    pages.push_back(text_of(content));
    return {};
  }));
  QVERIFY((pages == std::vector<std::string>{"a0", "a1"}));
  QCOMPARE(text_of(must(reader->meta("actor/0"))), std::string("meta of 0"));
}

void snapshot_store_conformance::readsPiecesApartAndByAnyReader() {
  const auto now = must(store().next_generation());
  model_task many{{}, "meta"};
  for (int page = 0; page < 300; ++page) many.pages.push_back(std::string(static_cast<std::size_t>(page * 7), 'p'));
  many.pages[100] = std::string(200'000, 'L');  // larger than a chunk
  many.pages[200].clear();
  const auto epoch = commit_all(store(), now, {{"actor/0", many}, {"actor/1", {{"b0"}, ""}}});
  const auto first = must(store().open(epoch));
  const auto second = must(store().open(epoch));
  auto pieces = must(first->pieces("actor/0"));
  std::reverse(pieces.begin(), pieces.end());
  std::vector<std::string> found(many.pages.size(), "(never visited)");
  std::size_t visited = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    std::uint32_t pages = 0;
    auto& reader = i % 2 == 0 ? *first : *second;
    must(reader.read("actor/0", pieces[i], [&](std::uint32_t page, std::span<const std::byte> content) -> result<void> {
      found.at(page) = text_of(content);
      ++pages;
      return {};
    }));
    QCOMPARE(pages, pieces[i].pages);
    visited += pages;
  }
  QCOMPARE(visited, many.pages.size());
  QVERIFY(found == many.pages);
  const auto refusal = first->read("actor/0", pieces.front(), [](std::uint32_t, std::span<const std::byte>) {
    return result<void>{user_error(errc::cancelled, "enough")};
  });
  QCOMPARE(code_of(refusal), errc::cancelled);
}

namespace {

/// Tasks whose pages change at random, with two dirty sets as the engine keeps two dirty bits a page.
class random_application {
public:
  explicit random_application(std::uint64_t seed) : random_(seed) {
    for (const auto* key : {"actor/0", "actor/1", "router/0"}) state_[key] = {};
  }

  void change() {
    for (auto& [key, task] : state_) {
      const auto pages = std::clamp<std::size_t>(task.pages.size() + pick(9) - 4, 1, 60);
      for (auto page = task.pages.size(); page < pages; ++page) touch(key, page);
      task.pages.resize(pages);
      for (std::size_t round = 0; round < pages / 8; ++round) touch(key, pick(pages));
      for (std::size_t page = 0; page < pages; ++page) {
        if (touched_.contains({key, page})) task.pages[page] = content();
      }
      task.meta = content();
    }
    for (auto& dirty : dirty_) dirty.insert(touched_.begin(), touched_.end());
    touched_.clear();
  }

  void give(snapshot_store& store, snapshot_writer& writer) {
    const auto& dirty = dirty_[store.turn()];
    for (const auto& [key, task] : state_) {
      const bool is_full = store.wants_full(key);
      for (std::uint32_t page = 0; page < task.pages.size(); ++page) {
        if (is_full || dirty.contains({key, page})) must(writer.put_page(key, page, bytes_of(task.pages[page])));
      }
      must(writer.set_page_count(key, static_cast<std::uint32_t>(task.pages.size())));
      must(writer.put_meta(key, bytes_of(task.meta)));
    }
  }

  void settle(unsigned environment) { dirty_[environment].clear(); }
  [[nodiscard]] std::size_t pick(std::size_t bound) { return random_() % bound; }
  [[nodiscard]] const model& state() const { return state_; }
  void go_back(const model& earlier) { state_ = earlier; }

private:
  void touch(const std::string& key, std::size_t page) { touched_.insert({key, page}); }

  std::string content() {
    const std::size_t size = pick(20) == 0 ? pick(150'000) : pick(20'000);
    return std::string(size, static_cast<char>('a' + pick(26))) + std::to_string(random_());
  }

  std::mt19937_64 random_;
  model state_;
  std::set<std::pair<std::string, std::size_t>> touched_;
  std::set<std::pair<std::string, std::size_t>> dirty_[2];
};

}  // namespace

void snapshot_store_conformance::matchesAModelOverManyEpochs() {
  const auto seed = qEnvironmentVariable("MILLRACE_SEED", "20261121").toULongLong();
  qInfo("MILLRACE_SEED=%llu", seed);
  random_application application(seed);
  std::map<epoch_id, model> committed;
  auto now = must(store().next_generation());
  for (int round = 0; round < 60; ++round) {
    application.change();
    const auto epoch = must(store().next_epoch());
    const auto environment = store().turn();
    const auto writer = must(store().begin(epoch, now));
    application.give(store(), *writer);
    if (application.pick(4) == 0) {
      writer->abort();
    } else {
      must(writer->commit({epoch, now, {}, {}}));
      application.settle(environment);
      committed[epoch] = application.state();
    }
    for (const auto& info : store().list()) QVERIFY(contents(store(), info.epoch) == committed.at(info.epoch));
    if (application.pick(10) != 0 || committed.empty()) continue;
    restart();
    now = must(store().next_generation());
    const auto newest = store().list().front();
    QCOMPARE(newest.epoch.value, committed.rbegin()->first.value);
    application.go_back(contents(store(), newest.epoch));
    store().resume_from(newest.epoch);
    application.settle(newest.environment);
  }
}

}  // namespace millrace::tests
