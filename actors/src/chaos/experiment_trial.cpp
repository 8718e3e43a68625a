#include "chaos/experiment_trial.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "chaos/protection.hpp"
#include "millrace/detail/nearest.hpp"

namespace millrace::chaos {

namespace {

std::vector<std::string> settings_of(const place& at) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < at.array().value.size(); ++i) out.push_back(at.at(i).text());
  return out;
}

void read_oracle(const place& at, trial_settings& out) {
  if (at.value.is_boolean()) {
    out.has_oracle = at.flag();
    return;
  }
  if (at.object().has("order")) {
    out.order = at.at("order").one_of({"none", "by_key"}) == "by_key" ? output_order::by_key : output_order::none;
  }
  if (at.has("key")) out.key = at.at("key").text();
  if (at.has("settings")) out.oracle_settings = settings_of(at.at("settings"));
  if (out.order == output_order::by_key && out.key.empty())
    at.fail("'order' by_key needs the 'key': a column of the output");
}

void check_members(const place& at, const std::vector<std::string>& names) {
  for (const auto& [name, value] : at.object().value.items()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    place{value, at.pointer + "/" + name}.fail("'" + name + "' is not known here" + detail::did_you_mean(name, names));
  }
}

const std::vector<std::string> verdicts{"PASS", "DEGRADED", "FAIL", "INVALID", "ABORTED"};

std::string path_of(const place& at, const std::string& folder) {
  return (std::filesystem::path{folder} / at.text()).lexically_normal().string();
}

void read_trial(const place& at, const std::string& folder, trial_settings& out) {
  check_members(at, {"name", "topology", "program", "throughput", "settings", "seed", "blast_radius", "warm_up",
                     "baseline", "recovery", "abort", "oracle", "expect", "because", "controls"});
  if (at.has("topology")) out.topology = path_of(at.at("topology"), folder);
  if (at.has("program")) out.program = path_of(at.at("program"), folder);
  if (at.has("program") && at.has("topology"))
    at.at("program").fail("it stands instead of a 'topology', not beside it");
  if (at.has("throughput")) out.throughput = at.at("throughput").text();
  if (at.has("settings")) out.settings = settings_of(at.at("settings"));
  if (at.has("seed")) out.seed = static_cast<std::uint64_t>(at.at("seed").number(0, 9e15));
  if (at.has("blast_radius")) out.blast_percent = at.at("blast_radius").number(0.1, 100);
  if (at.has("warm_up")) out.warm_up = at.at("warm_up").duration();
  if (at.has("baseline")) out.baseline = at.at("baseline").duration();
  if (at.has("recovery")) out.recovery_limit = at.at("recovery").duration();
  if (at.has("abort")) {
    const auto rules = at.at("abort").object();
    if (rules.has("after")) out.abort_after = rules.at("after").duration();
    if (rules.has("restarts")) out.abort_restarts = static_cast<std::uint64_t>(rules.at("restarts").number(0, 1e6));
  }
  if (at.has("oracle")) read_oracle(at.at("oracle"), out);
  if (at.has("expect")) out.expect = at.at("expect").one_of(verdicts);
  if (at.has("because")) out.because = at.at("because").text();
}

/// What protects the output in the experiment `of` is taken away.
experiment read_control(const place& at, const std::string& folder, const experiment& of) {
  check_members(at, {"without", "topology", "settings", "expect", "because"});
  auto out = of;
  auto& trial = out.trial;
  std::string what;
  if (at.has("without")) {
    trial.without = {at.at("without").one_of(protection_names())};
    what += ", without " + trial.without.front();
  }
  if (at.has("topology")) {
    trial.topology = path_of(at.at("topology"), folder);
    what += ", " + at.at("topology").text();
  }
  if (at.has("settings")) {
    for (auto& s : settings_of(at.at("settings"))) {
      what += ", " + s;
      trial.settings.push_back(std::move(s));
    }
  }
  if (what.empty()) at.fail("a control takes something away: 'without', 'topology' or 'settings'");
  out.title += "; control" + what;
  trial.expect = at.has("expect") ? at.at("expect").one_of(verdicts) : "FAIL";
  trial.because = at.at("because").text();
  return out;
}

}  // namespace

void read_extensions(const place& at, const std::string& folder, experiment& out) {
  for (std::size_t i = 0; i < at.array().value.size(); ++i) {
    const auto one = at.at(i).object();
    if (one.at("name").text() != "millrace") continue;
    read_trial(one, folder, out.trial);
    if (!one.has("controls")) continue;
    const auto controls = one.at("controls").array();
    const auto sound = out;
    for (std::size_t n = 0; n < controls.value.size(); ++n) {
      out.controls.push_back(read_control(controls.at(n), folder, sound));
    }
  }
}

}  // namespace millrace::chaos
