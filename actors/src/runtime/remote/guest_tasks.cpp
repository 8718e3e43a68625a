#include "runtime/remote/guest_tasks.hpp"

#include <algorithm>
#include <utility>

#include "millrace/engine/page_spill.hpp"

namespace millrace::runtime::remote {

guest_tasks::guest_tasks(run_shared& shared) : shared_{shared} {
  const auto& plan = *shared.plan;
  const auto& where = shared.options.where;
  nodes_.resize(plan.regions);
  missing_.resize(plan.regions);
  asked_.resize(plan.regions);
  for (const auto& t : plan.tasks) {
    node_of_.push_back(where.nodes ? where.of(t.id, where.nodes->name()) : std::string{});
    if (node_of_.back().empty()) continue;
    nodes_[t.region].insert(node_of_.back());
    all_.insert(node_of_.back());
  }
  // Scratch in memory: what comes in leaves again for the snapshot store.
  auto spill = engine::memory_state_backend()->open("received");
  received_ = std::make_shared<engine::shared_spill>(*std::move(spill));
}

std::string guest_tasks::unreachable(std::uint32_t region) const {
  for (const auto& node : nodes_[region]) {
    if (!shared_.options.where.nodes->is_reachable(node)) return node;
  }
  return {};
}

host_request guest_tasks::request_for(std::uint32_t region) const {
  const auto& plan = *shared_.plan;
  const auto& where = shared_.options.where;
  host_request out;
  out.topology = plan.spec.name;
  out.text = where.text;
  out.base_folder = where.base_folder;
  out.fingerprint = fingerprint_of(plan);
  out.nodes.push_back(where.nodes->name());
  out.nodes.insert(out.nodes.end(), all_.begin(), all_.end());
  for (const auto& node : node_of_) {
    const auto at = std::find(out.nodes.begin() + 1, out.nodes.end(), node);
    out.node_of.push_back(at == out.nodes.end() ? 0 : static_cast<std::uint32_t>(at - out.nodes.begin()));
  }
  out.region = region;
  out.batch_events = shared_.options.batch_events;
  out.trace_one_in = shared_.options.trace.one_in;
  out.trace_seed = shared_.options.trace.seed;
  out.trace_per_second_max = shared_.options.trace.per_second_max;
  return out;
}

result<void> guest_tasks::ask(std::uint32_t region, generation incarnation) {
  asked_[region] = incarnation;
  missing_[region] = nodes_[region];
  const auto message = to_bytes(shared_.instance, incarnation, request_for(region));
  for (const auto& node : nodes_[region]) {
    auto sent = shared_.options.where.nodes->send(node, message.view());
    if (!sent) return retryable_error(errc::unavailable, "node " + node + ": " + sent.error().message);
  }
  return {};
}

bool guest_tasks::on_hosted(const std::string& node, std::uint32_t region, generation incarnation) {
  if (region >= asked_.size() || asked_[region] != incarnation) return false;
  return missing_[region].erase(node) != 0 && missing_[region].empty();
}

void guest_tasks::release() {
  *stopping_ = true;
  for (const auto& node : all_) {
    // One that cannot be reached has lost its lead and ends by itself.
    (void)shared_.options.where.nodes->send(
        node, to_bytes(shared_.instance, generation{~std::uint64_t{0}}, release_request{true}).view());
  }
}

void guest_tasks::on_pages(part_pages&& pages) {
  if (const auto dead = received_->take_dead(); !dead.empty()) (void)received_->pages().erase(dead);
  auto& in = incoming_[pages.task];
  if (in.epoch != pages.epoch) in = {pages.epoch, {}};
  for (const auto& p : pages.pages) {
    const auto place = next_place_++;
    const engine::page_spill::entry entry{place, p.content};
    if (!received_->pages().put({&entry, 1})) continue;  // cannot happen: no place is used twice
    in.pages.push_back({p.number, {}, std::make_shared<engine::spilled_page>(received_, place)});
  }
}

std::shared_ptr<engine::task_snapshot> guest_tasks::on_part(part_report&& report) {
  auto part = std::make_shared<engine::task_snapshot>(from_wire(std::move(report)));
  if (const auto in = incoming_.find(part->task); in != incoming_.end()) {
    if (in->second.epoch == part->target.epoch) part->rows.pages = std::move(in->second.pages);
    incoming_.erase(in);
  }
  return part;
}

void guest_tasks::ask_state(const query_message& m) {
  const auto number = ++last_question_;
  const auto incarnation = asked_[shared_.plan->tasks[m.task.value].region];
  const auto question = to_bytes(shared_.instance, incarnation, to_wire(m.task, number, m.asked->request));
  if (!shared_.options.where.nodes->send(node_of_[m.task.value], question.view())) return;
  questions_[number] = m.asked;
  if (questions_.size() > questions_max) questions_.erase(questions_.begin());
}

void guest_tasks::on_reply(state_reply&& reply) {
  const auto asked = questions_.extract(reply.number);
  if (!asked.empty()) asked.mapped()->answer(from_wire(std::move(reply)));
}

void guest_tasks::forget_pages() {
  incoming_.clear();
}

}  // namespace millrace::runtime::remote
