#include "runtime/remote/lead.hpp"

#include <utility>

#include "runtime/remote/exchange.hpp"
#include "runtime/remote/fault_wire.hpp"
#include "runtime/remote/span_report.hpp"
#include "runtime/remote/status_report.hpp"
#include "runtime/remote/wire.hpp"
#include "runtime/supervision.hpp"
#include "runtime/task_words.hpp"

namespace millrace::runtime::remote {

namespace {

using self_pointer = caf::stateful_actor<supervisor_state, ordered_actor>*;

/// Calls `act` with the message when it can be read, is of the incarnation that runs, and of a task of that node.
template <record Message, class Act>
void for_task(self_pointer self, const std::string& node, const envelope& e, Act act) {
  auto& s = self->state;
  auto read = read_as<Message>(e);
  if (!read || read->task.value >= s.tasks.size() || s.guests->node_of(read->task) != node) return;
  const auto& region = s.regions[s.shared->plan->tasks[read->task.value].region];
  if (region.incarnation == e.head.incarnation) act(*std::move(read));
}

void on_failed(self_pointer self, const envelope& e, failure_report&& m) {
  const error what{static_cast<errc>(m.code), static_cast<error_class>(m.who), std::move(m.message)};
  self->send(self, failure_message{m.task, e.head.incarnation, {what, m.action}});
}

void on_gone(self_pointer self, gone_report&& m) {
  auto& s = self->state;
  if (!m.failure.empty()) s.remote_failure = std::move(m.failure);
  if (s.tasks[m.task.value]) self->send_exit(s.tasks[m.task.value], caf::exit_reason::user_shutdown);
}

void on_hosted(self_pointer self, const std::string& node, const envelope& e) {
  auto& s = self->state;
  const auto answer = read_as<hosted_answer>(e);
  if (!answer || answer->region >= s.regions.size()) return;
  if (s.regions[answer->region].incarnation != e.head.incarnation) return;
  if (answer->error.empty()) {
    if (s.guests->on_hosted(node, answer->region, e.head.incarnation)) {
      self->send(self, hosted_atom::value, answer->region, e.head.incarnation.value);
    }
    return;
  }
  const auto why = "node " + node + ": " + answer->error;
  if (answer->is_final) {
    self->send(self, give_up_atom::value, why);
  } else {
    // Another region may do well on the same node.
    const auto& r = s.regions[answer->region];
    if (!s.ending && r.now == supervision::phase::hosting) supervision::wait_for_nodes(self, answer->region, why);
  }
}

void on_status(self_pointer self, const std::string& node, const envelope& e) {
  auto& s = self->state;
  auto report = read_as<status_report>(e);
  if (!report) return;
  std::erase_if(report->tasks,
                [&](const task_row& t) { return t.task.value >= s.tasks.size() || s.guests->node_of(t.task) != node; });
  s.shared->on_report(node, *std::move(report));
}

void on_spans(self_pointer self, const std::string& node, const envelope& e) {
  auto& shared = *self->state.shared;
  const auto report = read_as<span_report>(e);
  if (!report) return;
  shared.traces.add(node, from_wire(report->spans, shared.plan->tasks.size()), report->dropped, report->limited);
}

/// What concerns no task but the run.
void on_word(self_pointer self, const std::string& node, const envelope& e) {
  auto& s = self->state;
  switch (e.head.what) {
    case kind::hosted:
      return on_hosted(self, node, e);
    case kind::opened:
      if (const auto m = read_as<opened_answer>(e)) self->send(s.coordinator, opened_message{node, m->epoch});
      return;
    case kind::refused:
      if (const auto m = read_as<refusal_report>(e)) self->send(s.coordinator, refusal_message{m->epoch, m->why});
      return;
    case kind::wants_snapshot:
      self->send(s.coordinator, request_atom::value, false);
      return;
    case kind::status:
      return on_status(self, node, e);
    case kind::fault_hits:
      if (const auto m = read_as<fault_report_message>(e)) {
        for (const auto& f : m->faults) s.shared->faults.board().on_distant_hits(node, f.id, f.hits);
      }
      return;
    case kind::spans:
      return on_spans(self, node, e);
    case kind::looked:
      if (auto m = read_as<look_answer>(e)) s.shared->looks.on_answer(node, m->number, std::move(m->answer));
      return;
    case kind::lost:
      // What the two had on its way is gone, whatever this node sees of the other.
      if (const auto m = read_as<loss_report>(e)) self->send(self, lost_message{m->node, node + " says: " + m->why});
      return;
    case kind::log:
      if (const auto m = read_as<log_line>(e)) s.shared->log(m->level, said_on(node, m->text));
      return;
    default:
      return;
  }
}

}  // namespace

bool announce(run_shared& shared, const std::string& node, const engine::epoch_target& target) {
  const auto word = to_bytes(shared.instance, generation{}, open_epoch{to_wire(target)});
  return shared.options.where.nodes->send(node, word.view()).has_value();
}

void on_inbound(self_pointer self, const inbound_message& m) {
  auto& s = self->state;
  const auto e = open_envelope(m.bytes->view());
  if (!e || !s.guests->nodes().contains(m.node) || !s.coordinator) return;
  switch (e->head.what) {
    case kind::part_pages:
      return for_task<part_pages>(self, m.node, *e, [&](part_pages&& p) { s.guests->on_pages(std::move(p)); });
    case kind::part:
      return for_task<part_report>(self, m.node, *e, [&](part_report&& p) {
        self->send(s.coordinator, part_message{s.guests->on_part(std::move(p))});
      });
    case kind::ended:
      return for_task<ended_report>(self, m.node, *e, [&](ended_report&& r) {
        self->send(s.coordinator, ended_atom::value, r.task.value, e->head.incarnation.value);
      });
    case kind::failed:
      return for_task<failure_report>(self, m.node, *e, [&](failure_report&& r) { on_failed(self, *e, std::move(r)); });
    case kind::answer:
      return for_task<state_reply>(self, m.node, *e, [&](state_reply&& r) { s.guests->on_reply(std::move(r)); });
    case kind::gone:
      return for_task<gone_report>(self, m.node, *e, [&](gone_report&& r) { on_gone(self, std::move(r)); });
    default:
      return on_word(self, m.node, *e);
  }
}

}  // namespace millrace::runtime::remote
