#include "node/looking/break_answer.hpp"

#include <algorithm>
#include <chrono>

#include "inspect/sample_writer.hpp"
#include "node/arguments.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

std::int64_t ms(std::chrono::nanoseconds d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

/// 0 where it is left out.
result<std::uint64_t> id_in(const json& args) {
  const auto found = args.find("id");
  if (found == args.end()) return std::uint64_t{0};
  if (found->is_number_unsigned()) return found->get<std::uint64_t>();
  return user_error(errc::invalid_argument, "'id' is the number of a breakpoint");
}

result<json> set(inspect::watch_board& board, const json& args) {
  inspect::break_request r;
  auto channel = text_argument(args, "channel");
  if (!channel) return std::move(channel).error();
  auto when = text_argument(args, "when");
  if (!when) return std::move(when).error();
  r.channels = *std::move(channel);
  r.when = *std::move(when);
  if (const auto lease = args.find("lease_ms"); lease != args.end()) {
    const auto most = ms(inspect::lease_most);
    if (!lease->is_number_integer() || lease->get<std::int64_t>() < 0 || lease->get<std::int64_t>() > most) {
      return user_error(errc::invalid_argument,
                        "'lease_ms' is a number of milliseconds, at most " + std::to_string(most));
    }
    r.lease = std::chrono::milliseconds{lease->get<std::int64_t>()};
  }
  const auto id = board.add_breakpoint(r);
  if (!id) return id.error();
  return json{{"id", *id}};
}

json stop_json(const inspect::stop_report& s, const engine::plan& plan) {
  const auto& w = s.where;
  auto out = inspect::sample_writer{plan, w.channel}.write(*w.records, w.row, w.number, w.watermark);
  out["task"] = plan.task_name(s.task);
  out["breakpoint"] = w.at->id;
  out["by_step"] = w.by_step;
  out["for_ms"] = ms(s.standing_for);
  return out;
}

json list(inspect::watch_board& board, const engine::plan& plan) {
  board.sweep();
  json out{{"breakpoints", json::array()}, {"stopped", json::array()}};
  for (const auto& b : board.breakpoints()) {
    out["breakpoints"].push_back({{"id", b.id},
                                  {"channel", b.request.channels},
                                  {"channels", b.channels},
                                  {"when", b.request.when},
                                  {"hits", b.hits},
                                  {"failures", b.failures},
                                  {"lease_ms", ms(b.request.lease)},
                                  {"left_ms", ms(b.left)}});
  }
  for (const auto& s : board.stops()) out["stopped"].push_back(stop_json(s, plan));
  return out;
}

result<json> go_on(inspect::watch_board& board, const engine::plan& plan, const json& args, bool one_record) {
  const auto name = text_argument(args, "task");
  if (!name) return name.error();
  std::optional<task_id> only;
  if (!name->empty()) {
    const auto found =
        std::ranges::find_if(plan.tasks, [&](const engine::plan_task& t) { return plan.task_name(t.id) == *name; });
    if (found == plan.tasks.end()) return user_error(errc::not_found, "there is no task '" + *name + "'");
    only = found->id;
  }
  const auto n = board.go_on(only, one_record);
  if (!n) return n.error();
  return json{{"tasks", *n}};
}

}  // namespace

result<json> answer_break(inspect::watch_board& board, const engine::plan& plan, const std::string& verb,
                          const json& args) {
  if (verb == "break_set") return set(board, args);
  if (verb == "break_list") return list(board, plan);
  if (verb == "break_step" || verb == "break_continue") return go_on(board, plan, args, verb == "break_step");
  const auto id = id_in(args);
  if (!id) return id.error();
  if (verb == "break_renew") {
    if (auto renewed = board.renew(*id); !renewed) return std::move(renewed).error();
    return json{{"renewed", true}};
  }
  if (verb != "break_clear") return user_error(errc::not_found, "there is no verb '" + verb + "'");
  const auto cleared = board.clear(*id);
  if (!cleared) return cleared.error();
  return json{{"cleared", *cleared}};
}

}  // namespace millrace::node
