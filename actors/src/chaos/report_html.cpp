#include <cstdio>
#include <string>
#include <vector>

#include "chaos/report.hpp"
#include "chaos/report_chart.hpp"

namespace millrace::chaos {

namespace {

/// 40,000: what is to be compared digit by digit.
std::string count(std::uint64_t n) {
  auto text = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

std::string ms(double v) {
  char text[32];
  std::snprintf(text, sizeof text, v < 10 ? "%.1f" : "%.0f", v);
  return text;
}

std::string row(const std::string& name, const std::string& value, bool is_bad = false) {
  return "<tr><th>" + escaped(name) + "</th><td" + (is_bad ? " class=\"bad\"" : "") + ">" + escaped(value) +
         "</td></tr>\n";
}

std::string beside(std::uint64_t found, std::uint64_t expected) {
  return count(found) + (found == expected ? ", as without faults" : "; " + count(expected) + " without faults");
}

std::string output_rows(const findings& f) {
  const auto& d = f.output;
  auto out = row("Committed records", count(d.found) + " of " + count(d.expected), d.found != d.expected);
  out += row("Lost, duplicated, changed", count(d.lost) + ", " + count(d.duplicated) + ", " + count(d.changed),
             d.lost + d.duplicated + d.changed != 0);
  out +=
      row("Unexpected, out of order", count(d.unexpected) + ", " + count(d.reordered), d.unexpected + d.reordered != 0);
  out += row(
      "Dead letters",
      beside(f.dead_letters, f.dead_letters_expected) + (f.poison == 0 ? "" : ", " + count(f.poison) + " of poison"),
      f.dead_letters != f.dead_letters_expected + f.poison);
  return out + row("Late events", beside(f.late, f.late_expected));
}

std::string figures(const findings& f) {
  std::string out = "<table>\n";
  if (f.has_oracle && f.abort_reason.empty() && f.failure.empty()) out += output_rows(f);
  if (f.baseline_per_s > 0) {
    out += row("Throughput before", short_number(f.baseline_per_s) + " events/s");
    out += row("Back to 95 % of it, with lag and p99",
               f.recovery      ? count(static_cast<std::uint64_t>(f.recovery->count())) + " ms after the last fault"
               : f.ended_early ? "not seen: the input ended first"
                               : "not within " + count(static_cast<std::uint64_t>(f.recovery_limit.count())) + " ms");
    out += row("Lag before, during, after",
               ms(f.lag_before_ms) + ", " + ms(f.lag_during_ms) + ", " + ms(f.lag_after_ms) + " ms");
    out += row("p99 latency before, during, after",
               ms(f.p99_before_ms) + ", " + ms(f.p99_during_ms) + ", " + ms(f.p99_after_ms) + " ms");
  }
  return out + "</table>\n";
}

std::string places_of(const nlohmann::json& fault) {
  constexpr std::size_t shown = 3;
  const auto places = fault.value("places", std::vector<std::string>{});
  std::string out;
  for (std::size_t i = 0; i < std::min(places.size(), shown); ++i) out += (i == 0 ? "" : ", ") + places[i];
  if (places.size() > shown) out += " and " + std::to_string(places.size() - shown) + " more";
  return places.empty() ? fault.value("target", "") : out;
}

std::string fault_table(const std::vector<seen_fault>& faults) {
  std::string out =
      "<table class=\"wide\"><tr><th>Fault</th><th>At</th><th class=\"figure\">Hits</th><th>State</th>"
      "<th class=\"figure\">From</th><th class=\"figure\">To</th></tr>\n";
  const auto cell = [](const std::string& text) { return "<td>" + escaped(text) + "</td>"; };
  const auto figure = [](const std::string& text) { return "<td class=\"figure\">" + escaped(text) + "</td>"; };
  const auto time = [](std::chrono::milliseconds t) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(t).count());
    return std::string{text};
  };
  for (const auto& f : faults) {
    out += "<tr>" + cell(f.text.value("kind", "")) + cell(places_of(f.text)) + figure(count(f.hits)) +
           cell(f.text.value("state", "")) + figure(time(f.begun)) + figure(f.is_active ? "" : time(f.ended)) +
           "</tr>\n";
  }
  return out + "</table>\n";
}

std::string charts(const outcome& o) {
  std::string out =
      "<h2>Over time</h2>\n<p class=\"legend\"><span class=\"key\"></span> a fault is at work &ensp; "
      "<span class=\"dash\"></span> throughput before the faults</p>\n";
  out += chart_svg(o, {"Throughput, events/s into sinks", "first", [](const sample& s) { return s.per_s; },
                       o.found.baseline_per_s, true});
  out += chart_svg(
      o, {"Lag, age of the oldest event that is not done, ms", "second", [](const sample& s) { return s.lag_ms; }});
  return out + chart_svg(o, {"p99 latency at the sinks, ms", "third", [](const sample& s) { return s.p99_ms; }});
}

constexpr const char* style = R"(
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6875; --line: #e1e6eb; --back: #fff; --bad: #b3261e; --band: #d9483b;
  --first: #2166ac; --second: #8a5a00; --third: #6a3d9a; --good: #23794a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ed; --soft: #9aa7b4; --line: #2b343d; --back: #161b21; --bad: #ff8a80; --band: #ff6f61;
  --first: #6cb2f5; --second: #e0a84c; --third: #b794f0; --good: #57c08a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; line-height: 1.3; } h2 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; } h3 { font-size: .9rem; font-weight: 500; margin: 1.1rem 0 .2rem; }
.verdict { display: inline-block; padding: .15rem .7rem; border-radius: .3rem; color: #fff; font-weight: 600; letter-spacing: .02em; }
.PASS { background: #23794a; } .DEGRADED { background: #8f5600; } .FAIL { background: #b3261e; } .INVALID, .ABORTED { background: #5b6875; }
ul { margin: .4rem 0 1rem; padding-left: 1.2rem; } table { border-collapse: collapse; } th { text-align: left; font-weight: 500; color: var(--soft); padding: .15rem 1.4rem .15rem 0; vertical-align: top; }
td { padding: .15rem 1.4rem .15rem 0; font-variant-numeric: tabular-nums; vertical-align: top; } .bad { color: var(--bad); font-weight: 600; }
.wide { width: 100%; } .wide td { border-top: 1px solid var(--line); } .wide th:last-child, .wide td:last-child { padding-right: 0; } .figure { text-align: right; }
svg { width: 100%; height: auto; display: block; } svg text { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; } svg .fault { fill: var(--bad); } svg .back-name { fill: var(--good); }
.grid { stroke: var(--line); } .phase { stroke: var(--soft); stroke-dasharray: 2 4; } .reference { stroke: var(--good); stroke-dasharray: 6 4; } .back { stroke: var(--good); }
.band { fill: var(--band); opacity: .2; } polyline { fill: none; stroke-width: 1.7; stroke-linejoin: round; } .first { stroke: var(--first); } .second { stroke: var(--second); } .third { stroke: var(--third); }
.legend { color: var(--soft); font-size: .85rem; margin: .2rem 0; } .key { display: inline-block; width: 1.1em; height: .8em; background: var(--band); opacity: .3; vertical-align: -1px; }
.dash { display: inline-block; width: 1.6em; border-top: 2px dashed var(--good); vertical-align: .25em; } pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: .5rem; color: var(--soft); font-size: .85rem; }
)";

std::string footer(const experiment& what, const outcome& o) {
  auto out = "<footer>Begun " + escaped(o.journal.value("start", "")) + ", seed " + std::to_string(what.trial.seed);
  if (!what.trial.topology.empty()) {
    out += ", topology " + escaped(what.trial.topology.substr(what.trial.topology.rfind('/') + 1));
  }
  return out + "</footer>\n";
}

}  // namespace

std::string report_html(const experiment& what, const outcome& o) {
  const std::string verdict = to_string(o.judged.what);
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><title>" +
      verdict + ": " + escaped(what.title) + "</title><style>" + style + "</style></head><body>\n";
  out += "<p><span class=\"verdict " + verdict + "\">" + verdict + "</span></p>\n<h1>" + escaped(what.title) +
         "</h1>\n<p>" + escaped(what.text.value("description", "")) + "</p>\n";
  if (!o.judged.reasons.empty()) {
    out += "<ul>\n";
    for (const auto& r : o.judged.reasons) out += "<li>" + escaped(r) + "</li>\n";
    out += "</ul>\n";
  }
  out += figures(o.found);
  if (!o.found.output.examples.empty()) {
    out += "<h2>Differences</h2>\n<pre>";
    for (const auto& e : o.found.output.examples) out += escaped(e) + "\n";
    out += "</pre>\n";
  }
  if (!o.faults.empty()) out += "<h2>Faults</h2>\n" + fault_table(o.faults);
  if (!o.samples.empty()) out += charts(o);
  return out + footer(what, o) + "</body></html>\n";
}

}  // namespace millrace::chaos
