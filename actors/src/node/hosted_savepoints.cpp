#include <limits>
#include <utility>

#include "millrace/persistence/savepoint.hpp"
#include "millrace/persistence/snapshot_store.hpp"
#include "node/hosted_topology.hpp"

// A hosted topology's savepoints: while it runs its run writes them, else whoever advances it.
namespace millrace::node {

namespace {

namespace fs = std::filesystem;

result<void> copy_newest(const std::string& data_dir, const fs::path& folder, std::string about) {
  const auto newest = persistence::newest_committed(data_dir);
  if (!newest) return newest.error();
  if (newest->value == 0) {
    return user_error(errc::not_found, "there is no snapshot to keep: the topology has not taken one yet");
  }
  auto store = persistence::open_snapshot_store(data_dir);
  if (!store) return std::move(store).error();
  const processing_time now{
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count()};
  auto made = persistence::write_savepoint(folder, **store, *newest, now, std::move(about));
  return made ? result<void>{} : result<void>{std::move(made).error()};
}

}  // namespace

void hosted_topology::take_savepoint(std::string id, fs::path folder, std::string about) {
  kept_->begin(id);
  std::shared_ptr<runtime::topology_run> run;
  {
    const std::lock_guard lock{mutex_};
    run = run_;
    if (!run) savepoint_wishes_.push_back({std::move(id), std::move(folder), std::move(about)});
  }
  if (!run) return;
  run->keep_snapshot(folder.string(), std::move(about), [desk = kept_, id](const result<epoch_id>& outcome) {
    desk->end(id, outcome ? result<void>{} : result<void>{outcome.error()});
  });
}

/// Nobody has the data folder now.
void hosted_topology::keep_newest() {
  std::vector<savepoint_wish> wishes;
  {
    const std::lock_guard lock{mutex_};
    wishes.swap(savepoint_wishes_);
  }
  if (wishes.empty()) return;
  const std::lock_guard folder{folder_};
  for (auto& w : wishes) kept_->end(w.id, copy_newest(options_.data_dir, w.folder, std::move(w.about)));
}

void hosted_topology::refuse_savepoints(const error& why) {
  std::vector<savepoint_wish> wishes;
  {
    const std::lock_guard lock{mutex_};
    wishes.swap(savepoint_wishes_);
  }
  for (const auto& w : wishes) kept_->end(w.id, why);
}

result<epoch_id> hosted_topology::newest_epoch() const {
  const std::unique_lock folder{folder_, std::try_to_lock};
  if (!folder) return retryable_error(errc::unavailable, "'" + deployed().name + "' is being started; ask again");
  {
    const std::lock_guard lock{mutex_};
    if (run_) return epoch_id{std::numeric_limits<std::uint64_t>::max()};
  }
  if (auto free = check_free(); !free) return std::move(free).error();
  return persistence::newest_committed(options_.data_dir);
}

/// Before a start: from now on its data is that of the savepoint that somebody wants it to go on from.
result<void> hosted_topology::go_back(const deployment& d) {
  if (d.from_savepoint.empty()) return {};
  const auto from = persistence::start_from_savepoint(d.from_savepoint, options_.data_dir, d.moves);
  if (!from) return from.error();
  options_.log(log_level::info, "goes on from savepoint " + fs::path{d.from_savepoint}.filename().string() +
                                    ", which is epoch " + std::to_string(from->epoch.value));
  // Should this be lost, the next start does the same again; no run has begun yet.
  return save_([&] {
    const std::lock_guard lock{mutex_};
    if (deployment_.from_savepoint == d.from_savepoint) deployment_.from_savepoint.clear();
    return next_ ? *next_ : deployment_;
  });
}

}  // namespace millrace::node
