#include "millrace/inspect/channel_choice.hpp"

#include <algorithm>
#include <set>

namespace millrace::inspect {

namespace {

constexpr std::string_view arrow = "->";
// What there is, for somebody who mistyped; more would hide the message.
constexpr std::size_t edges_named = 12;

/// One end of a channel: `ledger/1.in`.
struct end_name {
  std::string_view actor, partition, port;
};

end_name split(std::string_view text) {
  end_name out;
  if (const auto dot = text.find('.'); dot != text.npos) {
    out.port = text.substr(dot + 1);
    text = text.substr(0, dot);
  }
  if (const auto slash = text.find('/'); slash != text.npos) {
    out.partition = text.substr(slash + 1);
    text = text.substr(0, slash);
  }
  out.actor = text;
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool fits(const end_name& wanted, const end_name& there) {
  return (wanted.actor == "*" || wanted.actor == there.actor) &&
         (wanted.partition.empty() || wanted.partition == there.partition) &&
         (wanted.port.empty() || wanted.port == there.port);
}

std::pair<end_name, end_name> ends_of(const engine::plan_channel& c) {
  const std::string_view name = c.name;
  const auto at = name.find(arrow);
  return {split(trimmed(name.substr(0, at))), split(trimmed(name.substr(at + arrow.size())))};
}

std::string known_edges(const engine::plan& plan) {
  std::set<std::string> edges;
  for (const auto& c : plan.channels) {
    const auto [from, to] = ends_of(c);
    edges.insert(std::string{from.actor} + "->" + std::string{to.actor});
  }
  std::string out;
  std::size_t n = 0;
  for (const auto& e : edges) {
    if (n++ == edges_named) return out + " and " + std::to_string(edges.size() - edges_named) + " more";
    out += (out.empty() ? "" : ", ") + e;
  }
  return out;
}

}  // namespace

result<std::vector<channel_id>> choose_channels(const engine::plan& plan, std::string_view text) {
  const auto at = text.find(arrow);
  const auto from = split(trimmed(text.substr(0, at)));
  const auto to = at == text.npos ? end_name{} : split(trimmed(text.substr(at + arrow.size())));
  if (at == text.npos || from.actor.empty() || to.actor.empty()) {
    return user_error(errc::invalid_argument, "'" + std::string{text} +
                                                  "' names no channel: write FROM->TO, such as numbers->ledger or "
                                                  "numbers/0.out->ledger/1.in; there are " +
                                                  known_edges(plan));
  }
  std::vector<channel_id> out;
  for (const auto& c : plan.channels) {
    const auto [source, target] = ends_of(c);
    if (fits(from, source) && fits(to, target)) out.push_back(c.id);
  }
  if (out.empty()) {
    return user_error(errc::not_found,
                      "there is no channel '" + std::string{text} + "'; there are " + known_edges(plan));
  }
  return out;
}

}  // namespace millrace::inspect
