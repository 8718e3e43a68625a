#include "chaos/subject.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "chaos/committed_output.hpp"
#include "millrace/topology.hpp"
#include "millrace/transport/control_endpoint.hpp"

namespace millrace::chaos {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A process that is killed does not answer; the longer that is waited for, the later it is started again.
constexpr milliseconds answer_timeout{1'000};
constexpr milliseconds connect_timeout{200};
constexpr milliseconds renew_every{1'000};
constexpr milliseconds end_timeout{20'000};
constexpr milliseconds print_timeout{10'000};
constexpr std::uint64_t process_restarts_max = 20;
// Of what a run prints, the last: its summary is one line.
constexpr std::streamoff summary_bytes_max = 1 << 20;

milliseconds since(steady_clock::time_point t) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - t);
}

/// Its exit code; nothing: it has not ended in time.
std::optional<int> ended_within(child_process& p, milliseconds limit) {
  const auto asked = steady_clock::now();
  while (!p.exit_code() && since(asked) < limit) std::this_thread::sleep_for(milliseconds{10});
  return p.exit_code();
}

}  // namespace

subject::subject(std::string program, const trial_settings& trial, std::string folder,
                 std::vector<std::string> settings)
    : program_{std::move(program)}, trial_{trial}, folder_{std::move(folder)}, settings_{std::move(settings)} {}

/// A program of somebody's own says what its topology is.
result<topology> subject::find_topology() const {
  if (trial_.program.empty()) return load_topology(trial_.topology);
  child_process::order o{
      {trial_.program, "--print-topology"}, {}, folder_ + "/topology.mill", folder_ + "/topology_errors"};
  auto asked = child_process::start(o);
  if (!asked) return std::move(asked).error();
  const auto code = ended_within(*asked, print_timeout);
  if (code == 0) return parse_topology(read_printed(o.out_file), trial_.program);
  return user_error(errc::failed, trial_.program + " --print-topology does not say what it runs" +
                                      (code ? ": " + read_printed(o.error_file) : " in time") +
                                      "; it is to be a program around millrace::run");
}

result<void> subject::start() {
  const auto t = find_topology();
  if (!t) return t.error();
  name_ = t->name;
  for (const auto& a : t->actors) {
    if (a.type == "millrace.file_sink") sinks_.push_back(a.name);
  }
  auto context = transport::zmq_context::open(0);
  if (!context) return std::move(context).error();
  sockets_ = std::make_unique<transport::zmq_context>(*std::move(context));
  std::error_code problem;
  std::filesystem::create_directories(folder_ + "/run", problem);
  if (problem || ::chmod((folder_ + "/run").c_str(), 0700) != 0) {
    return fatal_error(errc::io_error, folder_ + "/run: cannot be made");
  }
  started_ = steady_clock::now();
  return launch();
}

result<void> subject::launch() {
  child_process::order o;
  o.arguments = {trial_.program};
  if (trial_.program.empty()) o.arguments = {program_, "run", trial_.topology};
  o.arguments.insert(o.arguments.end(), {"--no-table", "--json", "--data-dir", folder_ + "/data"});
  const auto set = [&](const std::string& setting) {
    o.arguments.emplace_back("--set");
    o.arguments.push_back(setting);
  };
  for (const auto& p : trial_.without) o.arguments.insert(o.arguments.end(), {"--without", p});
  for (const auto& s : trial_.settings) set(s);
  for (const auto& s : settings_) set(s);
  for (const auto& s : sinks_) set(s + ".path=" + folder_ + "/out/" + s);
  o.environment = environment();
  o.out_file = folder_ + "/printed";
  o.error_file = folder_ + "/errors";
  auto started = child_process::start(o);
  if (!started) return std::move(started).error();
  process_.emplace(*std::move(started));
  return {};
}

std::map<std::string, std::string> subject::environment() const {
  return {{"XDG_RUNTIME_DIR", folder_ + "/run"}};
}

milliseconds subject::age() const {
  return since(started_);
}

bool subject::connect() {
  if (client_) return true;
  const auto folder = std::filesystem::path{folder_} / "run" / "millrace";
  const auto endpoint = transport::endpoint_of(folder, name_, static_cast<std::uint32_t>(process_->pid()));
  if (!endpoint) return false;
  auto made = transport::control_client::connect(*sockets_, endpoint->address, connect_timeout);
  if (made) client_ = *std::move(made);
  return client_ != nullptr;
}

result<void> subject::look(const std::string& phase) {
  if (has_finished_) return {};
  if (const auto code = process_->exit_code()) return on_end(*code);
  if (!connect()) return {};
  take_status(phase);
  take_faults();
  if (since(renewed_) >= renew_every) renew();
  return {};
}

void subject::expect(const std::string& kind) {
  if (kind != "process-kill" && kind != "process-restart") return;
  ending_ = kind;
  ending_from_ = age();
}

/// With the process its faults are gone. `ending`: the kind that ended it; empty: none did.
void subject::settle_faults(const std::string& ending) {
  bool is_told = ending.empty();
  const auto life = std::to_string(process_restarts_) + ".";
  for (auto& [id, f] : faults_) {
    const bool is_it = !ending.empty() && id.starts_with(life) && f.text.value("kind", "") == ending;
    if (is_it) f.hits = std::max<std::uint64_t>(f.hits, 1);  // it could not tell any more
    is_told = is_told || is_it;
    if (!f.is_active) continue;
    f.is_active = false;
    f.ended = age();
    f.text["state"] = is_it ? "spent" : "gone with the process";
  }
  if (!is_told) {
    const json text{{"kind", ending}, {"target", "process"}, {"state", "spent"}};
    faults_[life + "ended"] = {text, ending_from_, age(), false, 1};
  }
}

result<void> subject::on_end(int exit_code) {
  client_.reset();
  is_running_ = false;
  const auto summary = last_words();
  // A fault that was to end the process need not be what did: it may never have struck.
  const auto wanted = std::exchange(ending_, {});
  const bool was_killed = process_->was_killed() && wanted != "process-restart";
  const bool was_asked = wanted == "process-restart" && exit_code == 0 && summary.value("outcome", "") == "stopped";
  settle_faults(was_killed || was_asked ? wanted : std::string{});
  if (exit_code == 0 && !was_asked) {
    has_finished_ = true;
    take_summary(summary);
    return {};
  }
  if ((!was_killed && !was_asked) || process_restarts_ >= process_restarts_max) {
    has_finished_ = true;
    return fatal_error(errc::failed,
                       "the run ended with exit code " + std::to_string(exit_code) + ": " + printed_errors());
  }
  ++process_restarts_;
  return launch();
}

/// The summary that a run ends with; an empty object: it came to none.
json subject::last_words() const {
  std::ifstream in{folder_ + "/printed", std::ios::binary | std::ios::ate};
  const auto size = static_cast<std::streamoff>(in.tellg());
  in.seekg(std::max<std::streamoff>(0, size - summary_bytes_max));
  std::string line;
  for (std::string next; std::getline(in, next);) line = std::move(next);
  auto summary = json::parse(line, nullptr, false);
  if (!summary.is_object() || summary.value("type", "") != "summary") return json::object();
  return summary;
}

/// What came between the last look and the end.
void subject::take_summary(const json& summary) {
  if (summary.empty()) return;
  late_ = 0;
  for (const auto& a : summary.value("actors", json::array())) late_ += a.value("late", std::uint64_t{0});
}

void subject::take_status(const std::string& phase) {
  const auto status = client_->call("status", json::object(), answer_timeout);
  if (!status) {
    // One that stands still, or that is gone, as the next look shows.
    client_.reset();
    samples_.push_back({age(), phase, 0, 0, 0});
    return;
  }
  is_running_ = status->value("state", "") == "running";
  sample s{age(), phase, 0, status->value("oldest_unfinished_ms", 0.0), 0};
  late_ = 0;
  for (const auto& t : status->value("tasks", json::array())) {
    late_ += t.value("late", std::uint64_t{0});
    const bool is_sink = t.value("kind", "") == "sink";
    const bool is_measured = trial_.throughput.empty() ? is_sink : t.value("actor", "") == trial_.throughput;
    if (is_measured) s.per_s += t.value(t.value("kind", "") == "producer" ? "out_per_s" : "in_per_s", 0.0);
    if (!is_sink) continue;
    s.p99_ms = std::max(s.p99_ms, t.value("latency_p99_us", 0.0) / 1000);
  }
  restarts_ = std::max(restarts_, status->value("restarts", std::uint64_t{0}));
  samples_.push_back(std::move(s));
}

void subject::take_faults() {
  if (!client_) return;
  const auto listed = client_->call("chaos_list", json::object(), answer_timeout);
  if (!listed) return;
  for (const auto& f : *listed) {
    const auto id = std::to_string(process_restarts_) + "." + std::to_string(f.value("id", std::uint64_t{0}));
    const auto [known, is_new] = faults_.try_emplace(id);
    auto& seen = known->second;
    if (is_new) seen.begun = age() - milliseconds{static_cast<std::int64_t>(f.value("age_ms", 0.0))};
    const bool is_active = f.value("state", "") == "active";
    if (seen.is_active && !is_active) seen.ended = age();
    seen.is_active = is_active;
    seen.hits = f.value("hits", std::uint64_t{0});
    seen.text = f;
  }
}

void subject::renew() {
  renewed_ = steady_clock::now();
  const auto life = std::to_string(process_restarts_) + ".";
  for (const auto& [id, f] : faults_) {
    if (!client_ || !f.is_active || !id.starts_with(life)) continue;
    // It may have ended meanwhile, which the next look shows.
    (void)client_->call("chaos_renew", {{"id", f.text.at("id")}}, answer_timeout);
  }
}

bool subject::has_active_faults() const {
  return std::ranges::any_of(faults_, [](const auto& f) { return f.second.is_active; });
}

void subject::stop() {
  client_.reset();
  if (!process_ || process_->exit_code()) return;
  process_->send_signal(SIGTERM);
  (void)ended_within(*process_, end_timeout);
  process_.reset();
}

result<std::vector<output_record>> subject::output() const {
  if (sinks_.empty()) {
    return user_error(errc::invalid_topology, trial_.topology +
                                                  ": there is no millrace.file_sink whose output could be "
                                                  "compared; add one, or set 'oracle' to false");
  }
  std::vector<output_record> all;
  for (const auto& s : sinks_) {
    auto one = read_committed(folder_ + "/out/" + s, trial_.key);
    if (!one) return std::move(one).error();
    for (auto& r : *one) r.key = s + " " + r.key;
    std::ranges::move(*one, std::back_inserter(all));
  }
  return all;
}

result<std::uint64_t> subject::dead_letters() const {
  child_process::order o{{program_, "deadletter", "list", folder_ + "/data", "--json", "--limit", "1"},
                         {},
                         folder_ + "/letters",
                         folder_ + "/letter_errors"};
  auto listing = child_process::start(o);
  if (!listing) return listing.error();
  (void)ended_within(*listing, end_timeout);
  const auto listed = json::parse(read_printed(o.out_file), nullptr, false);
  if (!listed.is_object())
    return fatal_error(errc::failed, "dead letters cannot be listed: " + read_printed(o.error_file));
  if (listed.contains("count")) return listed["count"].get<std::uint64_t>();
  return listed.value("letters", json::array()).size();
}

std::string subject::printed_errors() const {
  constexpr std::size_t shown = 600;
  auto text = read_printed(folder_ + "/errors");
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text.size() > shown ? "…" + text.substr(text.size() - shown) : text;
}

}  // namespace millrace::chaos
