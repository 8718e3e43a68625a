#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::node {

/// What the holder of a key may do; each role may do what those before it may.
enum class role : unsigned char {
  viewer,     ///< look
  operator_,  ///< deploy, start, stop
  admin,      ///< remove with data, give and revoke keys
};
[[nodiscard]] const char* to_string(role r) noexcept;
/// Nothing when the text is no role.
[[nodiscard]] std::optional<role> role_of(std::string_view text) noexcept;

/// Who asks.
enum class party : unsigned char {
  person,   ///< with a key, or at the local socket
  peer,     ///< another node that this one knows
  invited,  ///< another node, or a person, before they are known
};

/// What of a topology's data a verb shows, where it is one part of it that the request names.
enum class shows : unsigned char {
  nothing,  ///< no records, or those of the whole topology
  channel,  ///< named by the argument `channel`
  actor,    ///< whose state or dead letters: the argument `actor`
  opened,   ///< what the caller has opened by another request
};

/// A verb of a node, who may use it, and whether it is about one topology.
struct verb_rule {
  const char* verb;
  role least;  ///< of persons
  bool is_of_topology;
  bool changes;                    ///< goes into the audit log
  party also_for = party::person;  ///< beside persons, who may; nodes may nothing else
  shows data = shows::nothing;
};
/// All verbs there are: what is not here, nobody may use.
[[nodiscard]] std::span<const verb_rule> verb_rules();
[[nodiscard]] const verb_rule* rule_of(std::string_view verb) noexcept;

/// What a key is for: all topologies, or some of them, or of a topology only what goes over some of its channels and
/// what some of its actors keep.
struct grant {
  role may = role::viewer;
  std::vector<std::string> topologies{};  ///< whole ones; all, when there are no topics either
  std::vector<std::string> topics{};      ///< `TOPOLOGY/ACTOR` and `TOPOLOGY/FROM->TO`
  party is = party::person;

  [[nodiscard]] bool is_for_all() const noexcept { return topologies.empty() && topics.empty(); }
  /// The topology, or something of it.
  [[nodiscard]] bool covers(const std::string& topology) const noexcept;
  [[nodiscard]] bool covers_whole(const std::string& topology) const noexcept;
};

/// Error (`denied`): says what the verb needs. `topology`: what the request is about, empty where it names none.
/// `part`: what of its data, as `part_in` gives it. Pure.
[[nodiscard]] result<void> check(const grant& g, const verb_rule& rule, const std::string& topology,
                                 const std::string& part = {});

}  // namespace millrace::node
