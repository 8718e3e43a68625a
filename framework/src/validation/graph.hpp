#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/convert.hpp"
#include "millrace/key.hpp"
#include "millrace/port.hpp"
#include "millrace/topology.hpp"
#include "validation/problem_list.hpp"

namespace millrace::detail {

/// A stream whose four ends exist. Ports are indexes into the actors' `inputs` and `outputs`.
struct graph_stream {
  std::uint32_t index = 0;  ///< in topology.streams
  std::uint32_t from = 0, output = 0;
  std::uint32_t to = 0, input = 0;
  record_type_ptr type{};                       ///< what travels; nullptr while upstream has errors
  std::shared_ptr<const converter> to_input{};  ///< nullptr: the input sees what travels
};

/// An actor with the instance its ports, parameters and types are read from.
struct graph_actor {
  const actor_spec* spec = nullptr;
  std::unique_ptr<actor> probe{};  ///< nullptr: its type is not known
  engine::salt_role role = engine::salt_role::whole;
  std::uint32_t parallelism = 1;               ///< of a router: its upstream's
  bool has_failed = false;                     ///< its types say nothing: what depends on them is not checked
  bool has_broken_stream = false;              ///< a stream of it was refused: its ports may look unconnected
  std::vector<std::uint32_t> into{};           ///< streams arriving, indexes into graph.streams
  std::vector<std::uint32_t> out_of{};         ///< streams leaving
  std::vector<record_type_ptr> input_types{};  ///< for each input what its handler sees
  std::vector<key_ptr> input_keys{};           ///< for each input; nullptr: not keyed
  key_ptr router_key{};

  [[nodiscard]] const std::string& name() const { return spec->name; }
  [[nodiscard]] bool is(actor_kind k) const { return probe != nullptr && probe->kind() == k; }
  [[nodiscard]] const std::vector<input_base*>& inputs() const { return engine::actor_access::inputs(*probe); }
  [[nodiscard]] const std::vector<output_base*>& outputs() const { return engine::actor_access::outputs(*probe); }
};

/// A topology being checked. The steps fill it one after the other; each leaves alone what an earlier one found wrong,
/// so that a mistake is reported once.
struct graph {
  const topology& spec;
  std::vector<engine::salt_role> roles{};  ///< of the actors; empty: none is salted
  problem_list problems{};
  std::vector<graph_actor> actors{};
  std::vector<graph_stream> streams{};
  std::vector<std::uint32_t> order{};  ///< actors, upstream first; without those on or behind a cycle

  [[nodiscard]] std::string input_name(const graph_stream& s) const;
  [[nodiscard]] std::string output_name(const graph_stream& s) const;
  /// The half of a salted actor that collects for the half that merges.
  [[nodiscard]] const graph_actor& collector_of(const graph_actor& merging) const { return *(&merging - 2); }
  [[nodiscard]] const graph_actor& source(const graph_stream& s) const { return actors[s.from]; }
  [[nodiscard]] const graph_actor& target(const graph_stream& s) const { return actors[s.to]; }
};

void check_settings(graph& g);
/// Names, types, parameters and failure policies; makes `actors`.
void check_actors(graph& g);
void check_groups(graph& g);
/// Ends, unconnected ports, cycles; makes `streams` and `order`.
void check_streams(graph& g);
/// Record types along the streams, `configure`; fills types and converters.
void check_types(graph& g);
/// Parallelism along the streams; gives routers theirs.
void check_parallelism(graph& g);
/// Keyed inputs, routers by key, state without a key; fills the key extractors.
void check_keys(graph& g);
/// Channels and descriptors the topology would need.
void check_limits(graph& g);

/// What each sink gives; warns about those that cannot keep the topology's promise. Only for a graph without errors.
[[nodiscard]] std::vector<sink_guarantee> find_guarantees(graph& g);
/// Only for a graph without errors.
[[nodiscard]] std::shared_ptr<const engine::plan> make_plan(const graph& g);

}  // namespace millrace::detail
