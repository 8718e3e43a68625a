#include <stdlib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "cluster.hpp"
#include "crash/crash_feed.hpp"
#include "crash/crash_input.hpp"
#include "crash/ledger_topology.hpp"
#include "millrace/library.hpp"
#include "node/deployment_store.hpp"

// Three node processes run one topology while connections between them are cut, frozen and slowed down, and the
// processes killed and started again: README.md.

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using millrace::distributed::cluster;
using steady = std::chrono::steady_clock;

namespace {

struct trial {
  int rounds = 1;
  int kills = 12;  ///< in each round
  std::int64_t lines = 3000;
  double rate = 500;  ///< events/s of each source
  std::uint64_t seed = 1;
  std::string broken;
  bool moves = false;
  bool is_compressed = false;
  std::string keep;
  int limit_s = 120;           ///< of each round
  int pause_ms = 0;            ///< faults of other nodes: one stands still for so long, the other is killed; 0: none
  int duration_s = 0;          ///< of input, and of what happens to it, however many are killed; 0: `lines` decides
  double total_rate = 30'000;  ///< with a duration: events/s of all sources together
  int every_ms = 145;          ///< something happens after so long, on average
  int snapshot_ms = 60;
  std::int64_t malformed_each = 20;

  /// A duration decides what each of the three sources has and how fast that comes.
  void settle() {
    if (duration_s == 0) return;
    rate = total_rate / 3;
    lines = static_cast<std::int64_t>(rate * duration_s);
    malformed_each = 5000;
    limit_s += duration_s;
  }
};

struct tally {
  int kills = 0;
  int kills_of_lead = 0;
  int disturbances = 0;
  int moves = 0;
  std::uint64_t cuts = 0;
  std::string difference;
};

/// How a round went on: when its snapshots became complete.
class pulse {
public:
  void take(const millrace::result<nlohmann::json>& status) {
    if (!status) return;
    const auto n = status->value("snapshots", std::uint64_t{0});
    if (n != std::exchange(snapshots_, n)) beat();
  }
  void beat() {
    const auto now = steady::now();
    longest_ = std::max(longest_, now - last_);
    last_ = now;
  }
  [[nodiscard]] double longest_s() const { return std::chrono::duration<double>(longest_).count(); }
  [[nodiscard]] double all_s() const { return std::chrono::duration<double>(last_ - begun_).count(); }

private:
  std::uint64_t snapshots_ = 0;
  const steady::time_point begun_ = steady::now();
  steady::time_point last_ = begun_;
  steady::duration longest_{};
};

const std::vector<std::string> names{"a", "b", "c"};

millrace::topology topology_of(const fs::path& folder, const trial& t) {
  auto topology = millrace::crash::ledger_in(folder, t.lines, t.rate);
  topology.settings.snapshot_interval = std::chrono::milliseconds{t.snapshot_ms};
  for (auto& a : topology.actors) {
    // Its two files share what it has.
    if (a.name == "entries" && t.duration_s != 0) a.params["rate"] = 2 * t.rate;
  }
  return topology;
}

void deploy(const fs::path& folder, const trial& t) {
  const auto topology = topology_of(folder, t);
  auto store = millrace::node::deployment_store::open(folder / "node-a");
  if (!store) throw std::runtime_error(store.error().message);
  auto saved = store->save({topology.name, to_text(topology), folder.string(), true, {names, {}}});
  if (!saved) throw std::runtime_error(saved.error().message);
}

/// The tasks are placed elsewhere: on some of the nodes, in another order.
bool move(cluster& nodes, const fs::path& folder, const trial& t, std::mt19937_64& random) {
  auto some = names;
  std::ranges::shuffle(some, random);
  some.resize(1 + random() % some.size());
  const auto text = to_text(topology_of(folder, t));
  return nodes
      .ask("deploy",
           {{"text", text}, {"base_folder", folder.string()}, {"replace", true}, {"placement", {{"nodes", some}}}})
      .has_value();
}

/// Lets the topology alone for so long and watches it. Whether it has ended meanwhile.
bool watch(cluster& nodes, std::chrono::milliseconds time, pulse& seen) {
  const auto until = steady::now() + time;
  for (;;) {
    const auto left = until - steady::now();
    std::this_thread::sleep_for(std::clamp<steady::duration>(left, 0ms, 250ms));
    const auto status = nodes.ask("status", {{"topology", "ledger"}});
    seen.take(status);
    const auto state = status ? status->value("state", "") : std::string{};
    if (state == "finished" || state == "failed") return true;
    if (steady::now() >= until) return false;
  }
}

/// Kills and disturbances at moments drawn at random, until so many were killed, the time is over, or the topology has
/// finished.
void break_things(cluster& nodes, const fs::path& folder, const trial& t, std::mt19937_64& random, tally& sum,
                  pulse& seen) {
  const auto until = steady::now() + std::chrono::seconds{t.duration_s};
  for (int killed = 0; t.duration_s == 0 ? killed < t.kills : steady::now() < until;) {
    const auto gap = 20 + random() % static_cast<std::uint64_t>(2 * t.every_ms - 40);
    if (watch(nodes, std::chrono::milliseconds{gap}, seen)) return;
    if (t.moves && random() % 4 == 0) {
      sum.moves += move(nodes, folder, t, random) ? 1 : 0;
      continue;
    }
    if (random() % 3 != 0) {
      nodes.disturb(random);
      ++sum.disturbances;
      continue;
    }
    const auto& victim = names[random() % names.size()];
    if (!nodes.is_up(victim)) continue;
    nodes.kill(victim);
    ++killed;
    ++sum.kills;
    sum.kills_of_lead += victim == names.front() ? 1 : 0;
    std::this_thread::sleep_for(std::chrono::milliseconds{random() % 200});
    nodes.start(victim);
  }
}

/// Whether so long a wait was enough.
template <class Condition>
bool wait_for(const trial& t, Condition holds) {
  const auto until = steady::now() + std::chrono::seconds{t.limit_s};
  while (!holds() && steady::now() < until) std::this_thread::sleep_for(20ms);
  return holds();
}

/// A fault that the lead takes to another node by control, and its strike, which that one tells of. What went wrong.
std::string strike(cluster& nodes, const trial& t, const std::string& node, const std::string& kind,
                   const nlohmann::json& parameters) {
  nlohmann::json args{{"topology", "ledger"}, {"kind", kind}, {"node", node}, {"lease_ms", 60'000}};
  args["parameters"] = parameters;
  const auto made = nodes.ask("chaos_inject", args);
  if (!made) return kind + " at " + node + ": " + made.error().message + "\n";
  const bool has_struck = wait_for(t, [&] {
    const auto all = nodes.ask("chaos_list", {{"topology", "ledger"}});
    return all && std::ranges::any_of(*all, [&](const auto& f) {
             return f.value("id", 0) == made->value("id", -1) && f.value("hits", 0) == 1;
           });
  });
  return has_struck ? "" : kind + " at " + node + " was never told to have struck\n";
}

/// The first guest stands still, the second is killed, both by faults.
std::string afflict(cluster& nodes, const trial& t) {
  if (t.pause_ms == 0) return {};
  const auto has_snapshots = [&] {
    const auto status = nodes.ask("status", {{"topology", "ledger"}});
    return status && status->value("state", "") == "running" && status->value("snapshots", 0) > 0;
  };
  if (!wait_for(t, has_snapshots)) return "it never ran\n";
  const auto from = steady::now();
  auto wrong = strike(nodes, t, names[1], "process-pause", {{"pause_ms", t.pause_ms}});
  std::printf("%s stood still: told after %lld ms, then %s\n", names[1].c_str(),
              static_cast<long long>((steady::now() - from) / 1ms), nodes.state("ledger").c_str());
  const auto goes_on = [&] { return nodes.state("ledger") == "running" || nodes.state("ledger") == "finished"; };
  if (!wait_for(t, goes_on)) return wrong + "it did not go on after the pause\n";
  wrong += strike(nodes, t, names[2], "process-kill", nlohmann::json::object());
  if (nodes.is_alive(names[2])) return wrong + names[2] + " was not killed\n";
  nodes.kill(names[2]);
  nodes.start(names[2]);
  return wrong;
}

/// As often as at the usual rate, at any.
std::uint64_t cut_bytes_of(const trial& t) {
  return static_cast<std::uint64_t>(200'000 * std::max(1.0, t.rate / 500));
}

bool one_round(const fs::path& root, const trial& t, std::uint64_t seed, tally& sum) {
  const auto folder = root / ("round-" + std::to_string(seed));
  fs::create_directories(folder / "out");
  auto expected = millrace::crash::write_input(folder, t.lines, seed, t.malformed_each);
  std::mt19937_64 random{seed};
  cluster nodes{
      {folder, fs::read_symlink("/proc/self/exe").string(), names, t.broken, t.is_compressed, cut_bytes_of(t), seed}};
  deploy(folder, t);
  for (const auto& name : names) nodes.start(name);
  const auto until = steady::now() + std::chrono::seconds{t.limit_s};
  const auto unstruck = afflict(nodes, t);
  pulse seen;
  break_things(nodes, folder, t, random, sum, seen);
  nodes.heal();
  while (!watch(nodes, 50ms, seen) && steady::now() < until) {
  }
  seen.beat();
  const auto state = nodes.state("ledger");
  sum.cuts += nodes.cuts();
  std::printf("%.0f events in %.0f s, %.0f a second; longest time without a snapshot: %.1f s; %.0f MB over the lines\n",
              3.0 * static_cast<double>(t.lines), seen.all_s(), 3.0 * static_cast<double>(t.lines) / seen.all_s(),
              seen.longest_s(), static_cast<double>(nodes.bytes()) / 1e6);
  std::fflush(stdout);
  auto difference = state == "finished" ? std::string{} : "it ended in state '" + state + "'\n";
  difference += unstruck;
  difference += millrace::crash::add_feed(folder, expected);
  difference += millrace::crash::compare_output(folder / "out", expected);
  if (!difference.empty()) sum.difference += "seed " + std::to_string(seed) + ":\n" + difference;
  if (difference.empty() && t.keep.empty()) fs::remove_all(folder);
  return difference.empty();
}

int run(const trial& t) {
  millrace::link_library();
  auto root = t.keep.empty() ? fs::temp_directory_path() / ("cluster-" + std::to_string(::getpid())) : fs::path{t.keep};
  fs::create_directories(root / "run");
  fs::permissions(root / "run", fs::perms::owner_all);
  ::setenv("XDG_RUNTIME_DIR", (root / "run").c_str(), 1);
  tally sum;
  for (int i = 1; i <= t.rounds; ++i) {
    const auto seed = t.seed * 1000 + static_cast<std::uint64_t>(i);
    const bool is_equal = one_round(root, t, seed, sum);
    std::printf("round %llu: %d kills so far (%d of the lead), %d moves, %d disturbances, %llu connections cut: %s\n",
                static_cast<unsigned long long>(seed), sum.kills, sum.kills_of_lead, sum.moves, sum.disturbances,
                static_cast<unsigned long long>(sum.cuts), is_equal ? "equal" : "DIFFERS");
    std::fflush(stdout);
    if (!t.broken.empty() && !is_equal) break;
  }
  if (!sum.difference.empty()) std::printf("%s", sum.difference.c_str());
  if (sum.difference.empty() && t.keep.empty()) fs::remove_all(root);
  const bool is_caught = !sum.difference.empty();
  if (!t.broken.empty()) {
    std::printf("%s: protection '%s' off was %s\n", is_caught ? "PASS" : "FAIL", t.broken.c_str(),
                is_caught ? "caught" : "NOT caught");
    return is_caught ? 0 : 1;
  }
  if (t.moves && sum.moves == 0) {
    std::printf("FAIL: nothing was moved\n");
    return 1;
  }
  std::printf("%s: committed output %s\n", is_caught ? "FAIL" : "PASS",
              is_caught ? "differs" : "equals that of an undisturbed run");
  return is_caught ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  trial t;
  std::string name, folder, link;
  CLI::App app{"Breaks nodes and the network between them, and compares the output with an undisturbed run's"};
  app.add_option("--rounds", t.rounds, "How often")->capture_default_str();
  app.add_option("--kills", t.kills, "Processes killed in each round")->capture_default_str();
  app.add_option("--lines", t.lines, "Events of each of the three sources")->capture_default_str();
  app.add_option("--rate", t.rate, "Events/s of each source")->capture_default_str();
  app.add_option("--seed", t.seed, "Decides all that is random")->envname("MILLRACE_SEED")->capture_default_str();
  app.add_option("--duration", t.duration_s,
                 "Seconds of input, in which things happen all the time; instead of --kills, --lines and --rate");
  app.add_option("--total-rate", t.total_rate, "With --duration: events/s of all sources together")
      ->capture_default_str();
  app.add_option("--every", t.every_ms, "Something happens after so many ms, on average")
      ->check(CLI::Range(25, 60'000))
      ->capture_default_str();
  app.add_option("--snapshot", t.snapshot_ms, "Interval of snapshots in ms")->capture_default_str();
  app.add_option("--break", t.broken, "A protection to switch off: align or replay")->capture_default_str();
  app.add_flag("--moves", t.moves, "Place the tasks elsewhere now and then");
  app.add_flag("--compress", t.is_compressed, "Compress what goes over links");
  app.add_option("--keep", t.keep, "Work in this folder and leave it");
  app.add_option("--pause", t.pause_ms,
                 "Before that, by faults: one node stands still for so many ms, another one is killed");
  app.add_option("--limit", t.limit_s, "Seconds a round may take")->capture_default_str();
  app.add_option("--node", name, "Be this node")->group("");
  app.add_option("--folder", folder)->group("");
  app.add_option("--link", link)->group("");
  CLI11_PARSE(app, argc, argv);
  if (!name.empty()) return millrace::distributed::be_node(name, folder, link, t.broken, t.is_compressed);
  t.settle();
  return run(t);
}
