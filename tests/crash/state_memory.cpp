// State larger than memory, with the limit enforced by the system: a topology whose keyed state is some times larger
// than its process may hold runs under RLIMIT_DATA, takes snapshots, is killed, restores, and must write what a run
// with all state in memory and no limit writes. The control, all in memory under the same limit, must fail.
//
//   state_memory --keys 264000 --rounds 2 --value-bytes 4096 --run-length 50 --limit-mib 256 --state-mib 16
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "millrace/key_codec.hpp"
#include "millrace/library.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/registry.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/state.hpp"
#include "millrace/validation.hpp"
#include "sanitizer.hpp"

namespace {

using namespace millrace;
using namespace std::chrono_literals;

struct update {
  std::int64_t key{};
  std::int64_t round{};
};
MILLRACE_RECORD(update, 1, key, round)

struct profile {
  std::string text;
  std::int64_t updates{};
};
MILLRACE_RECORD(profile, 1, text, updates)

struct seen {
  std::int64_t key{};
  std::int64_t updates{};
  std::int64_t digest{};
};
MILLRACE_RECORD(seen, 1, key, updates, digest)

/// Every key once a round, each round in another order: no locality at all, or in runs of neighbours.
class updates final : public producer {
public:
  out<update> made{this, "out"};
  param<std::int64_t> keys{this, "keys", 1000};
  param<std::int64_t> rounds{this, "rounds", 2};
  param<std::int64_t> run_length{this, "run_length", 1};

  poll_result poll(context&, std::size_t max) override {
    const auto all = *keys * *rounds;
    for (auto left = max; left != 0 && next_ < all; --left, ++next_) {
      const auto round = next_ / *keys;
      const auto block = next_ % *keys / *run_length;
      const auto blocks = *keys / *run_length;
      const auto moved = (block * 7919 + round * 104'729) % blocks;
      made.emit({moved * *run_length + next_ % *run_length, round});
    }
    return next_ < all ? poll_result::more() : poll_result::end();
  }
  void save_position(msgpack::writer& out) const override { out.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return "update " + std::to_string(next_); }

private:
  std::int64_t next_ = 0;
};
MILLRACE_ACTOR(updates, {.id = "memory.updates", .title = "Updates"})

class profiles final : public processor {
public:
  in<update> arriving{this, "in", &profiles::on_update, {.key = &update::key}};
  out<seen> results{this, "out"};
  keyed_value<profile> kept{this, "profile"};
  param<std::int64_t> value_bytes{this, "value_bytes", 1000};

  void on_update(context&, const update& u) {
    auto& p = *kept;
    results.emit({u.key, p.updates, static_cast<std::int64_t>(key_hash(as_bytes(p.text)) >> 1)});
    ++p.updates;
    p.text.resize(static_cast<std::size_t>(*value_bytes));
    random_source random{static_cast<std::uint64_t>(u.key * 1'000 + u.round)};
    for (std::size_t i = 0; i + 8 <= p.text.size(); i += 64) {
      const auto word = random();
      std::memcpy(p.text.data() + i, &word, sizeof word);
    }
  }
};
MILLRACE_ACTOR(profiles, {.id = "memory.profiles", .title = "Profiles"})

struct options {
  std::int64_t keys = 40'000;
  std::int64_t rounds = 3;
  std::int64_t value_bytes = 4'096;
  std::int64_t run_length = 1;
  std::uint64_t limit_mib = 0;
  std::uint64_t state_mib = 0;   ///< of each partition; 0: all in memory
  std::uint64_t kill_after = 0;  ///< updates handled; 0: never
  std::string folder;
  bool is_child = false;
};

std::uint64_t status_kb(const char* what) {
  std::ifstream in{"/proc/self/status"};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(what)) return std::strtoull(line.c_str() + std::strlen(what), nullptr, 10);
  }
  return 0;
}

topology topology_of(const options& o) {
  topology t;
  t.name = "memory";
  t.base_folder = o.folder;
  t.settings.snapshot_interval = 1s;
  t.settings.snapshot_timeout = 5min;
  t.add("updates", "memory.updates", {{"keys", o.keys}, {"rounds", o.rounds}, {"run_length", o.run_length}});
  t.add("route", "millrace.by_key");
  auto& p = t.add("profiles", "memory.profiles", {{"value_bytes", o.value_bytes}}, 2);
  p.on_failure.action = failure_action::stop;
  if (o.state_mib != 0) p.state = {state_place::disk, o.state_mib << 20};
  t.add("out", "millrace.file_sink", {{"path", o.folder + "/out"}, {"header", false}}, 2);
  t.connect("updates", "route").connect("route", "profiles").connect("profiles", "out");
  return t;
}

int run_child(const options& o) {
  link_library();
  const auto checked = validate(topology_of(o));
  for (const auto& p : checked.problems) std::fprintf(stderr, "%s\n", to_string(p).c_str());
  if (!checked.ok()) return 1;
  runtime::run_options how;
  how.data_dir = o.folder + "/data";
  how.log = [](log_level level, const std::string& text) {
    if (level >= log_level::warning) std::fprintf(stderr, "  %s\n", text.c_str());
  };
  const auto began = std::chrono::steady_clock::now();
  auto run = runtime::topology_run::start(checked.plan, std::move(how));
  if (!run) return std::fprintf(stderr, "  %s\n", run.error().message.c_str()), 1;
  std::uint64_t anonymous = 0;
  for (;;) {
    const auto outcome = (*run)->wait(20ms);
    anonymous = std::max(anonymous, status_kb("RssAnon:"));
    const auto status = (*run)->status();
    std::uint64_t handled = 0, spilled = 0, faults = 0, freeze = 0;
    for (const auto& t : status.tasks) {
      if (t.actor != "profiles") continue;
      handled += t.events_in;
      spilled += t.state_spilled_bytes;
      faults += t.state_faults;
      freeze = std::max(freeze, t.freeze_ns);
    }
    if (o.kill_after != 0 && handled >= o.kill_after && status.snapshots >= 1) ::kill(::getpid(), SIGKILL);
    if (!outcome) continue;
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::printf(
        "    restored from epoch %llu; %llu updates in %.1f s, %.0f/s; %llu snapshots; anonymous memory at most "
        "%llu MiB; spilled %llu MiB, %llu page faults; last freeze %.2f ms%s%s\n",
        static_cast<unsigned long long>(status.restored_epoch.value), static_cast<unsigned long long>(handled), seconds,
        static_cast<double>(handled) / seconds, static_cast<unsigned long long>(status.snapshots),
        static_cast<unsigned long long>(anonymous >> 10), static_cast<unsigned long long>(spilled >> 20),
        static_cast<unsigned long long>(faults), static_cast<double>(freeze) / 1e6,
        outcome->message.empty() ? "" : "; ", outcome->message.c_str());
    std::fflush(stdout);
    return outcome->how == runtime::run_outcome::kind::failed ? 1 : 0;
  }
}

/// Runs this program again as a process of its own; gives its status as `wait` does.
int spawn(const options& o, std::uint64_t limit_mib) {
  const auto pid = ::fork();
  if (pid == 0) {
    // Stacks of threads count as data, and so does what the allocator sets aside for each of them.
    const rlimit stack{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_STACK, &stack);
    ::setenv("MALLOC_ARENA_MAX", "2", 1);
    ::setenv("MALLOC_TRIM_THRESHOLD_", "1048576", 1);
    if (limit_mib != 0) {
      const rlimit data{limit_mib << 20, limit_mib << 20};
      ::setrlimit(RLIMIT_DATA, &data);
    }
    const std::vector<std::string> words{"state_memory",  "--child",
                                         "--folder",      o.folder,
                                         "--keys",        std::to_string(o.keys),
                                         "--rounds",      std::to_string(o.rounds),
                                         "--value-bytes", std::to_string(o.value_bytes),
                                         "--state-mib",   std::to_string(o.state_mib),
                                         "--kill-after",  std::to_string(o.kill_after),
                                         "--run-length",  std::to_string(o.run_length)};
    std::vector<char*> arguments;
    for (const auto& w : words) arguments.push_back(const_cast<char*>(w.c_str()));
    arguments.push_back(nullptr);
    ::execv("/proc/self/exe", arguments.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

/// Lines of the committed output and a digest of them that knows no order.
std::pair<std::uint64_t, std::uint64_t> output_of(const std::string& folder) {
  std::uint64_t lines = 0;
  std::uint64_t digest = 0;
  for (const auto& file : std::filesystem::directory_iterator{folder + "/out"}) {
    if (!file.is_regular_file()) continue;
    std::ifstream in{file.path()};
    for (std::string line; std::getline(in, line); ++lines) digest += key_hash(as_bytes(line));
  }
  return {lines, digest};
}

/// In memory under the limit must fail: the limit holds. False: it does not.
bool limit_holds(const options& o) {
  std::puts("  control: in memory, under the limit");
  std::fflush(stdout);
  return spawn(o, o.limit_mib) != 0;
}

int compare(options o) {
  if (!tests::sanitizers.empty()) {
    std::puts("  no limit, no control: what a sanitizer sets aside for itself counts as the process's data");
    o.limit_mib = 0;
  }
  const auto root = o.folder;
  const auto in = [&](const char* name) {
    o.folder = root + "/" + name;
    std::filesystem::remove_all(o.folder);
    std::filesystem::create_directories(o.folder);
  };
  const auto state_mib = o.state_mib;
  std::printf("%lld keys of %lld bytes: %.0f MiB of state; limit %llu MiB for the process, 2 x %llu MiB for rows\n",
              static_cast<long long>(o.keys), static_cast<long long>(o.value_bytes),
              static_cast<double>(o.keys * o.value_bytes) / (1 << 20), static_cast<unsigned long long>(o.limit_mib),
              static_cast<unsigned long long>(state_mib));
  std::fflush(stdout);
  in("memory");
  o.state_mib = 0;
  std::puts("  in memory, no limit");
  std::fflush(stdout);
  if (spawn(o, 0) != 0) return std::puts("FAILED: the run in memory"), 1;
  const auto expected = output_of(o.folder);
  std::filesystem::remove_all(o.folder);

  if (tests::sanitizers.empty()) {
    in("control");
    if (!limit_holds(o)) return std::puts("FAILED: the limit holds nobody: choose a lower one"), 1;
    std::filesystem::remove_all(o.folder);
  }

  in("disk");
  o.state_mib = state_mib;
  o.kill_after = static_cast<std::uint64_t>(o.keys * o.rounds) * 3 / 5;
  std::puts("  on disk, under the limit, killed on the way");
  std::fflush(stdout);
  const auto killed = spawn(o, o.limit_mib);
  if (!WIFSIGNALED(killed) || WTERMSIG(killed) != SIGKILL)
    return std::puts("FAILED: the run on disk ended too early"), 1;
  std::puts("  on disk, under the limit, again");
  std::fflush(stdout);
  o.kill_after = 0;
  if (spawn(o, o.limit_mib) != 0) return std::puts("FAILED: the run on disk"), 1;
  const auto got = output_of(o.folder);
  std::filesystem::remove_all(o.folder);
  if (got != expected || expected.first != static_cast<std::uint64_t>(o.keys * o.rounds)) {
    return std::printf("FAILED: %llu lines, expected %llu, or other ones\n", static_cast<unsigned long long>(got.first),
                       static_cast<unsigned long long>(expected.first)),
           1;
  }
  std::printf("ok: the same %llu lines\n", static_cast<unsigned long long>(got.first));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app{"State larger than memory under a limit of the system"};
  app.add_option("--keys", o.keys);
  app.add_option("--rounds", o.rounds);
  app.add_option("--value-bytes", o.value_bytes);
  app.add_option("--run-length", o.run_length, "Neighbours that come together");
  app.add_option("--limit-mib", o.limit_mib, "RLIMIT_DATA of the process");
  app.add_option("--state-mib", o.state_mib, "Rows of each of the two partitions");
  app.add_option("--kill-after", o.kill_after);
  app.add_option("--folder", o.folder, "Scratch; default: a folder of its own in the temporary folder");
  app.add_flag("--child", o.is_child);
  CLI11_PARSE(app, argc, argv);
  if (o.is_child) return run_child(o);
  const bool is_own = o.folder.empty();
  if (is_own)
    o.folder = (std::filesystem::temp_directory_path() / ("state-memory-" + std::to_string(::getpid()))).string();
  const auto code = compare(o);
  if (is_own) std::filesystem::remove_all(o.folder);
  return code;
}
