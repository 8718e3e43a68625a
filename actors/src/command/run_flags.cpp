#include "command/run_flags.hpp"

#include <CLI/CLI.hpp>
#include <map>

#include "chaos/protection.hpp"
#include "millrace/duration.hpp"

namespace millrace::command {

namespace {

constexpr std::size_t threads_max = 1024;

std::string set_duration(run_flags& flags, const std::string& text) {
  const auto parsed = parse_duration(text);
  if (!parsed) return parsed.error().message;
  if (parsed->count() == 0) return "a duration must be longer than nothing";
  flags.duration = *parsed;
  return {};
}

std::string set_payload(run_flags& flags, const std::string& text) {
  // All tasks share this process, so "auto" shares too; it differs between nodes.
  static const std::map<std::string, transport::payload_mode> modes{{"auto", transport::payload_mode::shared},
                                                                    {"shared", transport::payload_mode::shared},
                                                                    {"encoded", transport::payload_mode::encoded}};
  const auto mode = modes.find(text);
  if (mode == modes.end()) return "expected auto, encoded or shared, not '" + text + "'";
  flags.payload = mode->second;
  return {};
}

/// A text option whose value is taken over by `set` while it is checked.
template <class Set>
void add_checked(CLI::App& app, const std::string& name, const std::string& value_name, const std::string& help,
                 run_flags& flags, Set set) {
  app.add_option(name, help)->type_name(value_name)->check([&flags, set](const std::string& text) {
    return set(flags, text);
  });
}

}  // namespace

void add_log_format_option(CLI::App& app, std::string& format) {
  app.add_option("--log-format", format, "Lines of the log: text, or json, an object each")
      ->default_val(format)
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
}

void add_monitoring_options(CLI::App& app, std::string& metrics, std::string& alerts) {
  app.add_option("--metrics", metrics,
                 "Show metrics for Prometheus, health and readiness over HTTP there, e.g. 127.0.0.1:9464")
      ->type_name("HOST:PORT");
  app.add_option("--alerts", alerts, "Watch by the rules in this file, and tell whom it names")->type_name("FILE");
}

void add_trace_options(CLI::App& app, trace_flags& flags) {
  app.add_option("--trace", flags.share,
                 "Follow so many events from producer to sink: 1%, 1/500, all or off (see 'millrace trace')")
      ->type_name("SHARE");
  app.add_option("--trace-limit", flags.per_second_max,
                 "At most so many a second of each producer partition; 0: no limit")
      ->default_val(flags.per_second_max)
      ->type_name("N");
  app.add_option("--trace-to", flags.targets,
                 "Also write traces to this file or OTLP collector (http://HOST:4318); repeat it for more")
      ->type_size(1)
      ->allow_extra_args(false)
      ->type_name("TARGET");
}

void add_retain_option(CLI::App& app, std::uint64_t& gib) {
  app.add_option("--retain-disk", gib,
                 "GiB on the disk for what channels keep beyond memory so that a task comes back alone; 0: none")
      ->default_val(gib)
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1024}).description(""))
      ->type_name("GIB");
}

void declare_run_flags(CLI::App& app, run_flags& flags) {
  app.add_option("--data-dir", flags.data_dir,
                 "Where snapshots are kept and resumed from (default: NAME.data beside it)")
      ->type_name("DIR");
  add_checked(app, "--duration", "TIME", "End after this time as Ctrl-C does, e.g. 30s or 5m", flags, set_duration);
  app.add_option("--set", flags.settings,
                 "Set a parameter (actor.parameter=value) or setting (settings.key_groups=512)")
      ->type_name("NAME=VALUE")
      ->type_size(1)
      ->allow_extra_args(false);
  add_checked(app, "--payload", "MODE", "How events travel between actors: auto, encoded or shared", flags,
              set_payload);
  app.add_option("--threads", flags.threads, "Worker threads (default: one a core)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, threads_max).description(""));
  add_retain_option(app, flags.retain_disk_gib);
  app.add_flag("--accept-duplicates", flags.accept_duplicates,
               "Resume from an older snapshot although a sink cannot take back what it wrote since");
  app.add_option("--without", flags.without,
                 "Negative control of an experiment: switch a protection off, and lose or repeat events by it")
      ->type_name("PROTECTION")
      ->type_size(1)
      ->allow_extra_args(false)
      ->check(CLI::IsMember(chaos::protection_names()));
  add_monitoring_options(app, flags.metrics, flags.alerts);
  add_trace_options(app, flags.trace);
  app.add_flag("--json", flags.is_json, "Print one JSON object a second and a last one with the result");
  app.add_flag_callback(
      "--no-table", [&flags] { flags.is_table_wanted = false; }, "Print progress lines instead of the live table");
  app.add_flag("--verbose", flags.is_verbose, "Log what goes on, not only what goes wrong");
  app.add_option("--log", flags.log_file, "Write the log to this file instead of standard error")->type_name("FILE");
  add_log_format_option(app, flags.log_format);
}

}  // namespace millrace::command
