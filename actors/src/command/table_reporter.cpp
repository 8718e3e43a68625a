#include <chrono>

#include "command/run_summary.hpp"
#include "command/status_table.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

using console::terminal;

/// The live table at the bottom of the terminal; what actors print scrolls above it.
class table_reporter final : public run_reporter {
public:
  explicit table_reporter(const engine::plan& p) : plan_{p}, table_{style{terminal::has_colour()}} {}
  ~table_reporter() override { terminal::instance().end_panel(); }

  void begin(const std::string& announcement) override { terminal::instance().write(announcement + "\n"); }
  [[nodiscard]] std::chrono::milliseconds interval() const override { return std::chrono::milliseconds{250}; }
  void update(const node::status_view& view, bool is_stopping) override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    terminal::instance().show_panel(table_.lines(view, terminal::size(),
                                                 {std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()},
                                                 is_stopping ? "Taking the last snapshot. Ctrl-C again ends at once."
                                                             : "Ctrl-C takes a last snapshot and ends."));
  }
  void end(const run_result& r) override {
    terminal::instance().end_panel();
    terminal::instance().write(summary_text(r, plan_));
  }

private:
  const engine::plan& plan_;
  status_table table_;
};

}  // namespace

std::unique_ptr<run_reporter> make_table_reporter(const engine::plan& p) {
  return std::make_unique<table_reporter>(p);
}

}  // namespace millrace::command
