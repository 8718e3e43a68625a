#include "node/alerts/alert_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "library/net/http_client.hpp"
#include "millrace/duration.hpp"
#include "millrace/text/time_text.hpp"
#include "node/alerts/alert_readings.hpp"

namespace millrace::node {

namespace {

using engine::alert_severity;
using nlohmann::json;

constexpr std::size_t file_bytes_max = std::size_t{1} << 20;
constexpr std::chrono::seconds group_wait_default{10};

/// Reads one object of the file and keeps what was wrong with it first.
class entry {
public:
  entry(const json& object, std::string where, std::initializer_list<const char*> known, std::string& wrong)
      : object_{object}, where_{std::move(where)}, wrong_{wrong} {
    if (!object_.is_object()) {
      fail("", "is no object");
      return;
    }
    for (const auto& [name, value] : object_.items()) {
      if (std::ranges::find(known, name) != known.end()) continue;
      std::string list;
      for (const auto* k : known) list += (list.empty() ? "" : ", ") + std::string{k};
      fail("/" + name, "is not known here; there are " + list);
    }
  }

  void fail(const std::string& place, const std::string& what) {
    if (wrong_.empty()) wrong_ = where_ + place + ": " + what;
  }
  [[nodiscard]] bool has(const char* name) const { return object_.is_object() && object_.contains(name); }
  [[nodiscard]] std::string text(const char* name, bool is_needed = false) {
    if (!has(name)) {
      if (is_needed) fail("", std::string{"'"} + name + "' is missing");
      return {};
    }
    if (!object_[name].is_string()) {
      fail(std::string{"/"} + name, "is no text");
      return {};
    }
    return object_[name].get<std::string>();
  }
  [[nodiscard]] double number(const char* name, double left_out) {
    if (!has(name)) return left_out;
    if (object_[name].is_number()) return object_[name].get<double>();
    fail(std::string{"/"} + name, "is no number");
    return left_out;
  }
  [[nodiscard]] std::chrono::nanoseconds duration(const char* name, std::chrono::nanoseconds left_out) {
    if (!has(name)) return left_out;
    const auto parsed = parse_duration(text(name));
    if (!parsed) fail(std::string{"/"} + name, parsed.error().message);
    return parsed ? std::chrono::nanoseconds{*parsed} : left_out;
  }
  [[nodiscard]] alert_severity severity(const char* name, alert_severity left_out) {
    const auto word = text(name);
    for (const auto s : {alert_severity::info, alert_severity::warning, alert_severity::critical}) {
      if (word == to_string(s)) return s;
    }
    if (has(name)) fail(std::string{"/"} + name, "is none of info, warning and critical");
    return left_out;
  }
  [[nodiscard]] processing_time time(const char* name) {
    const auto parsed = parse_event_time(text(name, true));
    if (!parsed) fail(std::string{"/"} + name, "is no time as 2026-11-21T02:00:00Z");
    return {parsed ? parsed->ns : 0};
  }

private:
  const json& object_;
  std::string where_;
  std::string& wrong_;
};

/// A value that an actor keeps; the rule's measure is called after it.
state_measure read_state(entry& e, const engine::alert_rule& r) {
  state_measure m{.topology = r.topology, .actor = r.actor, .state = e.text("state", true), .field = e.text("field")};
  m.key = e.text("key");
  if (m.actor.empty()) e.fail("", "'actor' is missing: whose state it is");
  const auto over = e.text("of");
  if (!over.empty() && !m.key.empty()) e.fail("/of", "goes without 'key', which there is one of");
  constexpr std::pair<const char*, state_measure::over> names[] = {{"max", state_measure::over::max},
                                                                   {"min", state_measure::over::min},
                                                                   {"sum", state_measure::over::sum},
                                                                   {"count", state_measure::over::count}};
  const auto* const found = std::ranges::find(names, over, [](const auto& n) { return std::string{n.first}; });
  if (found != std::end(names)) {
    m.of = found->second;
  } else if (!over.empty()) {
    e.fail("/of", "is none of max, min, sum and count");
  }
  return m;
}

/// One limit, above or below which is bad, and where it is good again.
void read_limit(entry& e, engine::alert_rule& r) {
  using beyond = engine::alert_rule::beyond;
  if (!e.has("above") && !e.has("below")) e.fail("", "'above' or 'below' is missing");
  if (e.has("above") && e.has("below")) e.fail("/below", "goes without 'above': make two rules of it");
  r.side = e.has("below") ? beyond::below : beyond::above;
  r.limit = e.number(r.side == beyond::below ? "below" : "above", 0);
  r.clears_at = e.number("clears_at", r.limit);
  if (r.side == beyond::above && r.clears_at > r.limit) {
    e.fail("/clears_at", "is larger than 'above': it would be over while it fires");
  }
  if (r.side == beyond::below && r.clears_at < r.limit) {
    e.fail("/clears_at", "is less than 'below': it would be over while it fires");
  }
}

engine::alert_rule read_rule(entry e, std::vector<state_measure>& states) {
  engine::alert_rule r;
  r.name = e.text("name", true);
  r.measure = e.text("measure", true);
  r.topology = e.text("topology");
  r.actor = e.text("actor");
  read_limit(e, r);
  r.holds_for = e.duration("for", {});
  r.clears_for = e.duration("clears_for", r.holds_for);
  r.severity = e.severity("severity", alert_severity::warning);
  if (r.measure == "state") {
    states.push_back(read_state(e, r));
    r.measure = states.back().name();
    return r;
  }
  for (const auto* word : {"state", "field", "key", "of"}) {
    if (e.has(word)) e.fail(std::string{"/"} + word, "goes with the measure 'state'");
  }
  const bool is_flag = r.measure == "failed" || r.measure == "not_running";
  if (is_flag && e.has("below")) e.fail("/below", "goes without '" + r.measure + "', which is 0 while all is well");
  if (!is_alert_measure(r.measure)) e.fail("/measure", "is none of " + alert_measures_text() + ", state");
  return r;
}

/// "22:00" as minutes of the day.
std::optional<int> minute_of(const std::string& text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const auto i : {0U, 1U, 3U, 4U}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const auto hour = (text[0] - '0') * 10 + (text[1] - '0');
  const auto minute = (text[3] - '0') * 10 + (text[4] - '0');
  return hour < 24 && minute < 60 ? std::optional{hour * 60 + minute} : std::nullopt;
}

std::optional<std::uint8_t> days_of(const std::string& text) {
  if (text.empty()) return engine::maintenance_window::every_day;
  constexpr const char* names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  unsigned days = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    const auto* const day = std::ranges::find(names, text.substr(at, end - at));
    if (day == std::end(names)) return std::nullopt;
    days |= 1U << static_cast<unsigned>(day - std::begin(names));
    at = end + 1;
  }
  return static_cast<std::uint8_t>(days);
}

engine::maintenance_window read_window(entry e) {
  engine::maintenance_window w;
  w.topology = e.text("topology");
  if (!e.has("daily")) {
    w.from = e.time("from");
    w.until = e.time("until");
    if (!(w.from < w.until)) e.fail("/until", "does not lie after 'from'");
    if (e.has("days")) e.fail("/days", "goes with 'daily'");
    return w;
  }
  if (e.has("from") || e.has("until")) e.fail("/daily", "goes without 'from' and 'until'");
  const auto span = e.text("daily");
  const auto from = minute_of(span.substr(0, 5));
  const auto until = span.size() == 11 && span[5] == '-' ? minute_of(span.substr(6)) : std::nullopt;
  const auto days = days_of(e.text("days"));
  if (!from || !until) e.fail("/daily", "is no span of a day as 22:00-02:00 (UTC)");
  if (!days) e.fail("/days", "is no list as sat,sun");
  w.from_minute = from.value_or(0);
  w.until_minute = until.value_or(0);
  w.days = days.value_or(0);
  return w;
}

alert_channel read_channel(entry e) {
  alert_channel c;
  const auto to = e.text("to", true);
  c.least = e.severity("severity", alert_severity::info);
  if (to == "log") return c;
  if (to == "file") {
    c.to = alert_channel::kind::file;
    c.target = e.text("path", true);
  } else if (to == "webhook") {
    c.to = alert_channel::kind::webhook;
    c.target = e.text("url", true);
    if (auto ok = library::check_url(c.target, "url"); !ok) e.fail("/url", ok.error().message);
  } else {
    e.fail("/to", "is none of log, file and webhook");
  }
  return c;
}

template <class T>
void read_list(const json& file, const char* name, std::vector<T>& out, std::string& wrong,
               const std::function<T(const json&, std::string)>& read) {
  const auto at = file.find(name);
  if (at == file.end()) return;
  const auto where = std::string{"/"} + name;
  if (!at->is_array() || at->size() > alert_entries_max) {
    if (wrong.empty()) wrong = where + ": is no list of at most " + std::to_string(alert_entries_max);
    return;
  }
  for (std::size_t i = 0; i < at->size(); ++i) out.push_back(read((*at)[i], where + "/" + std::to_string(i)));
}

}  // namespace

result<alert_settings> parse_alerts(const std::string& text, const std::string& file) {
  const auto parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return user_error(errc::parse_error, file + ": this is no JSON");
  std::string wrong;
  entry top{parsed, "", {"millrace_alerts", "group_wait", "rules", "maintenance", "notify"}, wrong};
  if (top.number("millrace_alerts", 0) != 1) top.fail("/millrace_alerts", "has to be 1, the version of this format");
  alert_settings out;
  out.group_wait = top.duration("group_wait", group_wait_default);
  if (parsed.is_object()) {
    read_list<engine::alert_rule>(parsed, "rules", out.rules, wrong, [&](const json& j, std::string where) {
      return read_rule({j,
                        std::move(where),
                        {"name", "measure", "topology", "actor", "state", "field", "key", "of", "above", "below",
                         "clears_at", "for", "clears_for", "severity"},
                        wrong},
                       out.states);
    });
    read_list<engine::maintenance_window>(
        parsed, "maintenance", out.maintenance, wrong, [&](const json& j, std::string where) {
          return read_window({j, std::move(where), {"topology", "from", "until", "daily", "days"}, wrong});
        });
    read_list<alert_channel>(parsed, "notify", out.channels, wrong, [&](const json& j, std::string where) {
      return read_channel({j, std::move(where), {"to", "path", "url", "severity"}, wrong});
    });
  }
  std::set<std::string> names;
  for (const auto& r : out.rules) {
    if (!names.insert(r.name).second && wrong.empty()) wrong = "/rules: two have the name '" + r.name + "'";
  }
  if (!wrong.empty()) return user_error(errc::invalid_argument, file + ": " + wrong);
  if (out.channels.empty()) out.channels.emplace_back();
  return out;
}

result<alert_settings> load_alerts(const std::string& file) {
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(file, failed);
  if (failed) return user_error(errc::not_found, file + ": " + failed.message());
  if (bytes > file_bytes_max) return user_error(errc::limit_exceeded, file + ": is larger than 1 MiB");
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) return user_error(errc::io_error, file + ": cannot be read");
  return parse_alerts(text, file);
}

}  // namespace millrace::node
