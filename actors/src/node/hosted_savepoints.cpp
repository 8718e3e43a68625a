#include <limits>
#include <utility>

#include "millrace/persistence/savepoint.hpp"
#include "millrace/persistence/snapshot_store.hpp"
#include "node/hosted_topology.hpp"
#include "node/savepoints/savepoint_shelf.hpp"
#include "node/wall_clock.hpp"

// A hosted topology's savepoints: while it runs its run writes them, else whoever advances it.
namespace millrace::node {

namespace {

namespace fs = std::filesystem;

/// As long as others who ask may be kept waiting for somebody who is about to be done.
constexpr std::chrono::milliseconds patience{300};

result<void> copy_newest(const std::string& data_dir, const fs::path& folder, std::string about) {
  const auto newest = persistence::newest_committed(data_dir);
  if (!newest) return newest.error();
  if (newest->value == 0) {
    return user_error(errc::not_found, "there is no snapshot to keep: the topology has not taken one yet");
  }
  auto store = persistence::open_snapshot_store(data_dir);
  if (!store) return std::move(store).error();
  const auto held = persistence::hold_snapshot(**store, *newest);
  if (!held) return held.error();
  auto made = persistence::write_savepoint(folder, *held, wall_now(), std::move(about));
  return made ? result<void>{} : result<void>{std::move(made).error()};
}

// Each is a whole copy, and who starts the topology waits for all of them.
constexpr std::size_t wishes_max = 16;

error in_use() {
  return retryable_error(errc::unavailable,
                         "its data is in use, because it is being started or a savepoint written; ask again");
}

}  // namespace

void hosted_topology::take_savepoint(std::string id, fs::path folder, std::string about) {
  kept_->begin(id);
  savepoint_wish wish{std::move(id), std::move(folder), std::move(about)};
  std::shared_ptr<runtime::topology_run> run;
  {
    const std::lock_guard lock{mutex_};
    run = run_;
    if (!run && savepoint_wishes_.size() >= wishes_max) {
      kept_->end(wish.id, retryable_error(errc::limit_exceeded, "too many savepoints are waiting to be written"));
      return;
    }
    if (!run) savepoint_wishes_.push_back(std::move(wish));
  }
  if (run) keep_in(*run, std::move(wish));
}

void hosted_topology::keep_in(runtime::topology_run& run, savepoint_wish wish) {
  run.keep_snapshot(wish.folder.string(), std::move(wish.about),
                    [desk = kept_, id = wish.id](const result<epoch_id>& outcome) {
                      desk->end(id, outcome ? result<void>{} : result<void>{outcome.error()});
                    });
}

/// Nobody has the data folder now.
void hosted_topology::keep_newest(std::vector<savepoint_wish> wishes) {
  for (auto& w : wishes) {
    auto done = [&]() -> result<void> {
      try {
        return copy_newest(options_.data_dir, w.folder, std::move(w.about));
      } catch (const std::exception& e) {
        return fatal_error(errc::failed, e.what());
      }
    }();
    kept_->end(w.id, std::move(done));
  }
}

bool hosted_topology::needs_savepoint(const std::string& folder) const {
  const std::lock_guard lock{mutex_};
  return deployment_.from_savepoint == folder || (next_ && next_->from_savepoint == folder);
}

result<epoch_id> hosted_topology::newest_epoch() const {
  const std::unique_lock folder{folder_, patience};
  if (!folder) return in_use();
  {
    const std::lock_guard lock{mutex_};
    if (run_) return epoch_id{std::numeric_limits<std::uint64_t>::max()};
  }
  if (auto free = check_free(); !free) return std::move(free).error();
  return persistence::newest_committed(options_.data_dir);
}

result<void> hosted_topology::check_log_reaches(const fs::path& savepoint,
                                                const std::vector<std::string>& tasks) const {
  const std::unique_lock folder{folder_, patience};
  if (!folder) return in_use();
  {
    const std::lock_guard lock{mutex_};
    if (run_) return {};
  }
  if (auto free = check_free(); !free) return free;
  return persistence::check_log_reaches(savepoint, options_.data_dir, tasks);
}

/// Before a start: from now on its data is that of the savepoint that somebody wants it to go on from.
result<void> hosted_topology::go_back(const deployment& d, const engine::plan& p, const runtime::placement& where) {
  if (d.from_savepoint.empty()) return {};
  const auto whole = persistence::verify_savepoint(d.from_savepoint);
  if (!whole) return stay(d, whole.error());
  if (auto reaches = persistence::check_log_reaches(d.from_savepoint, options_.data_dir, logged_tasks(p, where));
      !reaches) {
    return stay(d, std::move(reaches).error());
  }
  const auto from = persistence::start_from_savepoint(d.from_savepoint, options_.data_dir, d.moves);
  if (!from) return from.error();
  options_.log(log_level::info, "goes on from savepoint " + fs::path{d.from_savepoint}.filename().string() +
                                    ", which is epoch " + std::to_string(from->epoch.value));
  // Should this be lost, the next start does the same again; no run has begun yet.
  return forget_savepoint(d);
}

/// It has been gone back to, or cannot be.
result<void> hosted_topology::forget_savepoint(const deployment& d) {
  return save_([&] {
    const std::lock_guard lock{mutex_};
    if (deployment_.from_savepoint == d.from_savepoint) deployment_.from_savepoint.clear();
    if (next_ && next_inherits_ && next_->from_savepoint == d.from_savepoint) next_->from_savepoint.clear();
    auto out = next_ ? *next_ : deployment_;
    out.is_wanted = out.is_wanted || (stops_with_node_ && d.is_wanted);
    return out;
  });
}

/// Nothing was touched yet: what the topology has is there to go on from, unless that is nothing.
error hosted_topology::stay(const deployment& d, error why) {
  const auto newest = persistence::newest_committed(options_.data_dir);
  if (!newest || newest->value == 0) return why;
  if (auto saved = forget_savepoint(d); !saved) return why;
  why.message += "; nothing was changed: 'millrace topology start " + d.name + "' goes on from its newest snapshot";
  return why;
}

}  // namespace millrace::node
