#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "command/conversation.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/sample_text.hpp"
#include "command/stop_signal.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds between_reads{250};

struct tail_request {
  running_choice which;
  std::string channel;
  std::string filter;
  std::string rate;
  std::uint64_t count = 0;  // 0: until it is stopped
  bool is_json = false;
};

struct totals {
  std::uint64_t passed = 0, examined = 0, matched = 0, shown = 0, failures = 0;

  void add(const json& answer) {
    passed += answer.value("passed", std::uint64_t{0});
    examined += answer.value("examined", std::uint64_t{0});
    matched += answer.value("matched", std::uint64_t{0});
    failures += answer.value("failures", std::uint64_t{0});
  }
};

/// `200/s` or `200`.
result<std::optional<double>> rate_of(const std::string& text) {
  if (text.empty()) return std::optional<double>{};
  const auto end = text.ends_with("/s") ? text.size() - 2 : text.size();
  double rate = 0;
  const auto read = std::from_chars(text.data(), text.data() + end, rate);
  if (read.ec == std::errc{} && read.ptr == text.data() + end) return std::optional{rate};
  return user_error(errc::invalid_argument, "--rate " + text + ": write samples a second, such as 50/s");
}

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

void print_end(const totals& t, bool has_filter, bool is_json) {
  if (is_json) {
    print(json{{"passed", t.passed},
               {"examined", t.examined},
               {"matched", t.matched},
               {"shown", t.shown},
               {"failures", t.failures}}
              .dump() +
          "\n");
    return;
  }
  auto text = std::to_string(t.shown) + " shown of " + std::to_string(t.passed) + " events that went by";
  if (t.examined != t.passed) text += ", " + std::to_string(t.examined) + " of which were looked at";
  if (has_filter) text += "; " + std::to_string(t.matched) + " fit the filter";
  if (t.failures != 0) text += "; it could not be worked out for " + std::to_string(t.failures);
  console::terminal::instance().write_error(text + "\n");
}

/// Nodes whose tasks are not seen now: once, until it is another one or for another reason.
void tell_silent(const json& answer, json& told) {
  auto now = answer.value("silent", json::object());
  if (now == told) return;
  for (const auto& [node, why] : now.items()) print_error("node " + node + ": " + why.get<std::string>());
  told = std::move(now);
}

int follow(const tail_request& r, const conversation& talk, const json& opened) {
  const auto fields = opened.value("fields", std::vector<std::string>{});
  const json args{{"tail", opened.at("tail")}};
  const stop_signal stop;
  totals all;
  bool is_enough = false;
  std::string failure;
  json silent;
  while (!stop.is_raised() && !is_enough) {
    const auto answer = talk.ask("tail_read", args);
    if (!answer) {
      print_end(all, !r.filter.empty(), r.is_json);
      return fail_with(answer.error());
    }
    all.add(*answer);
    std::string text;
    for (const auto& sample : answer->at("samples")) {
      if (is_enough) break;
      text += (r.is_json ? sample.dump(-1, ' ', false, json::error_handler_t::replace) : sample_text(sample, fields)) +
              "\n";
      ++all.shown;
      is_enough = r.count != 0 && all.shown >= r.count;
    }
    if (!text.empty()) print(text);
    if (failure.empty() && answer->contains("failure")) {
      failure = answer->value("failure", "");
      print_error("the filter does not hold where it cannot be worked out: " + failure);
    }
    tell_silent(*answer, silent);
    if (!is_enough) stop.wait(between_reads);
  }
  // Should this get lost, its lease ends it.
  (void)talk.ask("tail_close", args);
  print_end(all, !r.filter.empty(), r.is_json);
  return exit_ok;
}

int tail(const tail_request& r) {
  const auto rate = rate_of(r.rate);
  if (!rate) return fail_with(rate.error());
  auto chosen = choose_running(r.which);
  if (!chosen) return fail_with(chosen.error());
  const auto talk = conversation::begin(*std::move(chosen));
  if (!talk) return fail_with(talk.error());
  json args{{"channel", r.channel}, {"filter", r.filter}};
  if (*rate) args["rate"] = **rate;
  const auto opened = talk->ask("tail_open", args);
  if (!opened) return fail_with(opened.error());
  return follow(r, *talk, *opened);
}

}  // namespace

void declare_tail(CLI::App& app, action& chosen) {
  const auto r = std::make_shared<tail_request>();
  app.add_option("NAME", r->which.name, "Name of the topology")->required()->type_name("");
  app.add_option("CHANNEL", r->channel, "FROM->TO: actors, partitions of them (ledger/1), with ports where it matters")
      ->required()
      ->type_name("");
  add_running_options(app, r->which);
  app.add_option("--filter", r->filter,
                 "Only records for which this holds, such as 'amount > 100 and country == \"de\"'")
      ->type_name("EXPR");
  app.add_option("--rate", r->rate, "Samples a second at most, up to 200 (default: 20/s)")->type_name("N/s");
  app.add_option("--count", r->count, "End after so many samples (default: Ctrl-C)")->type_name("N");
  app.add_flag("--json", r->is_json, "Print a line of JSON for each, and one with counts at the end");
  app.callback([=, &chosen] { chosen = [=] { return tail(*r); }; });
}

}  // namespace millrace::command
