#include "crash_child.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "crash_actors.hpp"
#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"

namespace millrace::crash {

namespace {

using namespace std::chrono_literals;

topology topology_of(const life& l) {
  topology t;
  t.name = "ledger";
  t.base_folder = l.folder.string();
  t.settings.snapshot_interval = 60ms;
  t.add("entries", "millrace.file_source",
        {{"path", (l.folder / "a.csv").string() + ";" + (l.folder / "b.csv").string()},
         {"fields", std::string{"account:string,number:int64,amount:int64,at:event_time"}},
         {"rate", l.rate}},
        2);
  t.add("route", "millrace.by_key", {}, 2);
  t.add("ledger", "crash.ledger", {}, 4);
  t.add("feed", "crash.feed", {{"folder", l.folder.string()}, {"count", l.lines}, {"rate", l.rate}});
  t.add("route_feed", "millrace.by_key");
  t.add("statements", "millrace.file_sink", {{"path", (l.folder / "out").string()}, {"compress", l.compress}}, 4);
  t.connect("entries", "route").connect("route", "ledger").connect("ledger", "statements");
  t.connect("feed", "route_feed").connect("route_feed", "ledger");
  return t;
}

void note_epochs(const life& l, const runtime::run_status& s) {
  std::ofstream{l.folder / "epochs"} << s.snapshots << ' ' << progress().load() << '\n';
}

}  // namespace

int live(const life& l) {
  link_library();
  const auto checked = validate(topology_of(l));
  if (!checked.ok()) {
    for (const auto& p : checked.problems) std::fprintf(stderr, "%s\n", to_string(p).c_str());
    return 1;
  }
  if (!l.kill.point.empty()) support::die_at_point(l.kill.point, l.kill.hit);
  runtime::run_options options;
  options.data_dir = (l.folder / "data").string();
  options.payload = l.payload == "encoded" ? transport::payload_mode::encoded : transport::payload_mode::shared;
  options.protect.align_barriers = l.broken != "align";
  options.protect.commit_after_manifest = l.broken != "commit";
  options.protect.log_before_emit = l.broken != "log";
  options.protect.letters_before_manifest = l.broken != "letters";
  options.protect.replay_log = l.broken != "replay";
  options.log = [](log_level level, const std::string& text) {
    if (level >= log_level::warning) std::fprintf(stderr, "  %s\n", text.c_str());
  };
  auto run = runtime::topology_run::start(checked.plan, std::move(options));
  if (!run) {
    std::fprintf(stderr, "  %s\n", run.error().message.c_str());
    return 1;
  }
  for (;;) {
    const auto outcome = (*run)->wait(2ms);
    note_epochs(l, (*run)->status());
    if (outcome) {
      if (outcome->how == runtime::run_outcome::kind::failed) std::fprintf(stderr, "  %s\n", outcome->message.c_str());
      return outcome->how == runtime::run_outcome::kind::failed ? 1 : 0;
    }
    if (l.kill.at != 0 && progress().load() >= l.kill.at) ::kill(::getpid(), SIGKILL);
  }
}

}  // namespace millrace::crash
