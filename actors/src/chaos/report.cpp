#include "chaos/report.hpp"

#include <cstdio>

namespace millrace::chaos {

namespace {

using nlohmann::json;

std::string rounded(double v) {
  char text[32];
  std::snprintf(text, sizeof text, v < 10 ? "%.1f" : "%.0f", v);
  return text;
}

json output_json(const output_difference& d) {
  return {{"expected", d.expected},     {"found", d.found},      {"lost", d.lost},
          {"duplicated", d.duplicated}, {"changed", d.changed},  {"unexpected", d.unexpected},
          {"reordered", d.reordered},   {"examples", d.examples}};
}

std::string output_text(const findings& f) {
  const auto& d = f.output;
  std::string out =
      "  output      " + std::to_string(d.found) + " records, " + std::to_string(d.expected) + " without faults";
  if (d.is_equal()) return out + ": equal\n";
  out += ": lost " + std::to_string(d.lost) + ", duplicated " + std::to_string(d.duplicated) + ", changed " +
         std::to_string(d.changed) + ", unexpected " + std::to_string(d.unexpected) + ", reordered " +
         std::to_string(d.reordered) + "\n";
  for (const auto& e : d.examples) out += "                " + e + "\n";
  return out;
}

}  // namespace

std::string report_text(const experiment& what, const outcome& o) {
  const auto& f = o.found;
  std::string out = std::string{to_string(o.judged.what)} + "  " + what.title + "\n";
  for (const auto& r : o.judged.reasons) out += "  " + r + "\n";
  for (const auto& s : o.faults) {
    out += "  fault       " + s.text.value("kind", "") + " at " + s.text.value("target", "") + ", hits " +
           std::to_string(s.hits) + ", " + s.text.value("state", "") + "\n";
  }
  if (f.has_oracle && f.abort_reason.empty()) {
    out += output_text(f);
    out += "  dead        " + std::to_string(f.dead_letters) + " dead letters, " +
           std::to_string(f.dead_letters_expected) + " without faults\n";
  }
  if (f.baseline_per_s > 0) {
    out += "  throughput  " + rounded(f.baseline_per_s) + " events/s before; back to 95 %, with lag and p99, " +
           (f.recovery      ? rounded(static_cast<double>(f.recovery->count())) + " ms after the last fault"
            : f.ended_early ? std::string{"not seen, the input ended first"}
                            : std::string{"never"}) +
           "\n  lag         " + rounded(f.lag_before_ms) + " ms before, " + rounded(f.lag_during_ms) + " ms during, " +
           rounded(f.lag_after_ms) + " ms after\n  p99         " + rounded(f.p99_before_ms) + " ms before, " +
           rounded(f.p99_during_ms) + " ms during, " + rounded(f.p99_after_ms) + " ms after\n";
  }
  return out;
}

json report_json(const experiment& what, const outcome& o) {
  const auto& f = o.found;
  auto faults = json::array();
  for (const auto& s : o.faults) {
    auto one = s.text;
    one["hits"] = s.hits;
    one["begun_ms"] = s.begun.count();
    one["ended_ms"] = s.ended.count();
    faults.push_back(std::move(one));
  }
  auto phases = json::array();
  for (const auto& [name, at] : o.phases) phases.push_back({{"name", name}, {"at_ms", at.count()}});
  auto samples = json::array();
  for (const auto& s : o.samples) {
    samples.push_back(
        {{"at_ms", s.at.count()}, {"phase", s.phase}, {"per_s", s.per_s}, {"lag_ms", s.lag_ms}, {"p99_ms", s.p99_ms}});
  }
  return {{"title", what.title},
          {"verdict", to_string(o.judged.what)},
          {"reasons", o.judged.reasons},
          {"steady_before", f.was_steady_before},
          {"steady_after", f.is_steady_after},
          {"has_oracle", f.has_oracle},
          {"output", output_json(f.output)},
          {"dead_letters", f.dead_letters},
          {"dead_letters_expected", f.dead_letters_expected},
          {"late", f.late},
          {"late_expected", f.late_expected},
          {"baseline_per_s", f.baseline_per_s},
          {"recovery_ms", f.recovery ? json(f.recovery->count()) : json{}},
          {"lag_before_ms", f.lag_before_ms},
          {"lag_during_ms", f.lag_during_ms},
          {"lag_after_ms", f.lag_after_ms},
          {"p99_before_ms", f.p99_before_ms},
          {"p99_during_ms", f.p99_during_ms},
          {"p99_after_ms", f.p99_after_ms},
          {"faults", std::move(faults)},
          {"phases", std::move(phases)},
          {"samples", std::move(samples)}};
}

}  // namespace millrace::chaos
