#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command/chaos_experiments.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "millrace/chaos/catalogue.hpp"
#include "millrace/chaos/fault_request.hpp"
#include "millrace/duration.hpp"

namespace millrace::command {

namespace {

struct fault_flags {
  running_choice which;
  std::string kind;
  std::string target;
  std::string node;
  std::vector<std::string> parameters;
  std::string duration;
  std::string lease;
  std::optional<std::uint64_t> seed;
  std::optional<double> probability;
  std::optional<std::uint64_t> after_events;
  std::optional<std::uint64_t> hits_max;
  std::optional<double> blast_percent;
  std::uint64_t id = 0;
  bool is_all = false;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

result<void> put_parameters(const fault_flags& f, nlohmann::json& args) {
  args["parameters"] = nlohmann::json::object();
  for (const auto& text : f.parameters) {
    const auto equals = text.find('=');
    double value = 0;
    const auto* const end = text.data() + text.size();
    const bool is_pair = equals != std::string::npos && equals != 0;
    if (!is_pair || std::from_chars(text.data() + equals + 1, end, value).ptr != end || equals + 1 == text.size()) {
      return user_error(errc::invalid_argument, "--with " + text + ": write NAME=NUMBER, such as delay_ms=200");
    }
    args["parameters"][text.substr(0, equals)] = value;
  }
  return {};
}

result<void> put_time(const std::string& flag, const std::string& text, const char* name, nlohmann::json& args) {
  if (text.empty()) return {};
  const auto d = parse_duration(text);
  if (!d) return user_error(errc::invalid_argument, flag + ": " + d.error().message);
  args[name] = d->count();
  return {};
}

template <class T>
void put(const std::optional<T>& value, const char* name, nlohmann::json& args) {
  if (value) args[name] = *value;
}

result<nlohmann::json> arguments_of(const fault_flags& f) {
  nlohmann::json args{{"kind", f.kind}, {"target", f.target}};
  if (!f.node.empty()) args["node"] = f.node;
  if (auto ok = put_parameters(f, args); !ok) return std::move(ok).error();
  if (auto ok = put_time("--for", f.duration, "for_ms", args); !ok) return std::move(ok).error();
  // Nobody renews what is injected by hand: the lease is how long it lasts.
  if (f.lease.empty() && args.contains("for_ms")) {
    const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(chaos::lease_max).count();
    args["lease_ms"] = std::min<std::int64_t>(args["for_ms"].get<std::int64_t>() + 1000, most);
  }
  if (auto ok = put_time("--lease", f.lease, "lease_ms", args); !ok) return std::move(ok).error();
  put(f.seed, "seed", args);
  put(f.probability, "probability", args);
  put(f.after_events, "after_events", args);
  put(f.hits_max, "hits_max", args);
  if (f.blast_percent) args["share_max"] = *f.blast_percent / 100;
  return args;
}

int inject(const fault_flags& f) {
  // A slip is told apart before anybody is asked.
  if (const auto kind = chaos::fault_kind_of(f.kind); !kind) return fail_with(kind.error());
  const auto args = arguments_of(f);
  if (!args) return fail_with(args.error());
  const auto chosen = choose_running(f.which);
  if (!chosen) return fail_with(chosen.error());
  const auto answer = ask(*chosen, "chaos_inject", *args);
  if (!answer) return fail_with(answer.error());
  const auto id = answer->value("id", std::uint64_t{0});
  print(f.is_json ? answer->dump() + "\n"
                  : "fault " + std::to_string(id) + " is at work; 'millrace chaos list " + chosen->topology +
                        "' shows what it meets\n");
  return exit_ok;
}

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > shown ? out + " and " + std::to_string(names.size() - shown) + " more" : out;
}

std::string fault_text(const nlohmann::json& f) {
  const auto left_s = f.value("left_ms", 0.0) / 1000;
  auto text = "  " + std::to_string(f.value("id", std::uint64_t{0})) + "  " + f.value("kind", "") + "  " +
              f.value("state", "") + "  hits " + std::to_string(f.value("hits", std::uint64_t{0})) + "  at " +
              joined(f.value("places", std::vector<std::string>{}));
  if (left_s > 0) text += "  ends in " + std::to_string(static_cast<std::int64_t>(left_s + 0.5)) + " s";
  return text + "\n";
}

int list_faults(const fault_flags& f) {
  const auto chosen = choose_running(f.which);
  if (!chosen) return fail_with(chosen.error());
  const auto answer = ask(*chosen, "chaos_list");
  if (!answer) return fail_with(answer.error());
  if (f.is_json) {
    print(answer->dump(2) + "\n");
    return exit_ok;
  }
  if (answer->empty()) print(name_of(*chosen) + ": no faults were injected\n");
  for (const auto& fault : *answer) print(fault_text(fault));
  return exit_ok;
}

/// Whatever was injected anywhere: each topology is told, whether or not others can be.
int clear_everything(const fault_flags& f) {
  const auto all = all_running(f.which.key_file);
  if (!all) return fail_with(all.error());
  auto told = nlohmann::json::array();
  int code = exit_ok;
  for (const auto& t : *all) {
    const auto answer = ask(t, "chaos_clear", {{"id", 0}});
    if (!answer) {
      code = exit_failed;
      print_error(name_of(t) + ": " + answer.error().message);
      continue;
    }
    const auto n = answer->value("cleared", std::size_t{0});
    told.push_back({{"topology", t.topology}, {"cleared", n}});
    if (!f.is_json) print(name_of(t) + ": " + std::to_string(n) + " cleared\n");
  }
  if (f.is_json) print(told.dump() + "\n");
  if (!f.is_json && all->empty()) print("no topology is running\n");
  return code;
}

int clear_faults(const fault_flags& f) {
  if (f.is_all) return clear_everything(f);
  if (f.which.name.empty()) {
    return fail_with(user_error(errc::invalid_argument, "name the topology, or say --all for those of all topologies"));
  }
  const auto chosen = choose_running(f.which);
  if (!chosen) return fail_with(chosen.error());
  const auto answer = ask(*chosen, "chaos_clear", {{"id", f.id}});
  if (!answer) return fail_with(answer.error());
  const auto n = answer->value("cleared", std::size_t{0});
  print(f.is_json ? answer->dump() + "\n" : name_of(*chosen) + ": " + std::to_string(n) + " cleared\n");
  return exit_ok;
}

std::string number_text(double v) {
  std::string text = std::to_string(v);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

int list_kinds(const fault_flags& f) {
  auto all = nlohmann::json::array();
  std::string text;
  for (const auto& e : chaos::catalogue()) {
    auto parameters = nlohmann::json::array();
    text += std::string{e.name} + " (" + to_string(e.place) + "): " + e.what + ". Then: " + e.noticed + ".\n";
    for (const auto& p : e.parameters) {
      parameters.push_back(
          {{"name", p.name}, {"usual", p.usual}, {"least", p.least}, {"most", p.most}, {"what", p.what}});
      text += "    " + std::string{p.name} + " = " + number_text(p.usual) + "  (" + number_text(p.least) + " to " +
              number_text(p.most) + ")  " + p.what + "\n";
    }
    all.push_back({{"kind", e.name},
                   {"place", to_string(e.place)},
                   {"what", e.what},
                   {"noticed", e.noticed},
                   {"usual_hits", e.usual_hits},
                   {"parameters", std::move(parameters)}});
  }
  print(f.is_json ? all.dump(2) + "\n" : text);
  return exit_ok;
}

CLI::App* declare(CLI::App* app, const std::shared_ptr<fault_flags>& flags, action& chosen,
                  int (*work)(const fault_flags&)) {
  app->add_flag("--json", flags->is_json, "Print JSON");
  app->callback([=, &chosen] { chosen = [=] { return work(*flags); }; });
  return app;
}

CLI::App* declare_for_run(CLI::App* app, const std::shared_ptr<fault_flags>& flags, action& chosen,
                          int (*work)(const fault_flags&)) {
  app->add_option("RUN", flags->which.name, "Name of the topology")->required()->type_name("");
  add_running_options(*app, flags->which);
  return declare(app, flags, chosen, work);
}

void declare_inject(CLI::App& app, fault_flags& f) {
  app.add_option("KIND", f.kind, "What to do to it ('millrace chaos kinds')")->required()->type_name("");
  app.add_option("--target", f.target, "ledger/1, ledger, '*', numbers->ledger, snapshot …; behind it @2 or @25%: some")
      ->type_name("TARGET");
  app.add_option("--node", f.node,
                 "Only what runs on this node; its disk, clock or process (default: all; those of the node that leads)")
      ->type_name("NAME");
  app.add_option("--with", f.parameters, "A parameter of the kind: delay_ms=200; repeat it for more")
      ->type_name("NAME=NUMBER")
      ->type_size(1)
      ->allow_extra_args(false);
  app.add_option("--for", f.duration, "How long (default: until the lease runs out)")->type_name("TIME");
  app.add_option("--lease", f.lease, "It heals by itself when nobody renews it for so long (default: 30s)")
      ->type_name("TIME");
  app.add_option("--seed", f.seed, "Of what is chosen and when it strikes (default: 1)")->type_name("N");
  app.add_option("--probability", f.probability, "That it strikes a batch, above 0 to 1 (default: 1)")->type_name("P");
  app.add_option("--after-events", f.after_events, "Spare so many events at each place first")->type_name("N");
  app.add_option("--hits", f.hits_max, "Strike so often (0: no limit; default: what is usual for the kind)")
      ->type_name("N");
  app.add_option("--blast", f.blast_percent, "Refuse when it means more than this share of the tasks or channels")
      ->type_name("PERCENT");
}

}  // namespace

void declare_chaos(CLI::App& app, action& chosen) {
  const auto flags = std::make_shared<fault_flags>();
  app.require_subcommand(1);
  declare_inject(*declare_for_run(app.add_subcommand("inject", "Injects a fault"), flags, chosen, inject), *flags);
  declare_for_run(app.add_subcommand("list", "The faults of a run, and how often they struck"), flags, chosen,
                  list_faults);
  auto* clearing =
      declare_for_run(app.add_subcommand("clear", "Takes faults away: one, or all"), flags, chosen, clear_faults);
  clearing->get_option("RUN")->required(false);
  clearing->add_option("ID", flags->id, "Which one (default: all)")->type_name("");
  clearing->add_flag("--all", flags->is_all, "All faults of all topologies of this user, or of the key's node");
  declare_experiments(app, chosen);
  declare(app.add_subcommand("kinds", "What can be injected"), flags, chosen, list_kinds);
}

}  // namespace millrace::command
