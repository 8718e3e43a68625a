#include "command/waterfall.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <vector>

#include "command/figures.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

constexpr std::size_t columns_min = 60;
constexpr std::size_t bar_min = 16;
constexpr std::size_t kind_cells = 9;
constexpr std::size_t time_cells = 9;
constexpr std::size_t place_cells_max = 28;
constexpr std::size_t node_cells_max = 12;
constexpr std::size_t id_digits = 32;

std::string took(double us) {
  return span_text(std::chrono::nanoseconds{std::llround(us * 1e3)});
}

std::string place_of(const json& s) {
  return s.value("actor", "") + "/" + std::to_string(s.value("partition", 0U));
}

/// Parents before children, siblings by their start: the way of the event. Points into `spans`.
std::vector<const json*> in_order(const json& spans) {
  std::map<std::string, std::vector<const json*>> of_parent;
  std::map<std::string, bool> is_here;
  for (const auto& s : spans) is_here[s.value("span", "")] = true;
  for (const auto& s : spans) {
    // What a dropped or late span was the parent of begins at the left.
    const auto parent = s.value("parent", "");
    of_parent[is_here.contains(parent) ? parent : std::string{}].push_back(&s);
  }
  std::vector<const json*> out;
  std::vector<const json*> next(of_parent[""].rbegin(), of_parent[""].rend());
  while (!next.empty()) {
    const auto* const s = next.back();
    next.pop_back();
    out.push_back(s);
    auto& children = of_parent[s->value("span", "")];
    next.insert(next.end(), children.rbegin(), children.rend());
    children.clear();
  }
  return out;
}

tone tone_of(const json& s) {
  const auto kind = s.value("kind", "");
  if (s.value("failed", false)) return tone::bad;
  if (kind == "service" || kind == "write" || kind == "emit" || kind == "fire") return tone::good;
  if (kind == "credit" || kind == "align") return tone::warn;
  return kind == "network" ? tone::accent : tone::dim;
}

/// The span between the trace's start and end; what lasts longer ends in an arrow.
std::string bar_of(const json& s, double whole_us, std::size_t cells, const style& paint) {
  const auto at = [&](double us) {
    const auto share = whole_us <= 0 ? 0.0 : std::clamp(us / whole_us, 0.0, 1.0);
    return static_cast<std::size_t>(std::llround(share * static_cast<double>(cells)));
  };
  const auto start = s.value("start_us", 0.0);
  const auto end = start + s.value("duration_us", 0.0);
  const auto from = std::min(at(start), cells - 1);
  const auto until = std::max(at(end), from + 1);
  std::string drawn;
  for (auto i = from; i < until; ++i) drawn += "━";
  if (end > whole_us * (1 + 1e-9))
    drawn = (until - from > 1 ? drawn.substr(0, drawn.size() - std::string{"━"}.size()) : "") + "→";
  return std::string(from, ' ') + paint(tone_of(s), drawn) + std::string(cells - until, ' ');
}

std::string remarks_of(const json& s) {
  std::string out;
  if (s.value("failed", false)) out += "  failed";
  if (s.value("replayed", false)) out += "  replayed";
  for (const auto& l : s.value("links", json::array())) out += "\n    continues trace " + l.value("trace", "");
  return out;
}

std::string joined(const json& names) {
  std::string out;
  for (const auto& n : names) out += (out.empty() ? "" : ", ") + n.get<std::string>();
  return out;
}

std::string head_of(const json& t, const style& paint) {
  auto text = paint(tone::bold, "trace " + t.value("trace", "")) + "\n  " + t.value("topology", "") + "  " +
              t.value("start", "") + "  " + took(t.value("duration_us", 0.0)) + "  " +
              std::to_string(t.value("span_count", 0U)) + " spans";
  if (const auto nodes = t.value("nodes", json::array()); nodes.size() > 1) text += "  nodes " + joined(nodes);
  if (t.value("spans_left_out", std::uint64_t{0}) != 0) {
    text += "  (" + std::to_string(t.value("spans_left_out", std::uint64_t{0})) + " more left out)";
  }
  return text + "\n";
}

}  // namespace

std::string waterfall(const json& trace, std::size_t columns, const style& paint) {
  const auto all = trace.value("spans", json::array());
  const auto spans = in_order(all);
  std::size_t place_cells = 5;
  std::size_t node_cells = 0;
  const bool has_nodes = trace.value("nodes", json::array()).size() > 1;
  for (const auto* s : spans) {
    place_cells = std::max(place_cells, std::min(console::cells(place_of(*s)), place_cells_max));
    if (has_nodes) node_cells = std::max(node_cells, std::min(console::cells(s->value("node", "")), node_cells_max));
  }
  const auto gaps = has_nodes ? 4U : 3U;
  const auto taken = kind_cells + place_cells + node_cells + time_cells + gaps;
  const auto width = std::max(columns, columns_min);
  const auto bar_cells = width > taken + bar_min ? width - taken : bar_min;
  auto text = head_of(trace, paint);
  for (const auto* s : spans) {
    text += pad_right(s->value("kind", ""), kind_cells) + " " + pad_right(place_of(*s), place_cells) + " ";
    if (has_nodes) text += paint(tone::dim, pad_right(s->value("node", ""), node_cells)) + " ";
    text += bar_of(*s, trace.value("duration_us", 0.0), bar_cells, paint) + " " +
            pad_left(took(s->value("duration_us", 0.0)), time_cells) + remarks_of(*s) + "\n";
  }
  return text;
}

std::string trace_table(const json& list, const style& paint) {
  const auto traces = list.value("traces", json::array());
  if (traces.empty()) return "no trace yet\n";
  auto text = paint(tone::bold, pad_right("trace", id_digits) + "  " + pad_right("start (UTC)", 24) + "  " +
                                    pad_left("took", time_cells) + "  spans  way") +
              "\n";
  for (const auto& t : traces) {
    const auto to = joined(t.value("to", json::array()));
    text += pad_right(t.value("trace", ""), id_digits) + "  " + pad_right(t.value("start", "").substr(0, 24), 24) +
            "  " + pad_left(took(t.value("duration_us", 0.0)), time_cells) + "  " +
            pad_left(std::to_string(t.value("span_count", 0U)), 5) + "  " + joined(t.value("from", json::array())) +
            " -> " + (to.empty() ? "…" : to) + (t.value("failed", false) ? "  failed" : "") +
            (t.value("replayed", false) ? "  replayed" : "") + "\n";
  }
  const auto dropped = list.value("spans_dropped", std::uint64_t{0});
  const auto limited = list.value("events_left_out", std::uint64_t{0});
  const auto undelivered = list.value("spans_not_delivered", std::uint64_t{0});
  if (dropped != 0) text += exact_text(dropped) + " spans were dropped, as tasks told more than was collected\n";
  if (limited != 0) text += exact_text(limited) + " events were left out by the limit (--trace-limit)\n";
  if (undelivered != 0) text += exact_text(undelivered) + " spans were not delivered where they were to go\n";
  return text;
}

}  // namespace millrace::command
