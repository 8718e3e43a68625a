#include "millrace/topology.hpp"

#include <algorithm>

namespace millrace {
namespace {

struct stream_end {
  std::string actor;
  std::string port;
};

stream_end split_end(const std::string& text, const char* port_unless_given) {
  const auto dot = text.find('.');
  if (dot == std::string::npos) return {text, port_unless_given};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

}  // namespace

const char* to_string(guarantee g) noexcept {
  switch (g) {
    case guarantee::at_most_once:
      return "at_most_once";
    case guarantee::at_least_once:
      return "at_least_once";
    case guarantee::exactly_once:
      return "exactly_once";
  }
  return "unknown";
}

const char* to_string(state_place p) noexcept {
  return p == state_place::disk ? "disk" : "memory";
}

const char* to_string(dead_letter_settings::overflow o) noexcept {
  switch (o) {
    case dead_letter_settings::overflow::stop:
      return "stop";
    case dead_letter_settings::overflow::drop_oldest:
      return "drop_oldest";
    case dead_letter_settings::overflow::drop_newest:
      return "drop_newest";
  }
  return "unknown";
}

bool is_valid_name(const std::string& name) noexcept {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= name_chars_max && std::ranges::all_of(name, is_allowed);
}

actor_spec& topology::add(std::string actor_name, std::string type, std::map<std::string, param_value> params,
                          std::uint32_t parallelism) {
  return actors.emplace_back(
      actor_spec{std::move(actor_name), std::move(type), parallelism, std::move(params), failure_policy{}});
}

topology& topology::connect(const std::string& from, const std::string& to) {
  auto source = split_end(from, "out");
  auto target = split_end(to, "in");
  streams.push_back({std::move(source.actor), std::move(source.port), std::move(target.actor), std::move(target.port)});
  return *this;
}

const actor_spec* topology::find(const std::string& actor_name) const {
  const auto at = std::ranges::find(actors, actor_name, &actor_spec::name);
  return at == actors.end() ? nullptr : &*at;
}

const group_spec* topology::group_of(const std::string& actor_name) const {
  const auto at = std::ranges::find_if(
      groups, [&](const group_spec& g) { return std::ranges::find(g.actors, actor_name) != g.actors.end(); });
  return at == groups.end() ? nullptr : &*at;
}

}  // namespace millrace
