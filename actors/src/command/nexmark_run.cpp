#include "command/nexmark_run.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/run_log.hpp"
#include "command/stop_signal.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"
#include "nexmark/event_source.hpp"
#include "nexmark/plain_loop.hpp"
#include "nexmark/query.hpp"

namespace millrace::command {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

/// How soon the end of the run or a signal is noticed.
constexpr std::chrono::milliseconds tick{10};

/// The whole process: generator, snapshots and sink included.
struct usage {
  double cpu_s = 0;
  double peak_mb = 0;

  static usage of_process() {
    rusage u{};
    getrusage(RUSAGE_SELF, &u);
    const auto s = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return {s(u.ru_utime) + s(u.ru_stime), static_cast<double>(u.ru_maxrss) / 1024};
  }
};

struct figures {
  std::string outcome;
  std::uint64_t events = 0;
  std::uint64_t rows = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t restored_epoch = 0;
  double seconds = 0;
  usage used;
  std::optional<nexmark::loop_figures> plain;

  [[nodiscard]] double per_core() const { return static_cast<double>(events) / std::max(used.cpu_s, 1e-9); }
  [[nodiscard]] double ns_per_event() const {
    return used.cpu_s * 1e9 / static_cast<double>(std::max<std::uint64_t>(events, 1));
  }
  [[nodiscard]] double plain_ns_per_event() const {
    return plain->cpu_s * 1e9 / static_cast<double>(std::max<std::uint64_t>(plain->events, 1));
  }
};

/// The folder of snapshots and output in progress: the user's, or one that goes away again.
class work_folder {
public:
  explicit work_folder(const std::string& wanted) : path_{wanted}, is_temporary_{wanted.empty()} {
    if (is_temporary_) path_ = fs::temp_directory_path() / ("millrace-nexmark-" + std::to_string(::getpid()));
  }
  ~work_folder() {
    std::error_code ignored;
    if (is_temporary_) fs::remove_all(path_, ignored);
  }
  work_folder(const work_folder&) = delete;
  work_folder& operator=(const work_folder&) = delete;
  [[nodiscard]] std::string snapshots() const { return (path_ / "snapshots").string(); }
  [[nodiscard]] std::string output() const { return (path_ / "output").string(); }

private:
  fs::path path_;
  bool is_temporary_;
};

nexmark::query_options options_of(const nexmark_request& r, const work_folder& folder) {
  nexmark::query_options o;
  o.partitions = r.partitions;
  o.snapshot_interval = r.snapshot_interval;
  if (!r.output.empty()) o.output_folder = folder.output();
  o.source = {{"count", static_cast<std::int64_t>(r.feed.count)},
              {"seed", static_cast<std::int64_t>(r.feed.stream.seed)},
              {"group", static_cast<std::int64_t>(r.feed.stream.group)},
              {"rate", r.rate}};
  if (!r.feed.input.empty()) o.source.emplace("input", fs::absolute(r.feed.input).string());
  return o;
}

/// Puts the committed segments together, in the order of their names, and then in place of `path` at once.
result<void> join_output(const std::string& folder, const std::string& path) {
  std::vector<fs::path> segments;
  std::error_code problem;
  for (fs::recursive_directory_iterator at{folder, problem}, end; !problem && at != end; at.increment(problem)) {
    if (at->path().filename() == ".inprogress") at.disable_recursion_pending();
    if (at->is_regular_file() && at->path().extension() == ".jsonl") segments.push_back(at->path());
  }
  std::ranges::sort(segments);
  const auto unfinished = path + ".unfinished";
  std::ofstream to{unfinished, std::ios::binary | std::ios::trunc};
  for (const auto& segment : segments) {
    if (fs::file_size(segment, problem) != 0) to << std::ifstream{segment, std::ios::binary}.rdbuf();
  }
  to.close();
  if (to.fail()) return user_error(errc::io_error, "cannot write '" + unfinished + "'");
  fs::rename(unfinished, path, problem);
  if (problem) return user_error(errc::io_error, "cannot make '" + path + "': " + problem.message());
  return {};
}

void print_json(const nexmark_request& r, const figures& f) {
  nlohmann::ordered_json j{{"query", r.query},
                           {"outcome", f.outcome},
                           {"events", f.events},
                           {"rows", f.rows},
                           {"partitions", r.partitions},
                           {"seconds", f.seconds},
                           {"cpu_seconds", f.used.cpu_s},
                           {"events_per_s", static_cast<double>(f.events) / std::max(f.seconds, 1e-9)},
                           {"events_per_s_per_core", f.per_core()},
                           {"cpu_ns_per_event", f.ns_per_event()},
                           {"snapshots", f.snapshots},
                           {"restored_epoch", f.restored_epoch},
                           {"peak_memory_mb", f.used.peak_mb}};
  if (f.plain) {
    j["plain_loop_ns_per_event"] = f.plain_ns_per_event();
    j["plain_loop_rows"] = f.plain->outputs;
    j["ratio_to_plain_loop"] = f.ns_per_event() / f.plain_ns_per_event();
  }
  std::printf("%s\n", j.dump().c_str());
}

void print_text(const nexmark_request& r, const figures& f) {
  std::printf("%s: %s after %.2f s\n", r.query.c_str(), f.outcome.c_str(), f.seconds);
  std::printf("  events        %llu (%.0f/s, %.0f/s per core)\n", static_cast<unsigned long long>(f.events),
              static_cast<double>(f.events) / std::max(f.seconds, 1e-9), f.per_core());
  std::printf("  rows          %llu\n", static_cast<unsigned long long>(f.rows));
  std::printf("  cpu           %.2f s, %.0f ns an event\n", f.used.cpu_s, f.ns_per_event());
  std::printf("  memory        %.0f MB at most\n", f.used.peak_mb);
  std::printf("  snapshots     %llu\n", static_cast<unsigned long long>(f.snapshots));
  if (f.plain) {
    std::printf("  plain loop    %.0f ns an event, %llu rows; the topology takes %.2f times as much\n",
                f.plain_ns_per_event(), static_cast<unsigned long long>(f.plain->outputs),
                f.ns_per_event() / f.plain_ns_per_event());
  }
}

std::string outcome_text(runtime::run_outcome::kind how) {
  switch (how) {
    case runtime::run_outcome::kind::finished:
      return "finished";
    case runtime::run_outcome::kind::stopped:
      return "stopped";
    case runtime::run_outcome::kind::failed:
      return "failed";
  }
  return "?";
}

runtime::run_outcome watch(runtime::topology_run& run) {
  const stop_signal signal;
  bool is_stopping = false;
  for (;;) {
    if (auto outcome = run.wait(tick)) return *outcome;
    if (signal.is_raised() && !is_stopping) {
      is_stopping = true;
      run.stop();
    }
  }
}

figures figures_of(const runtime::run_status& s, const runtime::run_outcome& outcome) {
  figures f;
  f.outcome = outcome_text(outcome.how);
  f.used = usage::of_process();
  f.events = nexmark::events_brought_in().load();
  f.snapshots = s.snapshots;
  f.restored_epoch = s.restored_epoch.value;
  for (const auto& t : s.tasks) {
    if (t.actor == "output") f.rows += t.events_in;
  }
  return f;
}

}  // namespace

int run_nexmark(const nexmark_request& request) {
  const auto* query = nexmark::find_query(request.query);
  const work_folder folder{request.data_dir};
  const auto checked = validate(query->make(options_of(request, folder)));
  for (const auto& p : checked.problems) print_error(to_string(p));
  if (!checked.ok()) return exit_usage;
  const auto log = run_log::open({});
  if (!log) return fail_with(log.error());

  runtime::run_options options;
  options.data_dir = folder.snapshots();
  options.payload = request.payload;
  options.threads = request.threads;
  options.log = [log = *log](log_level level, const std::string& m) { log.write(level, m); };
  const auto started = steady_clock::now();
  auto run = runtime::topology_run::start(checked.plan, options);
  if (!run) return fail_with(run.error());
  const auto outcome = watch(**run);
  auto f = figures_of((*run)->status(), outcome);
  f.seconds = std::chrono::duration<double>(steady_clock::now() - started).count();
  run->reset();
  if (outcome.how == runtime::run_outcome::kind::failed) {
    print_error(outcome.message);
    return exit_failed;
  }
  if (!request.output.empty()) {
    if (const auto ok = join_output(folder.output(), request.output); !ok) return fail_with(ok.error());
  }
  if (request.is_baseline_wanted) {
    auto plain = nexmark::run_plain_loop(request.query, request.feed);
    if (!plain) return fail_with(plain.error());
    f.plain = *plain;
  }
  request.is_json ? print_json(request, f) : print_text(request, f);
  return exit_ok;
}

}  // namespace millrace::command
