#include "millrace/runtime/guest_run.hpp"

#include <utility>

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include "millrace/persistence/data_folder.hpp"
#include "millrace/topology.hpp"
#include "millrace/validation.hpp"
#include "runtime/remote/courier_actor.hpp"
#include "runtime/remote/exchange.hpp"
#include "runtime/remote/guest_actor.hpp"
#include "runtime/remote/wire.hpp"
#include "runtime/run_parts.hpp"

namespace millrace::runtime {

namespace {

class caf_guest_run final : public guest_run {
public:
  caf_guest_run(std::unique_ptr<run_shared> shared, std::string lead, std::vector<std::string> tasks,
                std::size_t threads)
      : shared_{std::move(shared)},
        lead_{std::move(lead)},
        tasks_{std::move(tasks)},
        config_{threads},
        system_{config_} {
    auto& nodes = *shared_->options.where.nodes;
    auto courier = system_.spawn<caf::detached>(remote::courier_actor, &nodes, shared_->instance,
                                                std::shared_ptr<const std::atomic<bool>>{stopping_});
    host_ = system_.spawn(remote::guest_actor, shared_.get(), lead_, std::move(courier));
    shared_->set_state("running");
    shared_->steering.on_change([host = host_](bool) { caf::anon_send(host, steer_atom::value); });
    nodes.listen(shared_->instance,
                 {[host = host_](const std::string& node, std::shared_ptr<const byte_buffer> message) {
                    caf::anon_send(host, inbound_message{node, std::move(message)});
                  },
                  [host = host_](const std::string& node, const std::string& why) {
                    caf::anon_send(host, lost_message{node, why});
                  }});
  }

  ~caf_guest_run() override {
    end();
    (void)shared_->wait(std::chrono::seconds{20});
    shared_->options.where.nodes->forget(shared_->instance);
    shared_->steering.on_change({});
    host_ = nullptr;
  }

  transport::topology_instance instance() const override { return shared_->instance; }
  void take(bytes_view message) override {
    auto kept = std::make_shared<byte_buffer>();
    kept->append(message);
    caf::anon_send(host_, inbound_message{lead_, std::move(kept)});
  }

  std::vector<std::string> tasks() const override { return tasks_; }
  bool is_over() const override { return shared_->is_finished(); }
  void end() override {
    *stopping_ = true;
    caf::anon_send(host_, give_up_atom::value, std::string{});
  }

private:
  // Destroyed last to first: the actor system waits for all actors, which use what is shared.
  std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<run_shared> shared_;
  std::string lead_;
  std::vector<std::string> tasks_;
  system_config config_;
  caf::actor_system system_;
  caf::actor host_;
};

std::string first_error(const validation& v) {
  for (const auto& p : v.problems) {
    if (p.level == problem::severity::error) return to_string(p);
  }
  return "it does not validate";
}

result<std::shared_ptr<const engine::plan>> plan_of(const guest_options& options, const remote::host_request& request) {
  auto parsed = parse_topology(request.text, request.topology);
  if (!parsed) return std::move(parsed).error();
  parsed->base_folder = request.base_folder;
  if (options.admits) {
    if (auto fine = options.admits(*parsed); !fine) return std::move(fine).error();
  }
  const auto checked = validate(*parsed);
  if (!checked.ok()) return user_error(errc::invalid_topology, first_error(checked));
  if (remote::fingerprint_of(*checked.plan) != request.fingerprint) {
    return user_error(errc::schema_mismatch,
                      "its actors or record types differ from those of the node that leads the topology: install the "
                      "same version of Millrace and of your plugins on both");
  }
  if (request.node_of.size() != checked.plan->tasks.size()) {
    return user_error(errc::invalid_argument, "the tasks do not fit the topology");
  }
  return checked.plan;
}

result<std::unique_ptr<caf_guest_run>> make(guest_options& options, const remote::envelope& e,
                                            const remote::host_request& request) {
  auto plan = plan_of(options, request);
  if (!plan) return std::move(plan).error();
  auto context = transport::zmq_context::open((*plan)->channels.size());
  if (!context) return std::move(context).error();
  if (auto made = persistence::make_folder(options.data_dir); !made) return std::move(made).error();
  const auto is_here = [&](task_id t) {
    const auto at = request.node_of[t.value];
    return at < request.nodes.size() && request.nodes[at] == options.nodes->name();
  };
  auto log = open_log(**plan, options.data_dir, is_here);
  if (!log) return std::move(log).error();
  auto spills = open_spills(**plan, options.data_dir);
  if (!spills) return std::move(spills).error();
  run_options inner;
  inner.data_dir = options.data_dir;
  inner.protect = options.protect;
  inner.trace = {request.trace_one_in, request.trace_seed, request.trace_per_second_max};
  inner.where.nodes = options.nodes;
  inner.where.instance = e.head.instance;
  inner.log = [log = options.log, nodes = options.nodes, lead = options.lead, instance = e.head.instance](
                  log_level level, const std::string& text) {
    if (log) log(level, text);
    (void)nodes->send(lead, remote::to_bytes(instance, {}, remote::log_line{level, text}).view(),
                      exchange::urgency::bulk);
  };
  std::vector<std::string> tasks;
  for (const auto& t : (*plan)->tasks) {
    if (is_here(t.id)) tasks.push_back((*plan)->task_name(t.id));
  }
  auto shared = std::make_unique<run_shared>(*std::move(plan), std::move(inner), *std::move(context), nullptr,
                                             *std::move(log), nullptr);
  shared->spills = *std::move(spills);
  if (options.looks) {
    std::vector<bool> here;
    for (const auto& t : shared->plan->tasks) here.push_back(is_here(t.id));
    shared->answer_looks = options.looks(shared->watches.board(), *shared->plan,
                                         [here = std::move(here)](task_id t) { return here[t.value]; });
  }
  return std::make_unique<caf_guest_run>(std::move(shared), options.lead, std::move(tasks), options.threads);
}

}  // namespace

result<guest_run::request> guest_run::read(bytes_view message) {
  const auto e = remote::open_envelope(message);
  if (!e) return e.error();
  auto m = remote::read_as<remote::host_request>(*e);
  if (!m) return retryable_error(errc::not_found, "a message of a run that is not known");
  return request{e->head.instance, std::move(m->topology)};
}

result<std::unique_ptr<guest_run>> guest_run::start(guest_options options, bytes_view message) {
  const auto e = remote::open_envelope(message);
  if (!e) return e.error();
  const auto m = remote::read_as<remote::host_request>(*e);
  if (!m) return m.error();
  auto made = make(options, *e, *m);
  if (!made) {
    const remote::hosted_answer answer{m->region, made.error().message, made.error().kind == error_class::user};
    (void)options.nodes->send(options.lead, remote::to_bytes(e->head.instance, e->head.incarnation, answer).view());
    return std::move(made).error();
  }
  (*made)->take(message);
  return std::unique_ptr<guest_run>{*std::move(made)};
}

}  // namespace millrace::runtime
