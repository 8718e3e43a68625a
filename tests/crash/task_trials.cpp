#include "task_trials.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "crash_feed.hpp"
#include "crash_input.hpp"
#include "ledger_topology.hpp"

namespace millrace::crash {

namespace {

// Each does a few things, at least.
constexpr std::uint64_t runs_max = 1000;

}  // namespace

namespace fs = std::filesystem;
using namespace std::chrono_literals;

void trial_options::declare(CLI::App& app) {
  app.add_option("--lines", lines, "Events of each of the three sources")->capture_default_str();
  app.add_option("--rate", rate, "Events/s of each source")->capture_default_str();
  app.add_option("--seed", seed, "Decides all that is random")->envname("MILLRACE_SEED")->capture_default_str();
  app.add_option("--payload", payload, "shared or encoded")
      ->check(CLI::IsMember({"shared", "encoded"}))
      ->capture_default_str();
  app.add_option("--break", broken, "A protection to switch off: trim or resend")
      ->check(CLI::IsMember({"trim", "resend"}));
  app.add_flag("--verbose", is_verbose, "Print what the run logs");
}

runtime::run_options trial_options::run_options(const fs::path& folder,
                                                std::function<void(const std::string&)> heard) const {
  runtime::run_options out;
  out.data_dir = (folder / "data").string();
  out.payload = payload == "encoded" ? transport::payload_mode::encoded : transport::payload_mode::shared;
  out.protect.trim_seen = broken != "trim";
  out.protect.send_again = broken != "resend";
  out.log = [heard = std::move(heard), is_verbose = is_verbose](log_level, const std::string& text) {
    heard(text);
    if (is_verbose) std::fprintf(stderr, "  %s\n", text.c_str());
  };
  return out;
}

topology hardy_ledger(const trial_options& t, const fs::path& folder) {
  auto spec = ledger_in(folder, t.lines, t.rate);
  for (auto& a : spec.actors) {
    a.on_failure.max_restarts = 1000;
    a.on_failure.backoff = 1ms;
    a.on_failure.backoff_max = 2ms;
  }
  return spec;
}

run_end end_of(const runtime::run_outcome& outcome) {
  if (outcome.how == runtime::run_outcome::kind::finished) return {true, false, {}};
  if (outcome.message.find("start again with the same data directory") != std::string::npos) return {false, true, {}};
  return {false, false, outcome.message + "\n"};
}

std::string run_trials(const trial_options& t, const std::string& name, const std::function<bool()>& is_enough,
                       const std::function<std::string(const fs::path&)>& one_run,
                       const std::function<std::string()>& progress) {
  std::string difference;
  for (std::uint64_t i = 1; i <= runs_max && !is_enough() && difference.empty(); ++i) {
    const auto folder = fs::temp_directory_path() / (name + "-" + std::to_string(::getpid()) + "-" + std::to_string(i));
    fs::create_directories(folder / "out");
    auto expected = write_input(folder, t.lines, t.seed * 1000 + i);
    difference = one_run(folder);
    difference += add_feed(folder, expected);
    difference += compare_output(folder / "out", expected);
    std::printf("run %llu: %s: %s\n", static_cast<unsigned long long>(i), progress().c_str(),
                difference.empty() ? "equal" : "DIFFERS");
    std::fflush(stdout);
    if (difference.empty()) fs::remove_all(folder);
  }
  return difference;
}

int tell_verdict(const trial_options& t, const std::string& difference, const std::string& weak) {
  const bool is_equal = difference.empty();
  std::printf("%s", difference.c_str());
  if (!t.broken.empty()) {
    std::printf("%s: protection '%s' off was %s\n", is_equal ? "FAIL" : "PASS", t.broken.c_str(),
                is_equal ? "NOT caught" : "caught");
    return is_equal ? 1 : 0;
  }
  const bool has_passed = is_equal && weak.empty();
  std::printf("%s: %s\n", has_passed ? "PASS" : "FAIL",
              !is_equal    ? "committed output differs"
              : has_passed ? "committed output equals that of an undisturbed run"
                           : weak.c_str());
  return has_passed ? 0 : 1;
}

}  // namespace millrace::crash
