#include <algorithm>
#include <set>

#include "millrace/engine/fault_point.hpp"
#include "millrace/engine/store_limits.hpp"
#include "millrace/testing/memory_store.hpp"

namespace millrace::testing {

using engine::discard_mode;
using engine::ledger_entry;
using engine::page_piece;
using engine::snapshot_info;
using engine::snapshot_reader;
using engine::snapshot_writer;

namespace detail {

using page_ptr = std::shared_ptr<const std::vector<std::byte>>;

struct memory_task {
  std::vector<page_ptr> pages;  ///< nullptr: never given
  std::vector<std::byte> meta;
};

struct memory_snapshot {
  snapshot_info info;
  std::map<std::string, memory_task, std::less<>> tasks;
};

}  // namespace detail

namespace {

constexpr std::uint64_t epoch_block = 16;

error injected(const char* point) {
  return fatal_error(errc::io_error, std::string("injected failure at fault point ") + point);
}

std::string name(epoch_id epoch) {
  return "snapshot of epoch " + std::to_string(epoch.value);
}

class memory_snapshot_reader final : public snapshot_reader {
public:
  explicit memory_snapshot_reader(std::shared_ptr<const detail::memory_snapshot> snapshot)
      : snapshot_(std::move(snapshot)) {}

  [[nodiscard]] const snapshot_info& info() const override { return snapshot_->info; }

  [[nodiscard]] std::vector<std::string> tasks() const override {
    std::vector<std::string> keys;
    for (const auto& [key, task] : snapshot_->tasks) keys.push_back(key);
    return keys;
  }

  result<std::vector<std::byte>> meta(std::string_view task) override {
    const auto found = snapshot_->tasks.find(task);
    if (found == snapshot_->tasks.end()) return missing(task);
    return found->second.meta;
  }

  result<std::uint32_t> page_count(std::string_view task) override {
    const auto found = snapshot_->tasks.find(task);
    if (found == snapshot_->tasks.end()) return missing(task);
    return static_cast<std::uint32_t>(found->second.pages.size());
  }

  result<std::vector<page_piece>> pieces(std::string_view task) override {
    const auto found = snapshot_->tasks.find(task);
    if (found == snapshot_->tasks.end()) return missing(task);
    std::vector<page_piece> out;
    for (std::size_t page = 0; page < found->second.pages.size(); ++page) out.push_back({page, 1});
    return out;
  }

  result<void> read(std::string_view task, const page_piece& piece, const page_visitor& visit) override {
    const auto found = snapshot_->tasks.find(task);
    if (found == snapshot_->tasks.end()) return missing(task);
    return visit(static_cast<std::uint32_t>(piece.where), *found->second.pages.at(piece.where));
  }

private:
  [[nodiscard]] error missing(std::string_view task) const {
    return user_error(errc::not_found, name(snapshot_->info.epoch) + " has no task '" + std::string(task) + "'");
  }

  std::shared_ptr<const detail::memory_snapshot> snapshot_;
};

}  // namespace

/// Collects a snapshot on top of the base's shared pages.
class memory_snapshot_writer final : public snapshot_writer {
public:
  memory_snapshot_writer(memory_snapshot_store& store, epoch_id epoch, generation incarnation)
      : store_(store), life_(store.life_), snapshot_(std::make_shared<detail::memory_snapshot>()) {
    snapshot_->info.epoch = epoch;
    snapshot_->info.incarnation = incarnation;
    snapshot_->info.environment = store.turn();
  }
  memory_snapshot_writer(const memory_snapshot_writer&) = delete;
  memory_snapshot_writer& operator=(const memory_snapshot_writer&) = delete;
  ~memory_snapshot_writer() override { close(); }

  result<void> put_page(std::string_view task, std::uint32_t page, std::span<const std::byte> content) override {
    if (auto usable = check("snapshot.chunk_write"); !usable) return usable;
    if (auto bounded = engine::check_page(task, page, content.size()); !bounded) return bounded;
    if (!given_.emplace(task, page).second) {
      return user_error(errc::invalid_argument, place(task, page) + " is given twice");
    }
    auto& pages = mentioned(task).pages;
    if (pages.size() <= page) pages.resize(page + std::size_t{1});
    pages[page] = std::make_shared<const std::vector<std::byte>>(content.begin(), content.end());
    return {};
  }

  result<void> set_page_count(std::string_view task, std::uint32_t pages) override {
    if (auto usable = check(nullptr); !usable) return usable;
    if (auto bounded = engine::check_page_count(task, pages); !bounded) return bounded;
    mentioned(task);
    counts_.insert_or_assign(std::string(task), pages);
    return {};
  }

  result<void> put_meta(std::string_view task, std::span<const std::byte> content) override {
    if (auto usable = check("snapshot.chunk_write"); !usable) return usable;
    if (auto bounded = engine::check_meta(task, content.size()); !bounded) return bounded;
    mentioned(task).meta.assign(content.begin(), content.end());
    return {};
  }

  result<void> commit(ledger_entry entry) override {
    if (auto usable = check("snapshot.before_manifest"); !usable) return usable;
    const auto& info = snapshot_->info;
    if (entry.epoch != info.epoch || entry.incarnation != info.incarnation) {
      return user_error(errc::invalid_argument, "the ledger entry is not that of " + name(info.epoch));
    }
    if (auto complete = settle_pages(); !complete) return complete;
    if (auto stored = store_.commit(snapshot_, std::move(entry)); !stored) return stored;
    close();
    return {};
  }

  void abort() noexcept override { close(); }

private:
  static std::string place(std::string_view task, std::size_t page) {
    return "page " + std::to_string(page) + " of task '" + std::string(task) + "'";
  }

  result<void> check(const char* point) {
    if (!is_open_ || life_ != store_.life_) return fatal_error(errc::fenced, "this snapshot writer is closed");
    if (snapshot_->info.incarnation < store_.newest_generation_) {
      return fatal_error(errc::fenced, name(snapshot_->info.epoch) + " belongs to an older generation");
    }
    if (is_broken_) return fatal_error(errc::failed, "a write of this snapshot failed before; abort it");
    is_broken_ = point != nullptr && engine::fault_point(point) == engine::fault_action::fail;
    if (is_broken_) return injected(point);
    return {};
  }

  detail::memory_task& mentioned(std::string_view task) {
    const auto known = snapshot_->tasks.find(task);
    if (known != snapshot_->tasks.end()) return known->second;
    auto& fresh = snapshot_->tasks[std::string(task)];
    if (!store_.wants_full(task)) {
      const auto& base = *store_.environments_[snapshot_->info.environment].snapshot;
      fresh.pages = base.tasks.find(task)->second.pages;
    }
    return fresh;
  }

  result<void> settle_pages() {
    for (auto& [key, task] : snapshot_->tasks) {
      if (const auto count = counts_.find(key); count != counts_.end()) task.pages.resize(count->second);
      const auto hole = std::find(task.pages.begin(), task.pages.end(), nullptr);
      if (hole != task.pages.end()) {
        return user_error(errc::invalid_argument, place(key, static_cast<std::size_t>(hole - task.pages.begin())) +
                                                      " was never given and is not in the base either");
      }
      snapshot_->info.pages += task.pages.size();
      snapshot_->info.bytes += task.meta.size();
      for (const auto& page : task.pages) snapshot_->info.bytes += page->size();
    }
    snapshot_->info.tasks = snapshot_->tasks.size();
    return {};
  }

  void close() noexcept {
    if (is_open_ && life_ == store_.life_) store_.is_writing_ = false;
    is_open_ = false;
  }

  memory_snapshot_store& store_;
  std::uint64_t life_;
  std::shared_ptr<detail::memory_snapshot> snapshot_;
  std::set<std::pair<std::string, std::uint32_t>> given_;
  std::map<std::string, std::uint32_t, std::less<>> counts_;
  bool is_open_ = true;
  bool is_broken_ = false;
};

memory_snapshot_store::memory_snapshot_store(clock now) : now_(std::move(now)) {}
memory_snapshot_store::~memory_snapshot_store() = default;

void memory_snapshot_store::crash() {
  ++life_;
  is_writing_ = false;
  is_torn_ = false;
  last_epoch_ = reserved_to_;
  resume_from({});
}

void memory_snapshot_store::damage_newest() {
  if (newest_good() != nullptr) environments_[1 - turn()].is_damaged = true;
}

const memory_snapshot_store::environment* memory_snapshot_store::newest_good() const {
  const environment* newest = nullptr;
  for (const auto& candidate : environments_) {
    if (candidate.snapshot == nullptr || candidate.is_damaged) continue;
    if (newest == nullptr || candidate.snapshot->info.epoch > newest->snapshot->info.epoch) newest = &candidate;
  }
  return newest;
}

result<generation> memory_snapshot_store::next_generation() {
  return generation{++newest_generation_.value};
}

result<epoch_id> memory_snapshot_store::next_epoch() {
  if (last_epoch_ == reserved_to_) reserved_to_.value += epoch_block;
  return epoch_id{++last_epoch_.value};
}

unsigned memory_snapshot_store::turn() const {
  return newest_good() == &environments_[0] ? 1 : 0;
}

std::optional<epoch_id> memory_snapshot_store::base() const {
  const auto& next = environments_[turn()];
  if (next.snapshot == nullptr || !next.is_base || next.is_damaged) return std::nullopt;
  return next.snapshot->info.epoch;
}

bool memory_snapshot_store::wants_full(std::string_view task) const {
  return !base() || !environments_[turn()].snapshot->tasks.contains(task);
}

void memory_snapshot_store::resume_from(epoch_id epoch) {
  for (auto& each : environments_) each.is_base = each.snapshot != nullptr && each.snapshot->info.epoch == epoch;
}

result<std::unique_ptr<snapshot_writer>> memory_snapshot_store::begin(epoch_id epoch, generation incarnation) {
  if (incarnation < newest_generation_)
    return fatal_error(errc::fenced, name(epoch) + " belongs to an older generation");
  if (is_writing_) return fatal_error(errc::in_use, "another snapshot is being written; commit or abort it first");
  const auto* newest = newest_good();
  if (!ledger_.empty() && (newest == nullptr || ledger_.back().epoch > newest->snapshot->info.epoch)) {
    return fatal_error(errc::corrupt, name(ledger_.back().epoch) + " is committed but lost; discard it first");
  }
  if (epoch > last_epoch_ || (newest != nullptr && epoch <= newest->snapshot->info.epoch)) {
    return user_error(errc::invalid_argument, "epoch " + std::to_string(epoch.value) + " is not one to write next");
  }
  is_writing_ = true;
  return std::unique_ptr<snapshot_writer>(std::make_unique<memory_snapshot_writer>(*this, epoch, incarnation));
}

result<void> memory_snapshot_store::commit(std::shared_ptr<const detail::memory_snapshot> snapshot,
                                           ledger_entry entry) {
  if (std::exchange(fails_next_, false)) {
    ++failed_syncs_;
    return fatal_error(errc::io_error, "the sync of the snapshot failed");
  }
  if (std::exchange(tears_next_, false)) {
    // The chunks of the environment's last snapshot are partly overwritten, and the new manifest is not there.
    environments_[snapshot->info.environment] = {};
    is_torn_ = true;
    return fatal_error(errc::io_error, "the power failed while the snapshot was written");
  }
  auto stamped = std::make_shared<detail::memory_snapshot>(*snapshot);
  if (now_) stamped->info.written_at = now_();
  environments_[snapshot->info.environment] = {.snapshot = std::move(stamped), .is_base = true, .is_damaged = false};
  ledger_.push_back(std::move(entry));
  if (ledger_.size() > engine::ledger_entries_max) ledger_.erase(ledger_.begin());
  // There is only one ledger here, so nothing can be left undone; asked so that a run on disk meets the same points.
  static_cast<void>(engine::fault_point("snapshot.after_manifest"));
  return {};
}

std::vector<snapshot_info> memory_snapshot_store::list() {
  std::vector<snapshot_info> infos;
  for (const auto& each : environments_) {
    if (each.snapshot == nullptr) continue;
    auto& info = infos.emplace_back(each.snapshot->info);
    info.is_ok = !each.is_damaged;
    if (each.is_damaged) info.reason = "damaged on request; discard it or use the other snapshot";
  }
  std::sort(infos.begin(), infos.end(), [](const auto& a, const auto& b) { return a.epoch > b.epoch; });
  return infos;
}

result<void> memory_snapshot_store::verify(epoch_id epoch) {
  auto reader = open(epoch);
  if (!reader) return std::move(reader).error();
  return {};
}

result<std::unique_ptr<snapshot_reader>> memory_snapshot_store::open(epoch_id epoch) {
  for (const auto& each : environments_) {
    if (each.snapshot == nullptr || each.snapshot->info.epoch != epoch) continue;
    if (each.is_damaged) return fatal_error(errc::corrupt, name(epoch) + " is damaged; use the other snapshot");
    return std::unique_ptr<snapshot_reader>(std::make_unique<memory_snapshot_reader>(each.snapshot));
  }
  return user_error(errc::not_found, name(epoch) + " does not exist");
}

std::optional<epoch_id> memory_snapshot_store::oldest_retained() const {
  std::optional<epoch_id> oldest;
  for (const auto& each : environments_) {
    if (each.snapshot == nullptr || each.is_damaged) continue;
    if (!oldest || each.snapshot->info.epoch < *oldest) oldest = each.snapshot->info.epoch;
  }
  return oldest;
}

result<void> memory_snapshot_store::discard(epoch_id epoch, discard_mode mode) {
  if (is_writing_) return fatal_error(errc::in_use, "a snapshot is being written; commit or abort it first");
  for (auto& each : environments_) {
    if (each.snapshot == nullptr || each.snapshot->info.epoch != epoch) continue;
    const auto& other = environments_[&each == environments_.data() ? 1 : 0];
    if (mode == discard_mode::keep_one && (other.snapshot == nullptr || other.is_damaged)) {
      return user_error(errc::failed, name(epoch) + " is the only one left; discard it by force or keep it");
    }
    each = {};
    // With nothing left at all the start is a fresh one: no commit is remembered, so none counts as lost.
    if (other.snapshot == nullptr) ledger_.clear();
    if (other.snapshot != nullptr && other.snapshot->info.epoch < epoch) {
      std::erase_if(ledger_, [&](const ledger_entry& entry) { return entry.epoch >= epoch; });
    }
  }
  return {};
}

}  // namespace millrace::testing
