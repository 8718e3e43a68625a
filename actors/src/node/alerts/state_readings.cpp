#include "node/alerts/state_readings.hpp"

#include <algorithm>
#include <cmath>

namespace millrace::node {

namespace {

using nlohmann::json;
using over = state_measure::over;

// Then what was read is told, and the others come with the next look.
constexpr std::chrono::seconds look_time_max{1};
// Of one measure: each of its partitions may take 0.3 s to answer.
constexpr std::chrono::seconds measure_time_max{10};
constexpr std::chrono::seconds again_after{10};
constexpr unsigned rows_at_once = 500;

const char* to_string(over o) {
  switch (o) {
    case over::max:
      return "max";
    case over::min:
      return "min";
    case over::sum:
      return "sum";
    case over::count:
      return "count";
  }
  return "?";
}

/// Numbers of the keys seen so far, taken together.
struct fold {
  over how;
  std::size_t keys = 0;
  double value = 0;

  void add(double v) {
    const bool is_first = keys++ == 0;
    if (how == over::count) {
      value = static_cast<double>(keys);
    } else if (is_first) {
      value = v;
    } else {
      value = how == over::sum ? value + v : how == over::max ? std::max(value, v) : std::min(value, v);
    }
  }
  /// No keys at all are a number, too, where it is about how many there are, or their sum.
  [[nodiscard]] std::optional<double> result() const {
    if (keys != 0 || how == over::count || how == over::sum) return value;
    return std::nullopt;
  }
};

result<std::optional<double>> number_in(const json& states, const state_measure& m) {
  const auto found = states.find(m.state);
  if (found == states.end()) return std::optional<double>{};  // that key has none
  const auto* v = &*found;
  if (!m.field.empty()) {
    if (!v->is_object() || !v->contains(m.field)) {
      return user_error(errc::not_found, "state '" + m.state + "' has no field '" + m.field + "'");
    }
    v = &(*v)[m.field];
  }
  if (v->is_number()) return std::optional{v->get<double>()};
  if (v->is_boolean()) return std::optional{v->get<bool>() ? 1.0 : 0.0};
  if (v->is_null()) return std::optional<double>{};
  if (m.of == over::count) return std::optional{0.0};
  return user_error(errc::invalid_argument, "state '" + m.state + "'" +
                                                (m.field.empty() ? " is no number; name a 'field' of it"
                                                                 : ", field '" + m.field + "', is no number"));
}

result<void> add_rows(const json& answer, const state_measure& m, fold& all) {
  for (const auto& row : answer.at("rows")) {
    const auto number = number_in(row.at("states"), m);
    if (!number) return number.error();
    if (*number && !std::isnan(**number)) all.add(**number);
  }
  return {};
}

result<std::optional<double>> read_all(const state_measure& m, const std::string& topology,
                                       const state_readings::asker& ask) {
  json args{{"actor", m.actor}, {"state", m.state}};
  fold all{m.key.empty() ? m.of : over::max};
  args["what"] = m.key.empty() ? "scan" : "get";
  if (m.key.empty()) {
    args["limit"] = rows_at_once;
  } else {
    args["key"] = m.key;
  }
  std::size_t rows = 0;
  for (const auto begun = std::chrono::steady_clock::now();;) {
    const auto answer = ask(topology, args);
    if (!answer) return answer.error();
    rows += answer->at("rows").size();
    if (rows > state_measure::keys_max) {
      return user_error(errc::limit_exceeded,
                        "it has more than " + std::to_string(state_measure::keys_max) + " keys; name one with 'key'");
    }
    if (auto added = add_rows(*answer, m, all); !added) return std::move(added).error();
    const auto next = answer->value("next", json{});
    if (!m.key.empty() || !next.is_object()) return all.result();
    if (std::chrono::steady_clock::now() - begun >= measure_time_max) {
      return retryable_error(errc::timeout, "its partitions took longer than 10 s to answer; name a key with 'key'");
    }
    args["partition"] = next.at("partition");
    args["cursor"] = next.at("cursor");
  }
}

}  // namespace

std::string state_measure::name() const {
  const auto path = actor + "." + state + (field.empty() ? "" : "." + field);
  return key.empty() ? std::string{to_string(of)} + " " + path : path + " of " + key;
}

result<std::optional<double>> read_measure(const state_measure& m, const std::string& topology,
                                           const state_readings::asker& ask) {
  try {
    return read_all(m, topology, ask);
  } catch (const json::exception& e) {
    return fatal_error(errc::failed, std::string{"its state cannot be read: "} + e.what());
  }
}

void state_readings::look(const std::vector<std::string>& running, const asker& ask, time_point now,
                          std::vector<engine::alert_reading>& out) {
  std::vector<subject> due;
  for (std::size_t i = 0; i < measures_.size(); ++i) {
    for (const auto& topology : running) {
      if (measures_[i].topology.empty() || measures_[i].topology == topology) due.emplace_back(i, topology);
    }
  }
  std::erase_if(troubles_, [&](const auto& t) { return std::ranges::find(due, t.first) == due.end(); });
  // Whoever was not reached the last time comes first.
  std::ranges::sort(due);
  if (last_) std::rotate(due.begin(), std::ranges::upper_bound(due, *last_), due.end());
  const auto begun = std::chrono::steady_clock::now();
  for (const auto& s : due) {
    const auto held = troubles_.find(s);
    if (held != troubles_.end() && now < held->second.until) continue;
    if (std::chrono::steady_clock::now() - begun >= look_time_max) break;
    last_ = s;
    const auto& m = measures_[s.first];
    const auto value = read_measure(m, s.second, ask);
    if (!value && value.error().code == errc::cancelled) return;
    if (!value) {
      complain(s, value.error(), now);
      continue;
    }
    troubles_.erase(s);
    if (*value) out.push_back({s.second, m.actor, m.name(), **value});
  }
}

/// Once, until it is for another reason. A topology that has no such actor may be meant by nobody.
void state_readings::complain(const subject& about, const error& why, time_point now) {
  const auto& m = measures_[about.first];
  auto& known = troubles_[about];
  known.until = now + again_after;
  if (known.why == why.message) return;
  known.why = why.message;
  if (m.topology.empty() && why.code == errc::not_found) return;
  log_(log_level::warning, "alerts: " + about.second + ": " + m.name() + ": " + why.message);
}

}  // namespace millrace::node
