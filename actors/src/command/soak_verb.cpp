#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "chaos/soak.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/stop_signal.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "millrace/duration.hpp"

namespace millrace::command {

namespace {

namespace fs = std::filesystem;

struct soak_flags {
  std::string file;
  std::vector<std::string> settings;
  std::string lasts = "10m";
  std::vector<std::string> kinds;
  std::string key;
  std::string folder;
  std::uint64_t seed = 1;
  bool is_json = false;
};

nlohmann::json to_json(const chaos::soak_result& r, const soak_flags& f) {
  nlohmann::json out{{"passed", r.problem().empty()},
                     {"seed", f.seed},
                     {"rounds", r.rounds},
                     {"faults", r.faults},
                     {"hits", r.hits},
                     {"restarts", r.restarts},
                     {"records_compared", r.records},
                     {"took_s", static_cast<double>(r.took.count()) / 1000}};
  if (r.problem().empty()) return out;
  out["failure"] = r.problem();
  out["examples"] = r.worst.examples;
  return out;
}

std::string to_text(const chaos::soak_result& r, const soak_flags& f) {
  const auto problem = r.problem();
  std::string out = problem.empty() ? "PASS" : "FAIL: " + problem;
  out += "\n  " + std::to_string(r.rounds) + " rounds in " + std::to_string(r.took.count() / 1000) + " s, " +
         std::to_string(r.faults) + " faults, " + std::to_string(r.restarts) + " restarts, " +
         std::to_string(r.records) + " records compared, seed " + std::to_string(f.seed) + "\n  struck:";
  for (const auto& [kind, n] : r.hits) out += " " + kind + " " + std::to_string(n);
  for (const auto& e : r.worst.examples) out += "\n  " + e;
  return out + "\n";
}

/// The folder of a soak: its own, kept when something differs, or the one somebody named.
result<std::string> folder_of(const soak_flags& f) {
  if (!f.folder.empty()) {
    std::error_code problem;
    fs::create_directories(f.folder, problem);
    if (problem || !fs::is_empty(f.folder, problem)) {
      return user_error(errc::invalid_argument,
                        "--keep " + f.folder + ": name a folder that is empty or not there yet");
    }
    return fs::absolute(f.folder).string();
  }
  auto pattern = (fs::temp_directory_path() / "millrace-soak-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return fatal_error(errc::io_error, pattern + ": cannot be made");
  return pattern;
}

int soak(const soak_flags& f) {
  const auto lasts = parse_duration(f.lasts);
  if (!lasts) return fail_with(user_error(errc::invalid_argument, "--for " + f.lasts + ": give for example 10m"));
  const auto folder = folder_of(f);
  if (!folder) return fail_with(folder.error());
  const stop_signal signal;
  chaos::soak_request request;
  request.program = fs::read_symlink("/proc/self/exe").string();
  request.folder = *folder;
  request.trial.topology = fs::absolute(f.file).string();
  request.trial.settings = f.settings;
  request.trial.key = f.key;
  request.trial.order = f.key.empty() ? chaos::output_order::none : chaos::output_order::by_key;
  request.lasts = *lasts;
  request.seed = f.seed;
  request.kinds = f.kinds;
  request.keeps_folders = !f.folder.empty();
  request.is_interrupted = [&signal] { return signal.is_raised(); };
  request.say = [&f](const std::string& line) {
    if (!f.is_json) console::terminal::instance().write("  … " + line + "\n");
  };
  const auto r = chaos::run_soak(request);
  std::error_code ignored;
  const bool has_passed = r && r->problem().empty();
  if (f.folder.empty() && (has_passed || !r)) fs::remove_all(*folder, ignored);
  if (!r) return fail_with(r.error());
  std::string said;
  if (f.is_json) {
    auto j = to_json(*r, f);
    if (!has_passed) j["folder"] = *folder;
    said = j.dump(2) + "\n";
  } else {
    said = to_text(*r, f);
    if (!has_passed) said += "  data, output and what was printed: " + *folder + "\n";
  }
  console::terminal::instance().write(said);
  return has_passed ? exit_ok : exit_failed;
}

}  // namespace

void declare_soak(CLI::App& app, action& chosen) {
  const auto f = std::make_shared<soak_flags>();
  app.add_option("FILE", f->file, "Topology (.mill) whose input ends and whose sinks are files")
      ->required()
      ->check(CLI::ExistingFile)
      ->type_name("");
  app.add_option("--set", f->settings, "A parameter for all rounds: orders.count=100000; repeat it for more")
      ->type_name("ACTOR.PARAM=VALUE");
  app.add_option("--for", f->lasts, "How long; the round that has begun is brought to its end")
      ->capture_default_str()
      ->type_name("TIME");
  app.add_option("--seed", f->seed, "Decides what is done, to whom and when")
      ->envname("MILLRACE_SEED")
      ->capture_default_str();
  app.add_option("--faults", f->kinds, "Only these kinds")->delimiter(',')->check(CLI::IsMember(chaos::soak_kinds()));
  app.add_option("--key", f->key, "Field of the output whose records must stay in order (default: order is free)");
  app.add_option("--keep", f->folder, "Keep data, output and what was printed of all rounds here")->type_name("DIR");
  app.add_flag("--json", f->is_json, "Print the report as JSON");
  app.callback([f, &chosen] { chosen = [f] { return soak(*f); }; });
}

}  // namespace millrace::command
