#include "chaos/oracle.hpp"

#include <chrono>
#include <thread>

#include "chaos/subject.hpp"

namespace millrace::chaos {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_every{50};
constexpr std::chrono::minutes timeout{10};

}  // namespace

result<oracle> run_oracle(const oracle_request& r) {
  auto sound = r.trial;
  sound.without.clear();
  subject calm{r.program, sound, r.folder, sound.oracle_settings};
  if (auto ok = calm.start(); !ok) return std::move(ok).error();
  const auto until = steady_clock::now() + timeout;
  while (!calm.has_finished()) {
    if (auto ok = calm.look("oracle"); !ok) return user_error(errc::failed, "without faults: " + ok.error().message);
    if (r.is_interrupted()) return user_error(errc::cancelled, "it was interrupted");
    if (steady_clock::now() > until) {
      return user_error(errc::timeout, "the run without faults did not end; the input of an experiment has an end");
    }
    std::this_thread::sleep_for(look_every);
  }
  auto records = calm.output();
  if (!records) return std::move(records).error();
  const auto letters = calm.dead_letters();
  if (!letters) return letters.error();
  return oracle{*std::move(records), *letters, calm.late()};
}

std::string name_of_oracle(const trial_settings& trial) {
  auto name = trial.topology + trial.program + "\n" + trial.key;
  for (const auto* all : {&trial.settings, &trial.oracle_settings}) {
    for (const auto& setting : *all) name += "\n" + setting;
  }
  return name;
}

result<oracle> known_oracles::find_or(const std::string& name, const std::function<result<oracle>()>& make) {
  const std::lock_guard lock{mutex_};
  const auto found = known_.find(name);
  if (found != known_.end()) return found->second;
  auto made = make();
  if (made) known_.emplace(name, *made);
  return made;
}

}  // namespace millrace::chaos
