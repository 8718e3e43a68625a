#include "chaos/soak.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "chaos/child_process.hpp"
#include "chaos/subject.hpp"
#include "millrace/topology.hpp"

namespace millrace::chaos {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds tick{50};
// An input that has not ended by then is stuck, or too long for rounds.
constexpr milliseconds round_max{600'000};
constexpr milliseconds inject_timeout{10'000};

class soak {
public:
  explicit soak(const soak_request& r) : request_{r}, dice_{r.seed, r.kinds}, begun_{steady_clock::now()} {}

  result<soak_result> run() {
    if (auto ok = run_calm(); !ok) return std::move(ok).error();
    while (out_.failure.empty() && !request_.is_interrupted() && (out_.rounds == 0 || since(begun_) < request_.lasts)) {
      if (auto ok = run_round(); !ok) return std::move(ok).error();
    }
    out_.took = since(begun_);
    return out_;
  }

private:
  [[nodiscard]] static milliseconds since(steady_clock::time_point t) {
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - t);
  }
  [[nodiscard]] result<std::string> fresh_folder(const std::string& name) const {
    const auto path = request_.folder + "/" + name;
    std::error_code problem;
    std::filesystem::create_directory(path, problem);
    if (problem) return fatal_error(errc::io_error, path + ": cannot be made");
    return path;
  }
  void forget(const std::string& folder) const {
    std::error_code ignored;
    if (!request_.keeps_folders) std::filesystem::remove_all(folder, ignored);
  }

  /// What every round must come to.
  [[nodiscard]] result<void> run_calm() {
    request_.say("without faults: what every round must come to");
    const auto t = load_topology(request_.trial.topology);
    if (!t) return t.error();
    name_ = t->name;
    auto folder = fresh_folder("calm");
    if (!folder) return std::move(folder).error();
    subject calm{request_.program, request_.trial, *folder};
    if (auto ok = calm.start(); !ok) return ok;
    const auto until = steady_clock::now() + round_max;
    while (!calm.has_finished() && !request_.is_interrupted()) {
      if (auto ok = calm.look("calm"); !ok) return user_error(errc::failed, "without faults: " + ok.error().message);
      if (steady_clock::now() > until) {
        return user_error(errc::timeout, request_.trial.topology +
                                             ": its input did not end within 10 minutes; a soak needs one that does");
      }
      std::this_thread::sleep_for(tick);
    }
    if (request_.is_interrupted()) return {};
    auto records = calm.output();
    if (!records) return std::move(records).error();
    if (records->empty()) return user_error(errc::invalid_argument, "it commits nothing that could be compared");
    expected_ = *std::move(records);
    const auto letters = calm.dead_letters();
    if (!letters) return letters.error();
    letters_expected_ = *letters;
    forget(*folder);
    return {};
  }

  [[nodiscard]] result<void> run_round() {
    auto folder = fresh_folder("round-" + std::to_string(out_.rounds + 1));
    if (!folder) return std::move(folder).error();
    subject s{request_.program, request_.trial, *folder};
    if (auto ok = s.start(); !ok) return ok;
    const auto started = steady_clock::now();
    auto next = started + dice_.pause();
    while (!s.has_finished()) {
      if (request_.is_interrupted()) return {};
      if (auto ok = s.look("soak"); !ok) return fail(ok.error().message);
      if (since(started) > round_max) return fail("a round did not end within 10 minutes");
      if (steady_clock::now() >= next && s.is_running()) {
        inject(s);
        next = steady_clock::now() + dice_.pause();
      }
      std::this_thread::sleep_for(tick);
    }
    for (const auto& [id, f] : s.faults()) out_.hits[f.text.value("kind", "?")] += f.hits;
    out_.restarts += s.restarts();
    if (auto ok = compare(s); !ok) return ok;
    if (out_.failure.empty()) {
      ++out_.rounds;
      forget(*folder);
      request_.say("round " + std::to_string(out_.rounds) + ": equal, " + std::to_string(s.faults().size()) +
                   " faults, " + std::to_string(s.restarts()) + " restarts, " +
                   std::to_string(since(started).count() / 1000) + " s");
    }
    return {};
  }

  /// By the command, as anybody would. A fault that finds nobody any more is no mistake: the run may just be ending.
  void inject(const subject& s) {
    const auto f = dice_.next();
    child_process::order o{{request_.program, "chaos", "inject", name_, f.kind, "--seed",
                            std::to_string(dice_.draw() >> 1U), "--lease", "5s"},
                           s.environment(),
                           s.folder() + "/injected",
                           s.folder() + "/inject_errors"};
    const auto add = [&o](const char* flag, const std::string& value) {
      o.arguments.insert(o.arguments.end(), {flag, value});
    };
    if (!f.target.empty()) add("--target", f.target);
    if (f.lasts.count() != 0) add("--for", std::to_string(f.lasts.count()) + "ms");
    for (const auto& p : f.parameters) add("--with", p);
    auto call = child_process::start(o);
    if (!call) return;
    const auto until = steady_clock::now() + inject_timeout;
    while (!call->exit_code() && steady_clock::now() < until) std::this_thread::sleep_for(milliseconds{5});
    out_.faults += call->exit_code() == 0 ? 1 : 0;
  }

  [[nodiscard]] result<void> compare(const subject& s) {
    auto records = s.output();
    if (!records) return fail(records.error().message);
    const auto difference = compare_outputs(expected_, *records, request_.trial.order);
    out_.records += difference.expected;
    if (!difference.is_equal()) {
      out_.worst = difference;
      return fail("the output differs: " + std::to_string(difference.lost) + " lost, " +
                  std::to_string(difference.duplicated) + " duplicated, " + std::to_string(difference.changed) +
                  " changed, " + std::to_string(difference.unexpected) + " unexpected, " +
                  std::to_string(difference.reordered) + " reordered");
    }
    const auto letters = s.dead_letters();
    if (!letters) return letters.error();
    if (*letters == letters_expected_) return {};
    return fail(std::to_string(*letters) + " dead letters instead of " + std::to_string(letters_expected_));
  }

  [[nodiscard]] result<void> fail(const std::string& why) {
    out_.failure = "round " + std::to_string(out_.rounds + 1) + ": " + why;
    return {};
  }

  const soak_request& request_;
  soak_dice dice_;
  steady_clock::time_point begun_;
  std::string name_;
  std::vector<output_record> expected_;
  std::uint64_t letters_expected_ = 0;
  soak_result out_;
};

}  // namespace

std::string soak_result::problem() const {
  if (!failure.empty()) return failure;
  if (rounds == 0) return "it was ended before the first round was over";
  const bool is_struck = std::ranges::any_of(hits, [](const auto& h) { return h.second != 0; }) || restarts != 0;
  if (is_struck) return {};
  return faults == 0 ? "no fault was done: its input ends too soon, or none of these faults finds a target"
                     : std::to_string(faults) + " faults were done, and none struck anything";
}

result<soak_result> run_soak(const soak_request& request) {
  return soak{request}.run();
}

}  // namespace millrace::chaos
