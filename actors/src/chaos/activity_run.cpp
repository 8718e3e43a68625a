#include "chaos/activity_run.hpp"

#include <algorithm>
#include <ctime>

#include "chaos/tolerance.hpp"

namespace millrace::chaos {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Lease of what an experiment injects: it renews it every second.
constexpr const char* lease = "5s";

json entry_of(const activity& a) {
  return {{"activity", a.text}, {"start", journal_time()}, {"output", nullptr}, {"status", "succeeded"}};
}

void close(json& entry, steady_clock::time_point begun) {
  entry["end"] = journal_time();
  entry["duration"] = std::chrono::duration<double>(steady_clock::now() - begun).count();
}

void fail(json& entry, const std::string& why) {
  entry["status"] = "failed";
  entry["exception"] = json::array({why});
}

std::string end_of(const json& entry) {
  if (entry["status"] != "succeeded") return entry["status"];
  return entry.value("tolerance_met", true) ? "succeeded" : "deviated";
}

bool has(const std::vector<std::string>& arguments, const std::string& flag) {
  return std::ranges::any_of(arguments, [&](const auto& a) { return a == flag || a.starts_with(flag + "="); });
}

}  // namespace

std::string journal_time() {
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  const auto ms = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000;
  const auto fraction = std::to_string(1000 + ms).substr(1);
  return std::string{text, size} + "." + fraction + "Z";
}

bool activity_runner::pause(milliseconds d) const {
  const auto until = steady_clock::now() + d;
  while (steady_clock::now() < until) {
    if (!around_.wait()) return false;
  }
  return true;
}

/// What experiments say once for all their faults.
std::vector<std::string> activity_runner::arguments_of(const activity& a) const {
  const bool is_own = a.path == "millrace";
  std::vector<std::string> out{is_own ? around_.program : a.path};
  out.insert(out.end(), a.arguments.begin(), a.arguments.end());
  if (!is_own || out.size() < 3 || out[1] != "chaos" || out[2] != "inject") return out;
  const auto add = [&](const char* flag, const std::string& value) {
    if (!has(a.arguments, flag)) out.insert(out.end(), {flag, value});
  };
  add("--seed", std::to_string(around_.trial->seed));
  add("--blast", std::to_string(around_.trial->blast_percent));
  add("--lease", lease);
  return out;
}

result<activity_runner::call> activity_runner::begin(const activity& a) {
  if (a.provider != "process") {
    return user_error(errc::invalid_argument, "'" + a.name + "' needs a provider of type '" + a.provider +
                                                  "', which cannot be called from here; write it as a process");
  }
  const auto files = around_.folder + "/activity-" + std::to_string(++calls_);
  child_process::order o{arguments_of(a), around_.environment, files + ".out", files + ".err"};
  auto started = child_process::start(o);
  if (!started) return std::move(started).error();
  return call{*std::move(started), o.out_file, o.error_file, steady_clock::now() + a.timeout, &a};
}

bool activity_runner::has_ended(call& c, json& entry) const {
  const auto code = c.process.exit_code();
  if (!code && steady_clock::now() < c.deadline) return false;
  entry["output"] = {
      {"status", code.value_or(-1)}, {"stdout", read_printed(c.out_file)}, {"stderr", read_printed(c.error_file)}};
  if (!code) {
    fail(entry, "it took longer than its timeout of " + std::to_string(c.what->timeout.count()) + " ms");
  } else if (*code != 0 && !c.what->is_probe) {
    fail(entry, "exit code " + std::to_string(*code) + ": " + read_printed(c.error_file));
  }
  if (c.what->tolerance) entry["tolerance_met"] = code && is_met(*c.what->tolerance, entry["output"]);
  return true;
}

void activity_runner::wait_for(call& c, json& entry) const {
  while (!has_ended(c, entry)) {
    if (around_.wait()) continue;
    fail(entry, "the experiment was ended");
    return;
  }
}

void activity_runner::tell(const activity& a, const std::string& state) const {
  if (around_.tell) around_.tell(a, state);
}

std::optional<activity_runner::call> activity_runner::play(const activity& a, json& entry, bool waits) {
  const auto begun = steady_clock::now();
  std::optional<call> on_its_way;
  if (!pause(a.before)) {
    fail(entry, "the experiment was ended");
  } else {
    tell(a, "begun");
    if (auto started = begin(a); !started) {
      fail(entry, started.error().message);
    } else if (waits) {
      wait_for(*started, entry);
    } else {
      on_its_way = *std::move(started);
    }
  }
  close(entry, begun);
  if (!on_its_way) tell(a, end_of(entry));
  // What it did goes on while the pause lasts, and belongs to the fault's time.
  if (entry["status"] == "succeeded") (void)pause(a.after);
  return on_its_way;
}

json activity_runner::run(const activity& a) {
  auto entry = entry_of(a);
  (void)play(a, entry, true);
  return entry;
}

void activity_runner::run_in(json& entries, const activity& a) {
  auto entry = entry_of(a);
  auto on_its_way = play(a, entry, !a.is_background);
  if (on_its_way) background_.emplace_back(*std::move(on_its_way), entries.size());
  entries.push_back(std::move(entry));
}

void activity_runner::finish_background(json& entries) {
  for (auto& [c, place] : background_) {
    auto& entry = entries.at(place);
    wait_for(c, entry);
    entry["end"] = journal_time();
    tell(*c.what, end_of(entry));
  }
  background_.clear();
}

}  // namespace millrace::chaos
