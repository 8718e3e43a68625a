#include "testing/simulated_task.hpp"

#include <utility>

#include "testing/actor_scope.hpp"
#include "testing/simulated_process.hpp"

namespace millrace::testing {

void simulated_task::ring() {
  if (std::exchange(is_rung_, true)) return;
  process_.scheduler().post(process_.line_of(id_), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->run();
  });
}

void simulated_task::run() {
  is_rung_ = false;
  armed_ns_ = 0;
  const actor_scope scope{name_};
  // Peers may ring before this task is restored; what they sent waits in the channels.
  if (is_stopping || !has_begun_) return;
  switch (work->step()) {
    case engine::step_result::again:
      ring();
      break;
    case engine::step_result::idle:
      break;
    case engine::step_result::failed:
      report(work->failure());
      break;
  }
}

void simulated_task::begin(const engine::restore_point& from) {
  if (is_stopping) return;
  const actor_scope scope{name_};
  auto part = from.for_task(name_);
  if (auto ok = part ? work->restore(*std::move(part)) : result<void>{std::move(part).error()}; !ok) {
    log(log_level::error, ok.error().message);
    const auto action = ok.error().kind == error_class::user ? failure_action::stop : failure_action::restart;
    report({std::move(ok).error(), action});
    return;
  }
  has_begun_ = true;
  ring();
}

void simulated_task::inject_barrier(const engine::epoch_target& target) {
  if (is_stopping) return;
  work->inject_barrier(target);
  ring();
}

void simulated_task::end_epoch(epoch_id epoch, epoch_id oldest_retained, bool complete) {
  if (is_stopping) return;
  const actor_scope scope{name_};
  if (!complete) {
    work->epoch_aborted(epoch);
  } else if (auto done = work->epoch_complete(epoch, oldest_retained); !done) {
    log(log_level::error, done.error().message);
    report({std::move(done).error(), failure_action::restart});
  }
}

bool simulated_task::kill() {
  if (is_stopping || !has_begun_) return false;
  report({fatal_error(errc::failed, name_ + " was killed"), failure_action::restart});
  return true;
}

void simulated_task::report(engine::task_failure failure) {
  is_stopping = true;
  process_.scheduler().post(process_.lines().supervisor,
                            [&p = process_, id = id_, incarnation = incarnation_, f = std::move(failure)] {
                              p.on_failure(id, incarnation, f);
                            });
}

void simulated_task::wake_at(std::int64_t steady_ns) {
  if (armed_ns_ != 0 && armed_ns_ <= steady_ns) return;
  armed_ns_ = steady_ns;
  process_.scheduler().post_at(steady_ns, process_.line_of(id_), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ring();
  });
}

engine::epoch_target simulated_task::target_of(epoch_id epoch) {
  return process_.coordinator().target_of(epoch);
}

void simulated_task::snapshot_taken(engine::task_snapshot&& part) {
  auto carried = std::make_shared<engine::task_snapshot>(std::move(part));
  process_.scheduler().post(process_.lines().coordinator,
                            [&p = process_, carried] { p.coordinator().on_part(std::move(*carried)); });
}

void simulated_task::snapshot_failed(epoch_id epoch, const error& why) {
  process_.scheduler().post(process_.lines().coordinator, [&p = process_, epoch, text = name_ + ": " + why.message] {
    p.coordinator().on_refusal(epoch, text);
  });
}

void simulated_task::want_snapshot() {
  process_.scheduler().post(process_.lines().coordinator, [&p = process_] { p.coordinator().on_request(false); });
}

void simulated_task::ended() {
  process_.scheduler().post(process_.lines().coordinator, [&p = process_, id = id_, incarnation = incarnation_] {
    p.coordinator().on_ended(id, incarnation);
  });
}

void simulated_task::log(log_level, std::string message) {
  process_.log(message.starts_with(name_) ? std::move(message) : name_ + ": " + message);
}

}  // namespace millrace::testing
