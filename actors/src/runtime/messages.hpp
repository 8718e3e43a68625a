#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/meta/type_name.hpp>

#include "millrace/engine/recovery.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/engine/task_snapshot.hpp"
#include "runtime/letter_keeper.hpp"

namespace millrace::runtime {

// To a task.
/// Look at the channels: something may have arrived. Coalesced by the doorbell.
using run_atom = caf::atom_constant<caf::atom("run")>;
/// Restore, then run.
using begin_atom = caf::atom_constant<caf::atom("begin")>;
/// By itself: go on loading.
using load_atom = caf::atom_constant<caf::atom("load")>;
/// Orderly end: close the actor, then quit.
using close_atom = caf::atom_constant<caf::atom("close")>;

// To the coordinator.
/// Time may have come for something.
using tick_atom = caf::atom_constant<caf::atom("tick")>;
/// No new epochs: a region is going back; the open one is given up.
using pause_atom = caf::atom_constant<caf::atom("pause")>;
/// Take a snapshot now; with `true`: the last one.
using request_atom = caf::atom_constant<caf::atom("request")>;
/// A task has handled all its input.
using ended_atom = caf::atom_constant<caf::atom("ended")>;

/// No new epochs, and the open one is given up unless it is being written: then it is waited for. Answered by `held`.
using hold_atom = caf::atom_constant<caf::atom("hold")>;

// To the supervisor.
/// The coordinator holds.
using held_atom = caf::atom_constant<caf::atom("held")>;
/// Bring back what is to come back without its region (after its backoff):
/// number of the recovery.
using rebuild_atom = caf::atom_constant<caf::atom("rebuild")>;
/// The last snapshot is complete.
using done_atom = caf::atom_constant<caf::atom("done")>;
/// The run shall end with a last snapshot, or with the newest when another node is away.
using stop_atom = caf::atom_constant<caf::atom("stop")>;
/// Bring a region back now (after its backoff).
using revive_atom = caf::atom_constant<caf::atom("revive")>;
/// All nodes of a region host its tasks: region and incarnation.
using hosted_atom = caf::atom_constant<caf::atom("hosted")>;
/// By its watchdog: this task hangs, and where.
using hung_atom = caf::atom_constant<caf::atom("hung")>;
/// Injected: this task fails, and why.
using failure_atom = caf::atom_constant<caf::atom("failure")>;
/// The run cannot go on: error text.
using give_up_atom = caf::atom_constant<caf::atom("giveup")>;

/// An epoch behind whose barrier parameters were changed is given up: its number.
using unset_atom = caf::atom_constant<caf::atom("unset")>;
/// What is wanted of the run while it runs has changed: tasks look at it.
using steer_atom = caf::atom_constant<caf::atom("steer")>;

// To the writer.
using number_atom = caf::atom_constant<caf::atom("number")>;
using recover_atom = caf::atom_constant<caf::atom("recover")>;

/// A barrier for a producer.
struct barrier_message {
  engine::epoch_target target;
};
/// An epoch came to its end, for tasks.
struct epoch_message {
  epoch_id epoch;
  bool complete = false;
  epoch_id oldest_retained{};  ///< what logs must keep goes on from here; 0: unknown
};
/// One task's part of a snapshot.
struct part_message {
  std::shared_ptr<engine::task_snapshot> part;
};
/// A task could not take part in an epoch.
struct refusal_message {
  epoch_id epoch;
  std::string why;
};
/// All parts of an epoch, for the writer.
struct write_message {
  std::shared_ptr<std::vector<engine::task_snapshot>> parts;
};
/// What became of it.
struct written_message {
  epoch_id epoch;
  std::string error;  ///< empty: durable
  epoch_id oldest_retained{};
  std::shared_ptr<letter_keeper::replays> replays{};  ///< for tasks that run; null: none
};
/// Copies a snapshot to a savepoint. To the coordinator: the next one that begins; to the writer: this one.
struct keep_message {
  struct wish {
    std::string folder;
    std::string about;
    std::function<void(result<epoch_id>)> done;  ///< called once, on any thread

    wish(std::string to, std::string what, std::function<void(result<epoch_id>)> call)
        : folder{std::move(to)}, about{std::move(what)}, done{std::move(call)} {}
    wish(const wish&) = delete;
    wish& operator=(const wish&) = delete;
    ~wish() { answer(retryable_error(errc::unavailable, "the run ended before there was a snapshot to keep")); }
    void answer(result<epoch_id> outcome) {
      if (const auto call = std::exchange(done, nullptr)) call(std::move(outcome));
    }
  };
  epoch_id epoch{};  ///< 0: not begun yet
  std::shared_ptr<wish> wanted;
};
/// A number for the next epoch and where it goes, or why there is none.
struct number_message {
  engine::epoch_target target;
  std::string error;
};
/// What a region starts from.
struct restored_message {
  std::shared_ptr<const engine::restore_point> point;
  generation incarnation;
  std::string error;
  std::shared_ptr<const letter_keeper::replays> replays{};
};
/// Dead letters for a task to take back.
struct replays_message {
  std::shared_ptr<const std::vector<engine::replay_item>> items;  ///< null: none
  bool more = false;
};
/// A task is over.
struct failure_message {
  task_id task;
  generation incarnation;
  engine::task_failure failure;
  std::int64_t at_ns = 0;  ///< steady clock; 0: now
};
/// What tasks are rebuilt from, for the writer: `restored_message` is its
/// answer.
struct recover_message {
  std::vector<task_id> tasks;
};
/// The receiver of a channel is gone, and will be made anew.
struct parting_message {
  std::string channel;
};
/// A task could not send again what a receiver that was made anew needs.
struct shortfall_message {
  task_id task;
  generation incarnation;
  std::string why;
};
/// A question about a task's state, by way of the supervisor. Whoever cannot answer drops it, which whoever asks
/// notices.
struct query_message {
  struct question {
    engine::state_request request;
    std::function<void(result<engine::state_answer>)> answer;  ///< called once, on any thread
  };
  task_id task;
  std::shared_ptr<question> asked;
};
/// The tasks that run now, by id; null where one does not.
struct tasks_message {
  std::shared_ptr<const std::vector<caf::actor>> tasks;
  std::shared_ptr<const std::vector<bool>> is_producer;
  std::vector<std::pair<task_id, generation>> incarnations;
  std::set<std::string> nodes{};  ///< other nodes that host some of them
};

/// A neighbour was made anew: one of the two ends of the channel with it.
struct reconnect_message {
  struct ends {
    std::unique_ptr<engine::channel_sender> sender;
    std::unique_ptr<engine::channel_receiver> receiver;
  };
  channel_id id;
  std::string channel;
  std::shared_ptr<ends> end;
  generation incarnation;
  epoch_id from;
};
/// What another node sent about this run.
struct inbound_message {
  std::string node;
  std::shared_ptr<const byte_buffer> bytes;
};
/// Another node is gone, or was started again: what it hosted is no more.
struct lost_message {
  std::string node;
  std::string why;
};
/// A node knows where the snapshot of an epoch goes.
struct opened_message {
  std::string node;
  epoch_id epoch;
};

#define MILLRACE_LOCAL_MESSAGE(Type)       \
  template <class Inspector>               \
  auto inspect(Inspector& f, Type&) {      \
    return f(caf::meta::type_name(#Type)); \
  }
MILLRACE_LOCAL_MESSAGE(barrier_message)
MILLRACE_LOCAL_MESSAGE(epoch_message)
MILLRACE_LOCAL_MESSAGE(part_message)
MILLRACE_LOCAL_MESSAGE(refusal_message)
MILLRACE_LOCAL_MESSAGE(write_message)
MILLRACE_LOCAL_MESSAGE(written_message)
MILLRACE_LOCAL_MESSAGE(keep_message)
MILLRACE_LOCAL_MESSAGE(number_message)
MILLRACE_LOCAL_MESSAGE(restored_message)
MILLRACE_LOCAL_MESSAGE(replays_message)
MILLRACE_LOCAL_MESSAGE(failure_message)
MILLRACE_LOCAL_MESSAGE(recover_message)
MILLRACE_LOCAL_MESSAGE(parting_message)
MILLRACE_LOCAL_MESSAGE(shortfall_message)
MILLRACE_LOCAL_MESSAGE(query_message)
MILLRACE_LOCAL_MESSAGE(tasks_message)
MILLRACE_LOCAL_MESSAGE(reconnect_message)
MILLRACE_LOCAL_MESSAGE(inbound_message)
MILLRACE_LOCAL_MESSAGE(lost_message)
MILLRACE_LOCAL_MESSAGE(opened_message)
#undef MILLRACE_LOCAL_MESSAGE

}  // namespace millrace::runtime

// These never leave the process, so CAF need not be able to serialise them.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::barrier_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::epoch_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::part_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::refusal_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::write_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::written_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::keep_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::number_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::restored_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::replays_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::failure_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::recover_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::parting_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::shortfall_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::query_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::tasks_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::reconnect_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::inbound_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::lost_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::runtime::opened_message)
