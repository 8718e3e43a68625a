#include "node/access/topics.hpp"

#include <string_view>

#include "millrace/topology.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

constexpr std::string_view arrow = "->";
// Every request of the key goes through them.
constexpr std::size_t topics_max = 64;

/// The actor of one end of a channel, `route/0.out`; empty: it stands for several, or is none.
std::string actor_of(std::string_view end) {
  while (end.starts_with(' ')) end.remove_prefix(1);
  while (end.ends_with(' ')) end.remove_suffix(1);
  std::string actor{end.substr(0, end.find_first_of("./"))};
  return is_valid_name(actor) ? actor : std::string{};
}

std::string channel_of(std::string_view text) {
  const auto at = text.find(arrow);
  if (at == text.npos) return {};
  const auto from = actor_of(text.substr(0, at));
  const auto to = actor_of(text.substr(at + arrow.size()));
  return from.empty() || to.empty() ? std::string{} : from + std::string{arrow} + to;
}

}  // namespace

std::string part_in(const verb_rule& rule, const json& args) {
  if (rule.data != shows::channel && rule.data != shows::actor) return {};
  const auto given = args.find(rule.data == shows::channel ? "channel" : "actor");
  if (given == args.end() || !given->is_string()) return {};
  const auto& text = given->get_ref<const std::string&>();
  if (rule.data == shows::channel) return channel_of(text);
  return is_valid_name(text) ? text : std::string{};
}

result<void> check_topic(const std::string& text) {
  const auto slash = text.find('/');
  const auto part = slash == text.npos ? std::string{} : text.substr(slash + 1);
  if (is_valid_name(text.substr(0, slash)) && (is_valid_name(part) || (!part.empty() && channel_of(part) == part))) {
    return {};
  }
  return user_error(errc::invalid_argument, "'" + text.substr(0, 200) +
                                                "' is no topic: it is TOPOLOGY/ACTOR (its state and dead letters) or "
                                                "TOPOLOGY/FROM->TO (what goes from the one actor to the other)");
}

result<grant> limits_in(const json& args, role may) {
  grant out{.may = may};
  const auto list = [&](const char* name) {
    const auto found = args.find(name);
    return found == args.end() ? std::vector<std::string>{} : found->get<std::vector<std::string>>();
  };
  out.topologies = list("topologies");
  out.topics = list("topics");
  if (out.topics.size() > topics_max) {
    return user_error(errc::limit_exceeded, "a key is for at most " + std::to_string(topics_max) + " topics");
  }
  for (const auto& t : out.topics) {
    if (auto fine = check_topic(t); !fine) return std::move(fine).error();
  }
  return out;
}

void put_limits(const grant& g, json& into) {
  into["topologies"] = g.topologies;
  if (!g.topics.empty()) into["topics"] = g.topics;
}

}  // namespace millrace::node
