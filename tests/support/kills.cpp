#include "support/kills.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include "millrace/engine/fault_point.hpp"
#include "millrace/persistence/snapshot_store.hpp"

namespace support {

namespace {

using millrace::engine::fault_action;

constexpr int kills_a_run = 8;
constexpr const char* progress = "progress";

// A fault hook is a plain function, so what it looks for is global; set before the run starts.
std::string wanted_point;
std::atomic<int> hits_left{0};

fault_action kill_at_point(const char* name) {
  if (wanted_point == name && hits_left.fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
  return fault_action::proceed;
}

}  // namespace

void die_at_point(const std::string& point, int hit) {
  wanted_point = point;
  hits_left = hit;
  millrace::engine::install_fault_hook(kill_at_point);
}

death live_in_child(const std::function<int()>& life) {
  std::fflush(nullptr);
  const auto child = ::fork();
  if (child < 0) throw std::runtime_error("there is no room for another process");
  if (child == 0) ::_exit(life());
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

std::uint64_t newest_complete_epoch(const std::filesystem::path& data_dir) {
  millrace::persistence::snapshot_store_options look;
  look.read_only = true;
  auto store = millrace::persistence::open_snapshot_store(data_dir, look);
  if (!store) throw std::runtime_error("the snapshots cannot be read after a kill: " + store.error().message);
  std::uint64_t complete = 0;
  for (const auto& info : (*store)->list()) {
    if (info.is_ok) complete = std::max(complete, info.epoch.value);
  }
  return complete;
}

kill_schedule::kill_schedule(std::vector<kill_point> points, int at_progress, int per_point, std::uint64_t seed)
    : points_{std::move(points)}, at_progress_{at_progress}, per_point_{per_point}, random_{seed} {}

std::vector<kill_order> kill_schedule::next_run(std::int64_t end) {
  std::vector<std::int64_t> at;
  for (int i = 0; i < kills_a_run; ++i) {
    at.push_back(1 + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(end)));
  }
  std::sort(at.begin(), at.end());
  const auto spread = left(progress, at_progress_) > 0;
  std::vector<kill_order> kills;
  for (const auto where : at) {
    if (spread) kills.push_back({where, {}, 0});
    for (const auto& p : points_) {
      if (left(p.name, per_point_) <= 0 || kills.size() >= static_cast<std::size_t>(kills_a_run)) continue;
      if (random_() % points_.size() != 0 && spread) continue;
      const auto hit = p.from + static_cast<int>(random_() % p.more);
      if (p.may_be_first || !kills.empty()) kills.push_back({0, p.name, hit});
    }
  }
  return kills;
}

void kill_schedule::count(const kill_order& k) {
  ++done_[k.point.empty() ? progress : k.point];
}

int kill_schedule::left(const std::string& name, int wanted) const {
  const auto at = done_.find(name);
  return wanted - (at == done_.end() ? 0 : at->second);
}

bool kill_schedule::any_point_left() const {
  return std::any_of(points_.begin(), points_.end(), [&](const auto& p) { return left(p.name, per_point_) > 0; });
}

bool kill_schedule::is_complete() const {
  return left(progress, at_progress_) <= 0 && !any_point_left();
}

int kill_schedule::kills() const {
  int n = 0;
  for (const auto& [name, count] : done_) n += count;
  return n;
}

void kill_schedule::print() const {
  const auto line = [&](const std::string& name, int wanted) {
    std::printf("  %-26s %4d  (wanted %d)\n", name.c_str(), wanted - left(name, wanted), wanted);
  };
  line(progress, at_progress_);
  for (const auto& p : points_) line(p.name, per_point_);
}

}  // namespace support
