#include "core/breakpoints.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/text.hpp"

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

std::string textOf(const json& j, const char* name) {
  const auto at = j.find(name);
  return at != j.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

std::uint64_t numberOf(const json& j, const char* name) {
  const auto at = j.find(name);
  return at != j.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
}

template <class Take>
void each(const json& answer, const char* name, Take take) {
  const auto at = answer.is_object() ? answer.find(name) : answer.end();
  if (at == answer.end() || !at->is_array()) return;
  for (const auto& item : *at) {
    if (item.is_object()) take(item);
  }
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
  each(answer, "breakpoints", [&](const json& b) {
    state.breakpoints.push_back(
        {numberOf(b, "id"), textOf(b, "channel"), toQt(textOf(b, "when")), numberOf(b, "hits")});
  });
  each(answer, "stopped", [&](const json& s) {
    state.standing.push_back({textOf(s, "task"), numberOf(s, "breakpoint")});
  });
  return state;
}

std::string channelOf(const stream_spec& wire) {
  return wire.from_actor + "." + wire.from_port + "->" + wire.to_actor + "." + wire.to_port;
}

}  // namespace millrace::workbench
