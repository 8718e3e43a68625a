#include <sys/mount.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "millrace/engine/fault_point.hpp"
#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"
#include "node/status_json.hpp"
#include "task_trials.hpp"

// The disk of a running topology is full for a while: README.md.

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using namespace millrace;

namespace {

constexpr int skipped = 77;
constexpr auto patience = 60s;
constexpr std::uint64_t failures_wanted = 3;

struct trial : crash::trial_options {
  bool is_real = false;
};

std::atomic<bool> is_full{false};

engine::fault_action fill(const char* point) {
  const bool hits = is_full && std::string_view{point} == "snapshot.chunk_write";
  return hits ? engine::fault_action::full : engine::fault_action::proceed;
}

/// A file system of its own, which the trial can fill.
class small_disk {
public:
  explicit small_disk(fs::path at) : at_{std::move(at)} {
    fs::create_directories(at_);
    is_there_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=8m") == 0;
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  ~small_disk() {
    if (is_there_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool is_there() const noexcept { return is_there_; }
  void fill() const {
    std::ofstream ballast{at_ / "ballast", std::ios::binary};
    // To the last page.
    for (const std::size_t bytes : {std::size_t{1} << 20U, std::size_t{4096}}) {
      const std::string block(bytes, 'x');
      ballast.clear();
      while (ballast.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
      }
    }
  }
  void empty() const { fs::remove(at_ / "ballast"); }

private:
  fs::path at_;
  bool is_there_ = false;
};

/// False: it has not come about, or the run has ended before.
bool comes_about(runtime::topology_run& run, const std::function<bool(const runtime::run_status&)>& wanted) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    if (wanted(run.status())) return true;
    if (run.wait(2ms)) return wanted(run.status());
  }
  return false;
}

std::string one_run(const trial& t, const fs::path& folder, int& done) {
  // Of the second of the two stores of snapshots, which take turns: the event log has enough all the time.
  const small_disk disk{folder / "data" / "b"};
  const auto set_full = [&](bool on) {
    if (t.is_real) {
      on ? disk.fill() : disk.empty();
    } else {
      is_full = on;
    }
  };
  auto spec = crash::hardy_ledger(t, folder);
  // Long enough to fill the disk before that store has taken room for itself.
  spec.settings.snapshot_interval = 300ms;
  const auto checked = validate(spec);
  if (!checked.ok()) return to_string(checked.problems.front()) + "\n";
  auto started = runtime::topology_run::start(checked.plan, t.run_options(folder, [](const std::string&) {}));
  if (!started) return started.error().message + "\n";
  auto& run = **started;
  if (!comes_about(run, [](const auto& s) { return s.snapshots != 0; })) return "there was no snapshot\n";
  set_full(true);
  if (!comes_about(run, [](const auto& s) { return s.failing.in_a_row >= failures_wanted; })) {
    const auto outcome = run.wait(0ms);
    return "snapshots did not fail: " + (outcome ? "the run has ended, " + outcome->message : run.status().state) +
           "\n";
  }
  const auto during = run.status();
  const auto said = node::failing_sentence(during);
  std::printf("  %s\n", said.c_str());
  std::string wrong;
  // An injected error knows of no folder.
  const auto wanted = t.is_real ? "no room in '" + (folder / "data" / "b").string() + "'" : "no room";
  if (said.find(wanted) == std::string::npos) {
    wrong = "it does not say where there is no room: " + said + "\n";
  }
  set_full(false);
  if (!comes_about(run, [&](const auto& s) { return s.snapshots > during.snapshots && s.failing.in_a_row == 0; })) {
    return "snapshots were not taken again\n";
  }
  const auto outcome = run.wait(patience);
  ++done;
  if (!outcome) return "the run did not end\n";
  return wrong + crash::end_of(*outcome).what;
}

int run(const trial& t) {
  link_library();
  if (t.is_real) {
    const auto at = fs::temp_directory_path() / ("small-disk-" + std::to_string(::getpid()));
    const bool is_allowed = small_disk{at}.is_there();
    fs::remove(at);
    if (!is_allowed) {
      std::printf("SKIP: a file system of its own cannot be mounted here; it takes root with CAP_SYS_ADMIN\n");
      return skipped;
    }
  } else {
    engine::install_fault_hook(fill);
  }
  int done = 0;
  const auto difference = crash::run_trials(
      t, "full-disk", [&] { return done > 0; }, [&](const fs::path& folder) { return one_run(t, folder, done); },
      [&] { return "the disk was full " + std::to_string(done) + " times"; });
  return crash::tell_verdict(t, difference, "");
}

}  // namespace

int main(int argc, char** argv) {
  trial t;
  CLI::App app{"Fills the disk of a running topology for a while and compares the output with an undisturbed run's"};
  app.add_flag("--real", t.is_real, "A small file system that is really full, instead of errors that are injected");
  t.declare(app);
  CLI11_PARSE(app, argc, argv);
  return run(t);
}
