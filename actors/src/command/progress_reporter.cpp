#include "command/figures.hpp"
#include "command/run_summary.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

/// A line every two seconds, for logs and pipes.
class progress_reporter final : public run_reporter {
public:
  explicit progress_reporter(const engine::plan& p) : plan_{p} {}

  void begin(const std::string& announcement) override { say(announcement); }
  [[nodiscard]] std::chrono::milliseconds interval() const override { return std::chrono::seconds{2}; }
  void update(const node::status_view& view, bool is_stopping) override {
    const auto& r = view.run;
    auto line = clock_text(r.uptime) + "  " + (is_stopping ? "stopping" : r.state);
    for (const auto& a : totals_of(view)) {
      if (a.kind != "producer" && a.kind != "sink") continue;
      line += "  " + a.actor + " " + count_text(static_cast<double>(a.events)) + " (" + count_text(a.per_s) + "/s)";
    }
    if (r.last_epoch.value != 0) {
      line += "  snapshot " + std::to_string(r.last_epoch.value) + " (" + span_text(r.last_snapshot_duration) + ")";
    }
    if (r.restarts != 0) line += "  restarts " + std::to_string(r.restarts);
    say(line);
  }
  void end(const run_result& r) override { console::terminal::instance().write(summary_text(r, plan_)); }

private:
  static void say(const std::string& line) { console::terminal::instance().write(line + "\n"); }

  const engine::plan& plan_;
};

}  // namespace

std::unique_ptr<run_reporter> make_progress_reporter(const engine::plan& p) {
  return std::make_unique<progress_reporter>(p);
}

}  // namespace millrace::command
