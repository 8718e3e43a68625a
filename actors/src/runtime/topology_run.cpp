#include "millrace/runtime/topology_run.hpp"

#include <future>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include "millrace/persistence/dead_letter_store.hpp"
#include "millrace/persistence/snapshot_store.hpp"
#include "runtime/coordinator_actor.hpp"
#include "runtime/messages.hpp"
#include "runtime/remote/exchange.hpp"
#include "runtime/run_parts.hpp"
#include "runtime/run_shared.hpp"
#include "runtime/supervisor_actor.hpp"
#include "runtime/watchdog_actor.hpp"
#include "runtime/writer_actor.hpp"

namespace millrace::runtime {

namespace {

class caf_topology_run final : public topology_run {
public:
  caf_topology_run(std::unique_ptr<run_shared> shared, std::size_t threads)
      : shared_{std::move(shared)}, config_{threads}, system_{config_} {
    auto writer = system_.spawn<caf::detached>(writer_actor, shared_.get());
    supervisor_ = system_.spawn(supervisor_actor, shared_.get(), writer);
    coordinator_ = system_.spawn(coordinator_actor, shared_.get(), writer, supervisor_);
    system_.spawn<caf::detached>(watchdog_actor, shared_.get(), supervisor_);
    caf::anon_send(supervisor_, begin_atom::value, coordinator_);
    caf::anon_send(coordinator_, tick_atom::value);
    shared_->steering.on_change([supervisor = supervisor_, coordinator = coordinator_](bool wants_snapshot) {
      caf::anon_send(supervisor, steer_atom::value);
      if (wants_snapshot) caf::anon_send(coordinator, request_atom::value, false);
    });
  }

  ~caf_topology_run() override {
    shared_->faults.board().close();
    shared_->watches.board().close();
    // Nobody hears it where the run is over, except when it was the watchdog that ended it.
    caf::anon_send(supervisor_, give_up_atom::value, std::string{"the run was abandoned"});
    if (!shared_->is_finished()) (void)shared_->wait(std::chrono::seconds{20});
    shared_->steering.on_change({});
    supervisor_ = nullptr;
    coordinator_ = nullptr;
  }

  void stop() override {
    // A task that hangs or stands still on purpose could not take part in the last snapshot.
    shared_->faults.board().close();
    shared_->watches.board().close();
    caf::anon_send(supervisor_, stop_atom::value);
    caf::anon_send(coordinator_, request_atom::value, true);
  }
  void snapshot_now() override { caf::anon_send(coordinator_, request_atom::value, false); }
  void fail_task(task_id task, std::string why) override {
    caf::anon_send(supervisor_, failure_atom::value, task.value, std::move(why));
  }
  run_status status() const override { return shared_->status(); }
  collected_spans collect_spans() override { return shared_->traces.collect(); }
  chaos::fault_board& faults() override { return shared_->faults.board(); }
  inspect::watch_board& watches() override { return shared_->watches.board(); }
  std::string node_of(task_id task) const override {
    const auto& where = shared_->options.where;
    return where.nodes ? where.of(task, where.nodes->name()) : std::string{};
  }
  result<void> ask_node(const std::string& node, const std::string& question,
                        std::function<void(std::string&& answer)> done) override {
    return shared_->looks.ask(node, question, std::move(done));
  }
  result<void> letters(std::chrono::milliseconds timeout,
                       const std::function<result<void>(engine::dead_letter_store&)>& work) override {
    return shared_->letters->use(timeout, work);
  }
  run_steering& steering() override { return shared_->steering; }
  void keep_snapshot(std::string folder, std::string about, std::function<void(result<epoch_id>)> done) override {
    auto wanted = std::make_shared<keep_message::wish>(std::move(folder), std::move(about), std::move(done));
    caf::anon_send(coordinator_, keep_message{{}, std::move(wanted)});
  }
  const engine::plan& plan() const override { return *shared_->plan; }
  result<engine::state_answer> query(task_id task, engine::state_request request,
                                     std::chrono::milliseconds timeout) override {
    auto asked = std::make_shared<query_message::question>();
    asked->request = std::move(request);
    auto promised = std::make_shared<std::promise<result<engine::state_answer>>>();
    auto answer = promised->get_future();
    // The question alone holds the promise: dropped, it breaks.
    asked->answer = [p = std::move(promised)](result<engine::state_answer> a) { p->set_value(std::move(a)); };
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

}  // namespace

result<std::unique_ptr<topology_run>> topology_run::start(std::shared_ptr<const engine::plan> p, run_options options) {
  auto context = transport::zmq_context::open(p->channels.size());
  if (!context) return std::move(context).error();
  auto store = persistence::open_snapshot_store(options.data_dir);
  if (!store) return std::move(store).error();
  const auto is_here = [&](task_id t) {
    const auto& where = options.where;
    return !where.nodes || where.of(t, where.nodes->name()).empty();
  };
  auto log = open_log(*p, options.data_dir, is_here);
  if (!log) return std::move(log).error();
  auto dead = persistence::open_dead_letter_store(options.data_dir, {.limits = p->spec.settings.dead_letters});
  if (!dead) return std::move(dead).error();
  auto spills = open_spills(*p, options.data_dir);
  if (!spills) return std::move(spills).error();
  const auto threads = options.threads;
  auto shared = std::make_unique<run_shared>(std::move(p), std::move(options), std::move(*context), std::move(*store),
                                             std::move(*log), std::move(*dead));
  shared->spills = std::move(*spills);
  shared->retained_disk = open_retained_disk(*shared);
  return std::unique_ptr<topology_run>{std::make_unique<caf_topology_run>(std::move(shared), threads)};
}

}  // namespace millrace::runtime
