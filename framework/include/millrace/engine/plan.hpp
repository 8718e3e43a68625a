#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/convert.hpp"
#include "millrace/ids.hpp"
#include "millrace/port.hpp"
#include "millrace/topology.hpp"

namespace millrace::engine {

/// A partition of an actor.
struct plan_task {
  task_id id;
  std::uint32_t actor = 0;  ///< index into topology.actors
  std::uint32_t partition = 0;
  std::uint32_t parallelism = 1;
  std::uint32_t region = 0;  ///< connected component: what goes back to a snapshot together
};

/// One sender task to one receiver task.
struct plan_channel {
  channel_id id;
  task_id source, target;
  std::uint32_t stream = 0;                     ///< index into topology.streams
  std::uint32_t output = 0;                     ///< index of the source actor's output port
  std::uint32_t stream_slot = 0;                ///< which of the streams leaving that port, dense from 0
  std::uint32_t lane = 0;                       ///< routers: the target partition this channel leads to; others 0
  std::uint32_t input = 0;                      ///< index of the target actor's input port
  std::shared_ptr<const record_type> type;      ///< what travels
  std::shared_ptr<const converter> to_input{};  ///< what the receiver applies; nullptr: the input takes `type` as it is
  std::string name;                             ///< "from/0.out -> to/3.in"
};

/// What a validated topology comes to: tasks and channels with dense ids. Immutable, shared by runtime and simulation.
struct plan {
  topology spec;
  std::vector<plan_task> tasks;        ///< by actor, then partition; ids are indexes
  std::vector<plan_channel> channels;  ///< ids are indexes
  std::uint32_t regions = 1;

  /// "actor/partition": the task's name in snapshots, logs and tables.
  [[nodiscard]] std::string task_name(task_id id) const;
  /// A configured instance of the task's actor: parameters set, dynamic outputs typed, routers given their key. Cannot
  /// fail for a plan that validation made. Also resolves `input_base` keys of dynamic inputs (see `key_of_input`).
  [[nodiscard]] std::unique_ptr<actor> instantiate(task_id id) const;

  /// For each actor what it does with salted keys.
  std::vector<salt_role> roles;
  /// For each actor and input port: what extracts the key from batches as the input sees them (after conversion);
  /// nullptr when not keyed.
  std::vector<std::vector<std::shared_ptr<const key_extractor>>> input_keys;
  /// For each actor that is a router by key: what extracts the key from batches as they pass; nullptr otherwise.
  std::vector<std::shared_ptr<const key_extractor>> router_keys;
  /// For each actor and input port: the record type its handler sees (after conversion).
  std::vector<std::vector<std::shared_ptr<const record_type>>> input_types;
  /// For each actor and output port: the record type emitted; nullptr for an untyped output that nobody listens to.
  std::vector<std::vector<std::shared_ptr<const record_type>>> output_types;
};

}  // namespace millrace::engine
