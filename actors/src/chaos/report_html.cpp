#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

#include "chaos/report.hpp"

namespace millrace::chaos {

namespace {

constexpr double chart_width = 860;
constexpr double chart_height = 170;
constexpr double left = 62;
constexpr double bottom = 26;
constexpr double top = 10;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", v);
  return text;
}

/// A figure with few digits: 250, 1.5k, 2M.
std::string short_number(double v) {
  const char* unit = "";
  for (const char* const u : {"k", "M", "G"}) {
    if (v < 1000) break;
    v /= 1000;
    unit = u;
  }
  char text[32];
  std::snprintf(text, sizeof text, v == std::floor(v) || v >= 100 ? "%.0f%s" : "%.1f%s", v, unit);
  return text;
}

/// The next of 1, 2, 5, 10, … above.
double rounded_up(double v) {
  if (!(v > 0)) return 1;
  const auto power = std::pow(10, std::floor(std::log10(v)));
  for (const double f : {1.0, 2.0, 5.0}) {
    if (v <= f * power) return f * power;
  }
  return 10 * power;
}

class chart {
public:
  chart(const outcome& o, double end_s) : o_{o}, end_s_{std::max(end_s, 0.1)} {}

  std::string draw(const std::string& title, const char* color, const std::function<double(const sample&)>& value,
                   double reference = 0) {
    double most = reference;
    for (const auto& s : o_.samples) most = std::max(most, value(s));
    most_ = rounded_up(most * 1.05);
    out_ = "<h3>" + escaped(title) + "</h3>\n<svg viewBox=\"0 0 " + number(chart_width) + " " + number(chart_height) +
           "\" role=\"img\" aria-label=\"" + escaped(title) + "\">\n";
    bands();
    axes();
    if (reference > 0) line_at(reference);
    std::string points;
    for (const auto& s : o_.samples) points += number(x(seconds(s.at))) + "," + number(y(value(s))) + " ";
    out_ += "<polyline fill=\"none\" stroke=\"" + std::string{color} + "\" stroke-width=\"1.6\" points=\"" + points +
            "\"/>\n</svg>\n";
    return std::move(out_);
  }

private:
  static double seconds(std::chrono::milliseconds t) { return std::chrono::duration<double>(t).count(); }
  [[nodiscard]] double x(double s) const { return left + (chart_width - left - 8) * std::min(s / end_s_, 1.0); }
  [[nodiscard]] double y(double v) const {
    return chart_height - bottom - (chart_height - bottom - top) * std::clamp(v / most_, 0.0, 1.0);
  }

  void bands() {
    for (const auto& f : o_.faults) {
      const auto from = x(seconds(f.begun));
      const auto to = std::max(x(seconds(f.ended)), from + 3);
      out_ += "<rect class=\"band\" x=\"" + number(from) + "\" y=\"" + number(top) + "\" width=\"" + number(to - from) +
              "\" height=\"" + number(chart_height - bottom - top) + "\"><title>" +
              escaped(f.text.value("kind", "") + " at " + f.text.value("target", "")) + "</title></rect>\n";
    }
    for (const auto& [name, at] : o_.phases) {
      if (name == "oracle" || name == "compare") continue;
      const auto at_x = x(seconds(at));
      out_ += "<line class=\"phase\" x1=\"" + number(at_x) + "\" x2=\"" + number(at_x) + "\" y1=\"" + number(top) +
              "\" y2=\"" + number(chart_height - bottom) + "\"/>\n";
    }
  }

  void axes() {
    constexpr int parts = 4;
    for (int i = 0; i <= parts; ++i) {
      const auto v = most_ * i / parts;
      out_ += "<line class=\"grid\" x1=\"" + number(left) + "\" x2=\"" + number(chart_width - 8) + "\" y1=\"" +
              number(y(v)) + "\" y2=\"" + number(y(v)) + "\"/><text text-anchor=\"end\" x=\"" + number(left - 6) +
              "\" y=\"" + number(y(v) + 4) + "\">" + short_number(v) + "</text>\n";
    }
    const auto step = rounded_up(end_s_ / 10);
    for (double s = 0; s <= end_s_; s += step) {
      out_ += "<text text-anchor=\"middle\" x=\"" + number(x(s)) + "\" y=\"" + number(chart_height - 8) + "\">" +
              short_number(s) + " s</text>\n";
    }
  }

  void line_at(double v) {
    out_ += "<line class=\"reference\" x1=\"" + number(left) + "\" x2=\"" + number(chart_width - 8) + "\" y1=\"" +
            number(y(v)) + "\" y2=\"" + number(y(v)) + "\"/>\n";
  }

  const outcome& o_;
  double end_s_;
  double most_ = 1;
  std::string out_;
};

std::string row(const std::string& name, const std::string& value) {
  return "<tr><th>" + escaped(name) + "</th><td>" + escaped(value) + "</td></tr>\n";
}

std::string figures(const findings& f) {
  std::string out = "<table>\n";
  if (f.has_oracle) {
    const auto& d = f.output;
    out += row("Committed records", std::to_string(d.found) + ", " + std::to_string(d.expected) + " without faults");
    out += row("Lost / duplicated / changed",
               std::to_string(d.lost) + " / " + std::to_string(d.duplicated) + " / " + std::to_string(d.changed));
    out += row("Unexpected / reordered", std::to_string(d.unexpected) + " / " + std::to_string(d.reordered));
    out += row("Dead letters",
               std::to_string(f.dead_letters) + ", " + std::to_string(f.dead_letters_expected) + " without faults");
  }
  if (f.baseline_per_s > 0) {
    out += row("Throughput before", short_number(f.baseline_per_s) + " events/s");
    out += row("Back to 95 %", f.recovery      ? std::to_string(f.recovery->count()) + " ms after the last fault"
                               : f.ended_early ? "not seen: the input ended first"
                                               : "never");
    out += row("p99 latency before / during / after",
               number(f.p99_before_ms) + " / " + number(f.p99_during_ms) + " / " + number(f.p99_after_ms) + " ms");
  }
  return out + "</table>\n";
}

std::string fault_table(const std::vector<seen_fault>& faults) {
  std::string out =
      "<table "
      "class=\"wide\"><tr><th>Fault</th><th>Target</th><th>Hits</th><th>State</th><th>From</th><th>To</th></tr>\n";
  for (const auto& f : faults) {
    out += "<tr><td>" + escaped(f.text.value("kind", "")) + "</td><td>" + escaped(f.text.value("target", "")) +
           "</td><td>" + std::to_string(f.hits) + "</td><td>" + escaped(f.text.value("state", "")) + "</td><td>" +
           number(static_cast<double>(f.begun.count()) / 1000) + " s</td><td>" +
           number(static_cast<double>(f.ended.count()) / 1000) + " s</td></tr>\n";
  }
  return out + "</table>\n";
}

constexpr const char* style = R"(
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6875; --line: #d7dde3; --back: #fff; --band: #d9483b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ed; --soft: #9aa7b4; --line: #38424d; --back: #161b21; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; } h3 { font-size: .95rem; margin: 1rem 0 .2rem; }
.verdict { display: inline-block; padding: .15rem .7rem; border-radius: .3rem; color: #fff; font-weight: 600; }
.PASS { background: #23794a; } .DEGRADED { background: #a86500; } .FAIL { background: #b3261e; } .INVALID, .ABORTED { background: #5b6875; }
ul { margin: .4rem 0; } table { border-collapse: collapse; } th { text-align: left; font-weight: 500; color: var(--soft); padding: .15rem 1.2rem .15rem 0; }
td { padding: .15rem 1.2rem .15rem 0; font-variant-numeric: tabular-nums; } .wide { width: 100%; } .wide td { border-top: 1px solid var(--line); }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--soft); } .grid { stroke: var(--line); } .phase { stroke: var(--soft); stroke-dasharray: 2 4; }
.reference { stroke: #23794a; stroke-dasharray: 6 4; } .band { fill: var(--band); opacity: .18; } .legend { color: var(--soft); font-size: .85rem; } pre { overflow-x: auto; }
)";

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
  if (!o.samples.empty()) {
    const auto end = std::chrono::duration<double>(o.samples.back().at).count();
    out +=
        "<h2>Over time</h2>\n<p class=\"legend\">Red: faults at work. Dotted: warm-up, baseline, fault, recovery and "
        "drain begin. Dashed: throughput before the faults.</p>\n";
    out += chart{o, end}.draw(
        "Throughput, events/s into sinks", "#2166ac", [](const sample& s) { return s.per_s; }, o.found.baseline_per_s);
    out += chart{o, end}.draw("Lag, age of the oldest event that is not done, ms", "#8a5a00",
                              [](const sample& s) { return s.lag_ms; });
    out += chart{o, end}.draw("p99 latency at the sinks, ms", "#6a3d9a", [](const sample& s) { return s.p99_ms; });
  }
  return out + "<p class=\"legend\">" + escaped(o.journal.value("start", "")) + "</p>\n</body></html>\n";
}

}  // namespace millrace::chaos
