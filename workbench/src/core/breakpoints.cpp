#include "core/breakpoints.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// `actor` or `actor.port`.
bool isEnd(std::string_view text, const std::string& actor, const std::string& port) {
  text = trimmed(text);
  const auto dot = text.find('.');
  return text.substr(0, dot) == actor && (dot == std::string_view::npos || text.substr(dot + 1) == port);
}

bool isOn(const std::string& channel, const stream_spec& wire) {
  const std::string_view text{channel};
  const auto arrow = text.find("->");
  return arrow != std::string_view::npos && isEnd(text.substr(0, arrow), wire.from_actor, wire.from_port) &&
         isEnd(text.substr(arrow + 2), wire.to_actor, wire.to_port);
}

}  // namespace

const BreakNote* BreakState::on(const stream_spec& wire) const {
  const auto at = std::ranges::find_if(breakpoints, [&](const BreakNote& b) { return isOn(b.channel, wire); });
  return at == breakpoints.end() ? nullptr : &*at;
}

int BreakState::standingOf(const std::string& actor) const {
  return static_cast<int>(
      std::ranges::count_if(standing, [&](const Stand& s) { return s.task.substr(0, s.task.find('/')) == actor; }));
}

int BreakState::standingAt(const stream_spec& wire) const {
  return static_cast<int>(std::ranges::count_if(standing, [&](const Stand& s) {
    const auto at = std::ranges::find(breakpoints, s.breakpoint, &BreakNote::id);
    return at != breakpoints.end() && isOn(at->channel, wire);
  }));
}

BreakState readBreaks(const json& answer) {
  BreakState state;
  for (const auto& b : listOf(answer, "breakpoints")) {
    if (!b.is_object()) continue;
    state.breakpoints.push_back({countOf(b, "id"), toStd(textOf(b, "channel")), textOf(b, "when"), countOf(b, "hits")});
  }
  for (const auto& s : listOf(answer, "stopped")) {
    if (s.is_object()) state.standing.push_back({toStd(textOf(s, "task")), countOf(s, "breakpoint")});
  }
  return state;
}

std::string channelOf(const stream_spec& wire) {
  return wire.from_actor + "." + wire.from_port + "->" + wire.to_actor + "." + wire.to_port;
}

}  // namespace millrace::workbench
