// What of the store is lost, how that is shown, and how it is given up.
#include <algorithm>

#include "lmdb_snapshot_store.hpp"

namespace millrace::persistence {

using engine::discard_mode;
using engine::snapshot_info;

namespace {

std::string name(epoch_id epoch) {
  return "the snapshot of epoch " + std::to_string(epoch.value);
}

}  // namespace

std::optional<epoch_id> lmdb_snapshot_store::lost_epoch() const {
  if (ledger_.empty()) return std::nullopt;
  const auto* newest = newest_good();
  const auto committed = ledger_.rbegin()->first;
  if (newest != nullptr && newest->current()->epoch >= committed) return std::nullopt;
  return committed;
}

std::optional<epoch_id> lmdb_snapshot_store::epoch_of_damaged(const snapshot_environment& damaged) const {
  if (damaged.current() != nullptr) return damaged.current()->epoch;
  if (const auto lost = lost_epoch()) return lost;
  // The turns alternate: beside the newest good one lay the commit before it.
  const auto* newest = newest_good();
  if (newest == nullptr) return std::nullopt;
  const auto at = ledger_.lower_bound(newest->current()->epoch);
  if (at == ledger_.begin()) return std::nullopt;
  return std::prev(at)->first;
}

std::vector<snapshot_info> lmdb_snapshot_store::list() {
  std::vector<snapshot_info> infos;
  bool is_lost_shown = false;
  const auto lost = lost_epoch();
  for (const auto& [environment, is_base] : sides_) {
    if (environment->current() == nullptr && !environment->is_damaged()) continue;
    snapshot_info info;
    if (environment->current() != nullptr) info = environment->current()->info(environment->number());
    info.environment = environment->number();
    info.is_ok = environment->is_good();
    if (!info.is_ok) {
      info.epoch = epoch_of_damaged(*environment).value_or(epoch_id{});
      info.reason = environment->damage();
    }
    is_lost_shown = is_lost_shown || info.epoch == lost;
    infos.push_back(std::move(info));
  }
  if (lost && !is_lost_shown) {
    auto& info = infos.emplace_back();
    info.epoch = *lost;
    info.environment = turn();
    info.is_ok = false;
    info.reason = name(*lost) + " was committed, but environment '" + sides_[turn()].environment->folder().string() +
                  "' no longer has it; discard it to go on from the one before";
  }
  std::ranges::sort(infos, std::ranges::greater{}, &snapshot_info::epoch);
  return infos;
}

result<void> lmdb_snapshot_store::discard(epoch_id epoch, discard_mode mode) {
  if (auto writable = check_writable(); !writable) return writable;
  if (writer_ != nullptr) return fatal_error(errc::in_use, "a snapshot is being written; commit or abort it first");
  for (const auto& info : list()) {
    if (info.epoch != epoch) continue;
    auto& gone = sides_[info.environment];
    auto& other = *sides_[1 - info.environment].environment;
    if (mode == discard_mode::keep_one && !other.is_good()) {
      return user_error(errc::failed, name(epoch) + " is the only one left; discard it by force or keep it");
    }
    // With nothing left at all the start is a fresh one: no commit is remembered, so none counts as lost.
    if (other.current() == nullptr) ledger_.clear();
    if (other.current() != nullptr && other.current()->epoch < epoch) {
      ledger_.erase(ledger_.upper_bound(other.current()->epoch), ledger_.end());
    }
    if (auto wiped = wipe(gone); !wiped) return wiped;
    if (!other.is_damaged()) {
      if (auto stored = other.store_ledger_durably(ledger_); !stored) return stored;
    }
    return {};
  }
  return {};
}

}  // namespace millrace::persistence
