#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "command/exit_code.hpp"
#include "command/nexmark_run.hpp"
#include "command/report.hpp"
#include "command/verb.hpp"
#include "millrace/duration.hpp"
#include "nexmark/event_json.hpp"
#include "nexmark/plain_loop.hpp"
#include "nexmark/query.hpp"

namespace millrace::command {

namespace {

constexpr std::uint64_t events_max = 1'000'000'000'000;

struct generate_request {
  nexmark::feed_options feed;
  double rate = 10'000;
  std::string output;
};

void set_rate(nexmark::feed_options& feed, double rate) {
  feed.stream.interval = std::chrono::nanoseconds{std::llround(1e9 / rate)};
}

int generate(generate_request& request) {
  set_rate(request.feed, request.rate);
  std::FILE* const to = request.output.empty() ? stdout : std::fopen(request.output.c_str(), "wb");
  if (to == nullptr) return fail_with(user_error(errc::io_error, "cannot write '" + request.output + "'"));
  constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
  std::string lines;
  bool is_fine = true;
  const auto flush = [&] {
    is_fine = is_fine && std::fwrite(lines.data(), 1, lines.size(), to) == lines.size();
    lines.clear();
  };
  nexmark::event_feed feed{request.feed};
  for (nexmark::event e; is_fine && feed.next(e);) {
    nexmark::append_json_line(lines, e);
    if (lines.size() >= buffer_bytes) flush();
  }
  flush();
  is_fine = (to == stdout ? std::fflush(to) : std::fclose(to)) == 0 && is_fine;
  if (is_fine) return exit_ok;
  return fail_with(fatal_error(errc::io_error, "cannot write all of '" + request.output + "': is the disk full?"));
}

int run(nexmark_request& request) {
  set_rate(request.feed, request.rate);
  if (nexmark::find_query(request.query) == nullptr) {
    std::string names;
    for (const auto& q : nexmark::queries()) names += (names.empty() ? "" : ", ") + std::string{q.name};
    return fail_with(user_error(errc::not_found, "no query '" + request.query + "'; there are " + names));
  }
  if (request.feed.count == 0 && request.feed.input.empty()) {
    return fail_with(user_error(errc::invalid_argument, "say how many events with --events, or give an --input"));
  }
  if (request.is_baseline_wanted && !nexmark::has_plain_loop(request.query)) {
    return fail_with(user_error(errc::not_found, "there is no plain loop for " + request.query));
  }
  return run_nexmark(request);
}

int list() {
  for (const auto& q : nexmark::queries()) std::printf("%-4s %s\n", q.name, q.meaning);
  return exit_ok;
}

void declare_stream(CLI::App& app, nexmark::feed_options& feed, double& rate) {
  app.add_option("--events", feed.count, "How many events")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, events_max));
  app.add_option("--seed", feed.stream.seed, "Another seed gives other events")->type_name("N")->capture_default_str();
  app.add_option("--group", feed.stream.group, "Events are out of order within groups of so many")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000'000));
  app.add_option("--rate", rate, "Events a second of event time")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 1e9));
}

void declare_events(CLI::App& app, action& chosen) {
  auto* sub = app.add_subcommand("generate", "Write the events as JSON lines");
  const auto request = std::make_shared<generate_request>();
  declare_stream(*sub, request->feed, request->rate);
  sub->get_option("--events")->required();
  sub->add_option("--output", request->output, "The file; default: standard output")->type_name("FILE");
  sub->callback([request, &chosen] { chosen = [request] { return generate(*request); }; });
}

void declare_query(CLI::App& app, action& chosen) {
  auto* sub = app.add_subcommand("run", "Run a query over events that are generated, or read from a file");
  const auto request = std::make_shared<nexmark_request>();
  auto& r = *request;
  sub->add_option("--query", r.query, "q0 to q22, see 'millrace nexmark list'")->required()->type_name("NAME");
  declare_stream(*sub, r.feed, r.rate);
  sub->add_option("--input", r.feed.input, "Events to read, as 'generate' writes them")->type_name("FILE");
  sub->add_option("--output", r.output, "Write the rows to this file as JSON lines instead of counting them")
      ->type_name("FILE");
  sub->add_option("--partitions", r.partitions, "Partitions of every stage")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  sub->add_option("--data-dir", r.data_dir, "Keep snapshots here and resume from them; default: nothing is kept")
      ->type_name("DIR");
  sub->add_option("--snapshots", "Time from one snapshot to the next (default: 10s)")
      ->type_name("TIME")
      ->check([request](const std::string& text) -> std::string {
        const auto parsed = parse_duration(text);
        if (!parsed) return parsed.error().message;
        request->snapshot_interval = *parsed;
        return {};
      });
  sub->add_option("--threads", r.threads, "Worker threads (default: one a core)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  sub->add_flag_callback(
      "--encoded", [request] { request->payload = transport::payload_mode::encoded; },
      "Send events between actors as bytes instead of as shared batches");
  sub->add_flag("--baseline", r.is_baseline_wanted, "Also measure a plain loop over the same events, for some queries");
  sub->add_flag("--json", r.is_json, "Print the figures as one JSON object");
  sub->callback([request, &chosen] { chosen = [request] { return run(*request); }; });
}

}  // namespace

void declare_nexmark(CLI::App& app, action& chosen) {
  app.require_subcommand(1);
  declare_query(app, chosen);
  declare_events(app, chosen);
  app.add_subcommand("list", "The queries there are")->callback([&chosen] { chosen = list; });
}

}  // namespace millrace::command
