#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/meta/type_name.hpp>

#include "runtime/messages.hpp"
#include "runtime/ordered_actor.hpp"
#include "runtime/remote/exchange.hpp"
#include "runtime/remote/wire.hpp"

namespace millrace::runtime::remote {

/// A task's part of a snapshot, to the node that leads.
struct part_parcel {
  std::string node;
  generation incarnation;
  std::shared_ptr<engine::task_snapshot> part;
};
/// What a task starts from, to the node that hosts it.
struct restore_parcel {
  std::string node;
  generation incarnation;
  task_id task;
  std::string name;
  std::shared_ptr<const engine::restore_point> from;
  std::shared_ptr<const letter_keeper::replays> replays;
  caf::actor supervisor;  ///< hears when the snapshot cannot be read
};

/// Brings what is large to other nodes, a piece after the other, and waits while there is no room: all else goes on
/// meanwhile. `stopping`: nothing is sent any more. Own thread.
caf::behavior courier_actor(ordered_actor* self, exchange* nodes, topology_instance instance,
                            std::shared_ptr<const std::atomic<bool>> stopping);

template <class Inspector>
auto inspect(Inspector& f, part_parcel&) {
  return f(caf::meta::type_name("part_parcel"));
}
template <class Inspector>
auto inspect(Inspector& f, restore_parcel&) {
  return f(caf::meta::type_name("restore_parcel"));
}

}  // namespace millrace::runtime::remote

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::remote::part_parcel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::remote::restore_parcel)
