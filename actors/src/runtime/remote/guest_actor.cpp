#include "runtime/remote/guest_actor.hpp"

#include <algorithm>
#include <utility>

#include <caf/send.hpp>

#include "runtime/remote/courier_actor.hpp"
#include "runtime/remote/fault_wire.hpp"
#include "runtime/remote/received_pages.hpp"
#include "runtime/remote/span_report.hpp"
#include "runtime/remote/state_wire.hpp"
#include "runtime/remote/status_report.hpp"
#include "runtime/remote/steering_wire.hpp"
#include "runtime/task_making.hpp"

namespace millrace::runtime::remote {

namespace {

using self_pointer = caf::stateful_actor<guest_state, ordered_actor>*;

constexpr auto report_interval = std::chrono::milliseconds{500};
// The queue of a link drains in less.
constexpr auto word_interval = std::chrono::milliseconds{5};
// A task ends or fails once, takes part in one epoch at a time, and answers questions one by one.
constexpr std::size_t words_of_task_max = 16;
constexpr std::size_t words_max = 1'000;

template <class Message>
void tell_lead(self_pointer self, generation incarnation, const Message& m) {
  auto& s = self->state;
  const bool was_waiting = s.words->is_waiting();
  if (!s.words->say(to_bytes(s.shared->instance, incarnation, m))) {
    s.shared->log(log_level::error, "a word to node " + s.lead + " was dropped: too many wait already");
  }
  if (s.words->is_waiting() && !was_waiting) self->delayed_send(self, word_interval, run_atom::value);
}

generation incarnation_of(const guest_state& s, task_id t) {
  return s.regions[s.shared->plan->tasks[t.value].region].incarnation;
}

void kill_region(self_pointer self, std::uint32_t region) {
  auto& s = self->state;
  for (auto at = s.tasks.begin(); at != s.tasks.end();) {
    auto& [id, t] = *at;
    if (s.shared->plan->tasks[id.value].region != region) {
      ++at;
    } else if (t.actor) {
      t.link->stopping = true;
      self->send_exit(t.actor, caf::exit_reason::kill);
      ++at;
    } else {
      at = s.tasks.erase(at);  // made and never begun
    }
  }
}

void quit_if_over(self_pointer self) {
  auto& s = self->state;
  if (!s.is_leaving || std::ranges::any_of(s.regions, [](const auto& r) { return r.alive != 0; })) return;
  s.tasks.clear();
  s.shared->options.where.nodes->forget(s.shared->instance);
  self->send_exit(s.courier, caf::exit_reason::user_shutdown);
  s.courier = nullptr;
  s.shared->finish({run_outcome::kind::stopped, false, {}});
  self->quit();
}

void leave(self_pointer self) {
  auto& s = self->state;
  s.is_leaving = true;
  for (std::uint32_t r = 0; r < s.regions.size(); ++r) {
    s.regions[r].wanted.reset();
    kill_region(self, r);
  }
  quit_if_over(self);
}

result<void> make_tasks(self_pointer self, std::uint32_t region, generation incarnation, const host_request& request) {
  auto& s = self->state;
  auto& shared = *s.shared;
  const auto& plan = *shared.plan;
  const auto& own = shared.options.where.nodes->name();
  const auto node_of = [&plan, &own, request](task_id t) {
    const auto& name = request.nodes[request.node_of[t.value]];
    return name == own ? std::string{} : name;
  };
  for (const auto& t : plan.tasks) {
    if (t.region != region || !node_of(t.id).empty()) continue;
    auto& made = s.tasks[t.id];
    made.link = std::make_shared<task_link>(t.id, plan.task_name(t.id), incarnation, shared);
    const auto me = caf::actor_cast<caf::actor>(self);
    made.link->connect(me, me);
    made.pages = std::make_shared<received_pages::pages>();
  }
  const task_making making{shared,      region,
                           incarnation, request.batch_events,
                           node_of,     [&s](task_id t) -> task_link& { return *s.tasks.at(t).link; }};
  auto made = making.make();
  if (!made) return std::move(made).error();
  auto next = made->begin();
  for (const auto& t : plan.tasks) {
    if (t.region == region && node_of(t.id).empty()) s.tasks.at(t.id).made = std::move(*next++);
  }
  return {};
}

/// Makes what is wanted once everything before it is gone.
void host_if_clear(self_pointer self, std::uint32_t region) {
  auto& s = self->state;
  auto& r = s.regions[region];
  if (!r.wanted || r.alive != 0) return;
  const auto [incarnation, request] = *std::exchange(r.wanted, std::nullopt);
  r.incarnation = incarnation;
  if (!s.misfit.empty()) return tell_lead(self, incarnation, hosted_answer{region, s.misfit, true});
  auto ok = make_tasks(self, region, incarnation, request);
  if (!ok) kill_region(self, region);
  tell_lead(self, incarnation, hosted_answer{region, ok ? std::string{} : ok.error().message, false});
}

void on_host(self_pointer self, const envelope& e) {
  auto& s = self->state;
  auto request = read_as<host_request>(e);
  const auto& plan = *s.shared->plan;
  if (!request || s.is_leaving || request->region >= s.regions.size()) return;
  auto& r = s.regions[request->region];
  if (e.head.incarnation <= r.incarnation || request->node_of.size() != plan.tasks.size()) return;
  if (std::ranges::any_of(request->node_of, [&](std::uint32_t n) { return n >= request->nodes.size(); })) return;
  const auto region = request->region;
  r.wanted = std::pair{e.head.incarnation, *std::move(request)};
  kill_region(self, region);
  host_if_clear(self, region);
}

/// The task named, when it is here and of the message's incarnation.
guest_state::hosted_task* find_task(guest_state& s, const envelope& e, task_id t) {
  const auto at = s.tasks.find(t);
  return at == s.tasks.end() || incarnation_of(s, t) != e.head.incarnation ? nullptr : &at->second;
}

std::shared_ptr<const engine::restore_point> point_of(const std::string& name, guest_state::hosted_task& t,
                                                      restore_request& m) {
  auto point = std::make_shared<engine::restore_point>();
  point->epoch = m.epoch;
  point->environment = m.environment;
  if (!m.is_known) return point;
  point->metas[name].append(m.meta);
  engine::snapshot_info info;
  info.epoch = m.epoch;
  info.environment = m.environment;
  point->pages = std::make_shared<engine::page_source>(
      std::make_unique<received_pages>(std::move(info), name, std::move(t.pages)));
  return point;
}

void on_restore(self_pointer self, const envelope& e) {
  auto& s = self->state;
  auto m = read_as<restore_request>(e);
  auto* t = m ? find_task(s, e, m->task) : nullptr;
  if (t == nullptr || !t->made) return;
  auto state = std::make_shared<task_state>();
  state->link = t->link;
  state->from = point_of(s.shared->plan->task_name(m->task), *t, *m);
  auto replays = std::make_shared<letter_keeper::replays>();
  replays->more = m->reopens;
  replays->items.emplace_back(m->task, from_wire(std::move(m->items)));
  state->replays = std::move(replays);
  state->incarnation = e.head.incarnation;
  state->task = std::move(t->made);
  t->actor = spawn_task(self->system(), std::move(state));
  self->monitor<caf::message_priority::high>(t->actor);
  ++s.regions[s.shared->plan->tasks[m->task.value].region].alive;
  self->send(t->actor, begin_atom::value);
}

void on_pages(guest_state& s, const envelope& e) {
  auto m = read_as<restore_pages>(e);
  auto* t = m ? find_task(s, e, m->task) : nullptr;
  if (t == nullptr || !t->pages) return;
  for (const auto& p : m->pages) (*t->pages)[p.number].append(p.content);
}

template <class Message, class Act>
void for_actor(self_pointer self, const envelope& e, Act act) {
  auto m = read_as<Message>(e);
  auto* t = m ? find_task(self->state, e, m->task) : nullptr;
  if (t != nullptr && t->actor) act(t->actor, *m);
}

void on_question(self_pointer self, const envelope& e) {
  auto& s = self->state;
  auto m = read_as<state_question>(e);
  auto* t = m ? find_task(s, e, m->task) : nullptr;
  if (t == nullptr || !t->actor) return;
  auto asked = std::make_shared<query_message::question>();
  asked->answer = [nodes = s.shared->options.where.nodes, lead = s.lead, instance = s.shared->instance,
                   incarnation = e.head.incarnation, task = m->task,
                   number = m->number](const result<engine::state_answer>& a) {
    (void)nodes->send(lead, to_bytes(instance, incarnation, to_wire(task, number, a)).view());
  };
  const auto task = m->task;
  asked->request = from_wire(*std::move(m));
  self->send(t->actor, query_message{task, std::move(asked)});
}

/// Bounded work of a few milliseconds (see node/looking/tail.hpp). An answer that finds no room is asked for again.
void on_look(self_pointer self, const envelope& e) {
  auto& shared = *self->state.shared;
  const auto m = read_as<look_request>(e);
  if (!m || self->state.is_leaving || !shared.answer_looks) return;
  (void)shared.options.where.nodes->send(
      self->state.lead, to_bytes(shared.instance, {}, look_answer{m->number, shared.answer_looks(m->question)}).view());
}

void on_close(self_pointer self, const envelope& e) {
  auto& s = self->state;
  const auto m = read_as<close_request>(e);
  auto* t = m ? find_task(s, e, m->task) : nullptr;
  if (t == nullptr) return;
  if (t->actor) {
    self->send(t->actor, close_atom::value);
    return;
  }
  s.tasks.erase(m->task);
  tell_lead(self, e.head.incarnation, gone_report{m->task, {}});
}

void on_release(self_pointer self, const envelope& e) {
  auto& s = self->state;
  const auto m = read_as<release_request>(e);
  if (!m) return;
  if (m->is_run_over) return leave(self);
  for (std::uint32_t r = 0; r < s.regions.size(); ++r) {
    if (s.regions[r].incarnation <= e.head.incarnation) kill_region(self, r);
  }
}

void on_fault(self_pointer self, const envelope& e) {
  auto& s = self->state;
  const auto m = read_as<fault_message>(e);
  if (!m || s.is_leaving) return;
  const auto order = from_wire(*m);
  const auto done = order ? s.shared->faults.board().obey(*order) : result<void>{order.error()};
  if (!done) s.shared->log(log_level::warning, "fault " + std::to_string(m->id) + ": " + done.error().message);
}

void report_faults(self_pointer self) {
  fault_report_message out;
  for (const auto& f : self->state.shared->faults.board().list()) {
    if (f.hits != 0) out.faults.push_back({f.id, f.hits});
  }
  if (!out.faults.empty()) tell_lead(self, {}, out);
}

/// The lead has checked it against the actors that it has itself.
void on_steer(self_pointer self, const envelope& e) {
  auto& s = self->state;
  const auto m = read_as<steer_request>(e);
  if (!m) return;
  const auto done = adopt(s.shared->steering, *m);
  s.misfit = done ? std::string{}
                  : done.error().message + " (set while the topology runs; install the same plugins on all nodes)";
  if (done || s.tasks.empty()) return;
  const auto task = s.tasks.begin()->first;
  tell_lead(self, incarnation_of(s, task),
            failure_report{task, static_cast<std::uint8_t>(done.error().code),
                           static_cast<std::uint8_t>(done.error().kind), s.misfit, failure_action::stop});
}

void on_inbound(self_pointer self, const inbound_message& in) {
  auto& s = self->state;
  const auto e = open_envelope(in.bytes->view());
  if (!e || in.node != s.lead) return;
  switch (e->head.what) {
    case kind::host:
      return on_host(self, *e);
    case kind::restore_pages:
      return on_pages(s, *e);
    case kind::restore:
      return on_restore(self, *e);
    case kind::open_epoch:
      if (const auto m = read_as<open_epoch>(*e)) {
        s.shared->open_epoch(from_wire(m->to));
        tell_lead(self, e->head.incarnation, opened_answer{m->to.epoch});
      }
      return;
    case kind::barrier:
      return for_actor<barrier_request>(self, *e, [&](const caf::actor& to, const barrier_request& m) {
        self->send(to, barrier_message{from_wire(m.to)});
      });
    case kind::epoch_over:
      return for_actor<epoch_over>(self, *e, [&](const caf::actor& to, const epoch_over& m) {
        self->send(to, epoch_message{m.epoch, m.complete, m.oldest_retained});
      });
    case kind::replays:
      return for_actor<replays_offer>(self, *e, [&](const caf::actor& to, replays_offer& m) {
        self->send(
            to, replays_message{std::make_shared<const std::vector<engine::replay_item>>(from_wire(std::move(m.items))),
                                m.more});
      });
    case kind::steer:
      return on_steer(self, *e);
    case kind::question:
      return on_question(self, *e);
    case kind::look:
      return on_look(self, *e);
    case kind::close:
      return on_close(self, *e);
    case kind::release:
      return on_release(self, *e);
    case kind::fault:
      return on_fault(self, *e);
    default:
      return;
  }
}

void on_part(self_pointer self, const part_message& m) {
  auto& s = self->state;
  self->send(s.courier, part_parcel{s.lead, incarnation_of(s, m.part->task), m.part});
}

void on_failure(self_pointer self, const failure_message& m) {
  const auto& what = m.failure.what;
  tell_lead(self, m.incarnation,
            failure_report{m.task, static_cast<std::uint8_t>(what.code), static_cast<std::uint8_t>(what.kind),
                           what.message, m.failure.action});
}

void report_spans(self_pointer self) {
  auto& s = self->state;
  if (!s.shared->traces.is_on()) return;
  auto told = s.shared->traces.collect();
  for (std::size_t at = 0; at < told.spans.size() || told.dropped + told.limited != 0;) {
    span_report out;
    while (at < told.spans.size() && out.spans.size() < span_report::spans_max) {
      out.spans.push_back(to_wire(told.spans[at++].what));
    }
    out.dropped = std::exchange(told.dropped, 0);
    out.limited = std::exchange(told.limited, 0);
    (void)s.shared->options.where.nodes->send(s.lead, to_bytes(s.shared->instance, {}, out).view(),
                                              exchange::urgency::bulk);
  }
}

void on_down(self_pointer self, const caf::down_msg& down) {
  auto& s = self->state;
  const auto at = std::ranges::find_if(
      s.tasks, [&](const auto& t) { return t.second.actor && t.second.actor.address() == down.source; });
  if (at == s.tasks.end()) return;
  const auto region = s.shared->plan->tasks[at->first.value].region;
  at->second.link->bell()->silence();
  report_spans(self);
  tell_lead(self, s.regions[region].incarnation, gone_report{at->first, at->second.link->failure});
  at->second.link->disconnect();
  s.tasks.erase(at);
  --s.regions[region].alive;
  host_if_clear(self, region);
  quit_if_over(self);
}

/// Only numbers: while links are full they had better wait.
void report_status(self_pointer self) {
  auto& s = self->state;
  if (s.is_leaving) return;
  report_spans(self);
  const auto now = s.shared->status();
  status_report out;
  for (const auto& [id, t] : s.tasks) out.tasks.push_back(to_wire(id, now.tasks[id.value]));
  for (const auto& c : s.shared->plan->channels) {
    if (s.tasks.contains(c.source) || s.tasks.contains(c.target)) {
      out.channels.push_back(to_wire(c.id, now.channels[c.id.value]));
    }
  }
  (void)s.shared->options.where.nodes->send(s.lead, to_bytes(s.shared->instance, {}, out).view(),
                                            exchange::urgency::bulk);
  report_faults(self);
  self->delayed_send(self, report_interval, tick_atom::value);
}

}  // namespace

caf::behavior guest_actor(self_pointer self, run_shared* shared, std::string lead, caf::actor courier) {
  auto& s = self->state;
  s.shared = shared;
  s.lead = std::move(lead);
  s.courier = std::move(courier);
  s.words = std::make_unique<word_queue>(*shared->options.where.nodes, s.lead,
                                         words_max + words_of_task_max * shared->plan->tasks.size());
  s.regions.resize(shared->plan->regions);
  self->set_default_handler(caf::drop);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  self->delayed_send(self, report_interval, tick_atom::value);
  return {
      [self](tick_atom) { report_status(self); },
      [self](steer_atom) {
        for (const auto& [id, t] : self->state.tasks) t.link->bell()->ring();
      },
      [self](run_atom) {
        if (!self->state.words->send_waiting()) self->delayed_send(self, word_interval, run_atom::value);
      },
      [self](const inbound_message& m) { on_inbound(self, m); },
      [self](const lost_message& m) {
        if (m.node == self->state.lead) {
          self->state.words->clear();
          leave(self);
        } else {
          tell_lead(self, {}, loss_report{m.node, m.why});
        }
      },
      [self](give_up_atom, const std::string&) { leave(self); },
      [self](const part_message& m) { on_part(self, m); },
      [self](const refusal_message& m) {
        tell_lead(self, {}, refusal_report{m.epoch, m.why});
      },
      [self](request_atom, bool) { tell_lead(self, {}, snapshot_wish{}); },
      [self](ended_atom, std::uint32_t task, std::uint64_t incarnation) {
        tell_lead(self, {incarnation}, ended_report{{task}});
      },
      [self](const failure_message& m) { on_failure(self, m); },
  };
}

}  // namespace millrace::runtime::remote
