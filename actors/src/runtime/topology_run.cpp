#include "millrace/runtime/topology_run.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include "millrace/persistence/dead_letter_store.hpp"
#include "millrace/persistence/event_log.hpp"
#include "millrace/persistence/snapshot_store.hpp"
#include "millrace/persistence/state_backend.hpp"
#include "millrace/producer.hpp"
#include "runtime/coordinator_actor.hpp"
#include "runtime/messages.hpp"
#include "runtime/run_shared.hpp"
#include "runtime/supervisor_actor.hpp"
#include "runtime/writer_actor.hpp"

namespace millrace::runtime {

namespace {

struct system_config : caf::actor_system_config {
  explicit system_config(std::size_t threads) {
    // The default (stealing) policy leaves woken actors waiting while producers keep a worker busy.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", threads != 0 ? threads : std::max(2U, std::thread::hardware_concurrency()));
  }
};

class caf_topology_run final : public topology_run {
public:
  caf_topology_run(std::unique_ptr<run_shared> shared, std::size_t threads)
      : shared_{std::move(shared)}, config_{threads}, system_{config_} {
    auto writer = system_.spawn<caf::detached>(writer_actor, shared_.get());
    supervisor_ = system_.spawn(supervisor_actor, shared_.get(), writer);
    coordinator_ = system_.spawn(coordinator_actor, shared_.get(), writer, supervisor_);
    caf::anon_send(supervisor_, begin_atom::value, coordinator_);
    caf::anon_send(coordinator_, tick_atom::value);
  }

  ~caf_topology_run() override {
    if (!shared_->is_finished()) {
      caf::anon_send(supervisor_, give_up_atom::value, std::string{"the run was abandoned"});
      (void)shared_->wait(std::chrono::seconds{20});
    }
    supervisor_ = nullptr;
    coordinator_ = nullptr;
  }

  void stop() override { caf::anon_send(coordinator_, request_atom::value, true); }
  void snapshot_now() override { caf::anon_send(coordinator_, request_atom::value, false); }
  run_status status() const override { return shared_->status(); }
  const engine::plan& plan() const override { return *shared_->plan; }
  result<engine::state_answer> query(task_id task, engine::state_request request,
                                     std::chrono::milliseconds timeout) override {
    auto asked = std::make_shared<query_message::question>();
    asked->request = std::move(request);
    auto answer = asked->answer.get_future();
    caf::anon_send(supervisor_, query_message{task, std::move(asked)});
    if (answer.wait_for(timeout) != std::future_status::ready) {
      return retryable_error(errc::unavailable, shared_->plan->task_name(task) + " is busy; ask again");
    }
    try {
      return answer.get();
    } catch (const std::future_error&) {
      return retryable_error(errc::unavailable, shared_->plan->task_name(task) + " is not running now; ask again");
    }
  }
  std::optional<run_outcome> wait(std::chrono::milliseconds timeout) override { return shared_->wait(timeout); }

private:
  // Destroyed last to first: the actor system waits for all actors, which use what is shared.
  std::unique_ptr<run_shared> shared_;
  system_config config_;
  caf::actor_system system_;
  caf::actor supervisor_;
  caf::actor coordinator_;
};

bool has_logged_producer(const engine::plan& p) {
  return std::any_of(p.tasks.begin(), p.tasks.end(), [&](const auto& t) {
    if (t.partition != 0) return false;
    const auto behavior = p.instantiate(t.id);
    return behavior->kind() == actor_kind::producer &&
           static_cast<const producer&>(*behavior).replays() == replay::logged;
  });
}

/// nullptr when all state stays in memory.
result<std::shared_ptr<engine::state_backend>> open_spills(const engine::plan& p, const std::string& data_dir) {
  const auto& actors = p.spec.actors;
  const bool is_needed =
      std::ranges::any_of(actors, [](const actor_spec& a) { return a.state.place == state_place::disk; });
  if (!is_needed) return std::shared_ptr<engine::state_backend>{};
  return persistence::open_state_backend(std::filesystem::path{data_dir} / "spill");
}

}  // namespace

result<std::unique_ptr<topology_run>> topology_run::start(std::shared_ptr<const engine::plan> p, run_options options) {
  auto context = transport::zmq_context::open(p->channels.size());
  if (!context) return std::move(context).error();
  auto store = persistence::open_snapshot_store(options.data_dir);
  if (!store) return std::move(store).error();
  std::unique_ptr<engine::event_log> log;
  if (has_logged_producer(*p)) {
    auto opened = persistence::open_event_log(options.data_dir);
    if (!opened) return std::move(opened).error();
    log = std::move(*opened);
  }
  auto dead = persistence::open_dead_letter_store(options.data_dir, {.limits = p->spec.settings.dead_letters});
  if (!dead) return std::move(dead).error();
  auto spills = open_spills(*p, options.data_dir);
  if (!spills) return std::move(spills).error();
  const auto threads = options.threads;
  auto shared = std::make_unique<run_shared>(std::move(p), std::move(options), std::move(*context), std::move(*store),
                                             std::move(log), std::move(*dead));
  shared->spills = std::move(*spills);
  return std::unique_ptr<topology_run>{std::make_unique<caf_topology_run>(std::move(shared), threads)};
}

}  // namespace millrace::runtime
