#include "command/hot_key_advice.hpp"
#include "command/run_summary.hpp"
#include "node/status_json.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

using outcome_kind = runtime::run_outcome::kind;

const char* word(outcome_kind how) {
  switch (how) {
    case outcome_kind::finished:
      return "finished";
    case outcome_kind::stopped:
      return "stopped";
    case outcome_kind::failed:
      return "failed";
  }
  return "failed";
}

nlohmann::json places_json(const engine::plan& p) {
  auto list = nlohmann::json::array();
  for (const auto& place : places_of(p, actor_kind::sink))
    list.push_back({{"actor", place.actor}, {"path", place.path}});
  return list;
}

nlohmann::json totals_json(const node::status_view& whole_run) {
  auto list = nlohmann::json::array();
  for (const auto& a : totals_of(whole_run)) {
    list.push_back({{"actor", a.actor},
                    {"kind", a.kind},
                    {"events", a.events},
                    {"events_per_s", a.per_s},
                    {"dead_letters", a.dead_letters},
                    {"late", a.late}});
  }
  return list;
}

nlohmann::json skews_json(const node::status_view& whole_run, const engine::plan& p) {
  auto list = nlohmann::json::array();
  for (const auto& s : skews_of(whole_run, p)) {
    list.push_back({{"router", s.router},
                    {"key", nlohmann::json::parse(s.key, nullptr, false)},
                    {"share", s.share},
                    {"share_at_least", s.at_least},
                    {"target", s.target},
                    {"partitions", s.partitions}});
  }
  return list;
}

/// One object a line: `type` is "status" once a second, then "summary". Whatever else would go to standard output goes
/// to standard error.
class json_reporter final : public run_reporter {
public:
  explicit json_reporter(const engine::plan& p) : plan_{p} { console::terminal::instance().keep_output_for_results(); }

  void begin(const std::string& announcement) override {
    console::terminal::instance().write_error(announcement + "\n");
  }
  [[nodiscard]] std::chrono::milliseconds interval() const override { return std::chrono::seconds{1}; }
  void update(const node::status_view& view, bool is_stopping) override {
    auto line = to_json(view);
    line["type"] = "status";
    if (is_stopping) line["state"] = "stopping";
    print(line);
  }
  void end(const run_result& r) override {
    auto line = to_json(r.totals);
    line["type"] = "summary";
    line["outcome"] = word(r.outcome.how);
    line["message"] = r.outcome.message;
    line["was_finished_before"] = was_finished_before(r);
    line["data_dir"] = r.data_dir;
    line["actors"] = totals_json(r.totals);
    line["skews"] = skews_json(r.totals, plan_);
    line["output"] = places_json(plan_);
    print(line);
  }

private:
  static void print(const nlohmann::json& line) {
    // Notes carry what actors threw, which need not be UTF-8.
    const auto text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    console::terminal::instance().write_result(text + "\n");
  }

  const engine::plan& plan_;
};

}  // namespace

std::unique_ptr<run_reporter> make_json_reporter(const engine::plan& p) {
  return std::make_unique<json_reporter>(p);
}

std::unique_ptr<run_reporter> make_reporter(const run_flags& flags, const engine::plan& p) {
  if (flags.is_json) return make_json_reporter(p);
  const bool is_live = flags.is_table_wanted && console::terminal::is_interactive();
  return is_live ? make_table_reporter(p) : make_progress_reporter(p);
}

}  // namespace millrace::command
