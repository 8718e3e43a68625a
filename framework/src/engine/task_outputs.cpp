#include "millrace/engine/task_outputs.hpp"

#include <algorithm>
#include <utility>

namespace millrace::engine {

task_outputs::task_outputs(std::vector<port> ports) : ports_{std::move(ports)} {
  for (auto& p : ports_) p.oldest_ingest.assign(p.groups.size(), 0);
}

void task_outputs::bind(std::uint32_t batch_events, const output_base* dealing, bool keeps_letters) {
  keeps_letters_ = keeps_letters && ports_[actor_access::dead_index].groups.empty();
  for (auto& p : ports_) {
    if (p.groups.empty()) {
      if (keeps_letters && &p == &ports_[actor_access::dead_index]) {
        p.out->bind(*this, batch_events);
      } else {
        p.out->attach(*this);
      }
      continue;
    }
    if (p.out != dealing) {
      p.out->bind(*this, batch_events);
      continue;
    }
    dealing_ = &p;
    for (std::size_t g = 0; g < p.groups.size(); ++g) {
      p.dealt.push_back(p.out->type()->make_builder(batch_events));
      dealt_.push_back(p.dealt.back().get());
    }
  }
}

void task_outputs::begin_frame(std::int64_t ingest_ns) {
  ingest_ns_ = ingest_ns;
  for (auto& p : ports_) {
    for (std::size_t g = 0; g < p.groups.size(); ++g) {
      const auto* filling = p.dealt.empty() ? p.out->builder() : p.dealt[g].get();
      if (filling == nullptr || filling->empty()) p.oldest_ingest[g] = ingest_ns;
    }
  }
}

void task_outputs::batch_full(output_base& out) {
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    if (ports_[i].out != &out) continue;
    if (holds_) {
      held_.push_back({i, out.builder()->finish()});
    } else {
      send(ports_[i], 0, out.builder()->finish());
    }
    return;
  }
}

void task_outputs::emit_current(output_base& out) {
  if (current_ == nullptr || out.passes() != current_->input) return;
  ++events_late_;
  if (out.builder() == nullptr) return;
  out.builder()->append_from(current_->records, current_->cursor);
  if (out.builder()->is_full()) batch_full(out);
}

template <class F>
void task_outputs::for_each_builder(F&& f) {
  for (auto& p : ports_) {
    if (auto* b = p.out->builder(); b != nullptr) f(*b);
  }
}

void task_outputs::begin_late(event_time t) {
  for_each_builder([t](batch_builder& b) { b.begin_late(t); });
}

void task_outputs::end_late() {
  for_each_builder([](batch_builder& b) { b.end_late(); });
}

// A batch with late marks goes record by record, so that each mark finds its record's new place.
void task_outputs::deal_one(const batch& records, std::uint32_t row, std::uint16_t target,
                            std::span<const std::uint64_t> hashes) {
  auto& to = *dealt_[target];
  const auto marks = records.late_marks();
  const auto mark = std::ranges::lower_bound(marks, row, {}, &late_mark::row);
  const bool is_late = mark != marks.end() && mark->row == row;
  if (is_late) to.begin_late(mark->watermark);
  to.append_from(records, row);
  if (is_late) to.end_late();
  if (!hashes.empty()) to.push_key_hash(hashes[row]);
}

std::vector<emitted_batch> task_outputs::take_held() {
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    auto* b = ports_[i].out->builder();
    if (b != nullptr && !b->empty()) held_.push_back({i, b->finish()});
  }
  return std::exchange(held_, {});
}

void task_outputs::deal(const batch& records, std::uint32_t& cursor, std::uint32_t end,
                        std::span<const std::uint16_t> targets, std::span<const std::uint64_t> hashes) {
  auto& p = *dealing_;
  while (cursor < end && !pause_) {
    const auto from = cursor;
    if (end == records.size() && records.late_marks().empty()) {
      cursor = records.type().scatter(records, cursor, targets, hashes, dealt_);
    } else {
      deal_one(records, cursor, targets[cursor], hashes);
      ++cursor;
    }
    if (tracer_ != nullptr) trace_dealt(from, cursor, targets);
    for (std::size_t g = 0; g < dealt_.size(); ++g) {
      if (dealt_[g]->is_full()) send(p, g, dealt_[g]->finish());
    }
  }
}

std::vector<std::uint64_t> task_outputs::loads() const {
  std::vector<std::uint64_t> events;
  for (std::size_t g = 0; g < dealt_.size(); ++g) {
    std::uint32_t batches = 0;
    for (const auto& lane : dealing_->groups[g]) batches = std::max(batches, lane.batches_in_flight());
    events.push_back(dealt_[g]->size() + std::uint64_t{batches} * dealt_[g]->capacity());
  }
  return events;
}

void task_outputs::trace_dealt(std::uint32_t first, std::uint32_t end, std::span<const std::uint16_t> targets) {
  if (tracer_->next(first) >= end) return;
  sizes_.clear();
  for (const auto* b : dealt_) sizes_.push_back(b->size());
  tracer_->dealt(number_of(*dealing_), first, end, targets, sizes_);
}

std::vector<std::size_t> task_outputs::groups_of_ports() const {
  std::vector<std::size_t> out;
  for (const auto& p : ports_) out.push_back(p.groups.size());
  return out;
}

void task_outputs::begin_traced() {
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const auto* b = ports_[i].out->builder();
    tracer_->note_size(i, b == nullptr ? 0 : b->size());
  }
}

void task_outputs::end_traced() {
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const auto* b = ports_[i].out->builder();
    if (b != nullptr) tracer_->note_emitted(i, b->size());
  }
}

void task_outputs::broadcast(const batch_ptr& records, std::uint32_t first) {
  if (tracer_ != nullptr) tracer_->passed_on(number_of(*dealing_), first, first + records->size());
  for (std::size_t g = 0; g < dealing_->groups.size(); ++g) send(*dealing_, g, records);
}

void task_outputs::flush() {
  for (auto& p : ports_) flush_port(p);
  for_each_lane([this](output_lane& lane) { lane.send_watermark(watermark_); });
}

void task_outputs::send_idle() {
  flush();
  for_each_lane([](output_lane& lane) { lane.send_idle(); });
}

void task_outputs::send_barrier(epoch_id epoch) {
  for (auto& p : ports_) flush_port(p);
  for_each_lane([epoch](output_lane& lane) { lane.send_barrier(epoch); });
}

void task_outputs::send_end() {
  for (auto& p : ports_) flush_port(p);
  for_each_lane([](output_lane& lane) { lane.send_end(); });
}

void task_outputs::collect_credit() {
  for_each_lane([this](output_lane& lane) {
    lane.collect_credit();
    if (lane.failure()) [[unlikely]]
      failure_ = &*lane.failure();
  });
  refresh_pause();
}

bool task_outputs::waits_for_disk() const noexcept {
  bool waits = false;
  for_each_lane([&](const output_lane& lane) { waits = waits || lane.waits_for_disk(); });
  return waits;
}

bool task_outputs::is_free() const noexcept {
  bool free = true;
  for_each_lane([&](const output_lane& lane) { free = free && lane.is_free(); });
  return free;
}

bool task_outputs::has_partial() const noexcept {
  for (const auto& p : ports_) {
    if (p.out->builder() != nullptr && !p.out->builder()->empty()) return true;
    for (const auto& b : p.dealt) {
      if (!b->empty()) return true;
    }
  }
  return false;
}

std::uint32_t task_outputs::credit_used() const noexcept {
  std::uint32_t most = 0;
  for_each_lane([&](const output_lane& lane) { most = std::max(most, lane.batches_in_flight()); });
  return most;
}

std::uint32_t task_outputs::credit_total() const noexcept {
  std::uint32_t most = 0;
  for_each_lane([&](const output_lane& lane) { most = std::max(most, lane.window().batches); });
  return most;
}

void task_outputs::set_aside(const malformed_input& what, const std::string& actor, std::uint32_t partition) {
  auto& dead = ports_[actor_access::dead_index];
  if (dead.out->builder() == nullptr) return;
  // What is logged has to go through the log first.
  if (!keeps_letters_ || holds_) {
    static_cast<out<dead_letter>*>(dead.out)->emit(to_letter(what, actor, partition));
    return;
  }
  if (!dead.out->builder()->empty()) flush_port(dead);
  letters_.add(what, actor, partition);
}

void task_outputs::emit_again(const emitted_batch& b) {
  auto& out = *ports_[b.port].out;
  if (out.builder() == nullptr) return;
  for (std::uint32_t i = 0; i < b.records->size(); ++i) {
    out.builder()->append_from(*b.records, i);
    if (out.builder()->is_full()) batch_full(out);
  }
}

std::vector<letter_block> task_outputs::take_letters() {
  if (keeps_letters_) flush_port(ports_[actor_access::dead_index]);
  return letters_.take();
}

void task_outputs::send(port& p, std::size_t group, const batch_ptr& records) {
  if (p.groups.empty()) {
    // Only the output 'dead' is bound without a stream. What else comes here is of a log, and has no listener any more.
    if (p.out->builder() == nullptr) return;
    for (const auto& letter : rows<dead_letter>(*records)) letters_.add(letter);
    return;
  }
  // The time of a dead letter is when it became one: it says nothing about event time.
  if (on_batch_ && &p != &ports_[actor_access::dead_index]) on_batch_(number_of(p), records);
  frame_traces_ptr traces;
  auto& lanes = p.groups[group];
  if (tracer_ != nullptr && !lanes.empty()) {
    traces = tracer_->leaving(number_of(p), group, records->size(), lanes.front().next().value, p.oldest_ingest[group]);
  }
  // Event time and traces go on, the events do not.
  if (muted_ != nullptr && &p != &ports_[actor_access::dead_index]) {
    muted_->count_muted(records->size());
    p.oldest_ingest[group] = ingest_ns_;
    return;
  }
  events_sent_ += records->size();
  for (auto& lane : lanes) {
    // Each lane notes in it when it sent the batch.
    auto own =
        traces == nullptr || &lane == &lanes.back() ? std::move(traces) : std::make_shared<frame_traces>(*traces);
    lane.send_batch(records, watermark_, p.oldest_ingest[group], std::move(own));
    if (!lane.is_free()) pause_ = true;
  }
  p.oldest_ingest[group] = ingest_ns_;
}

void task_outputs::flush_port(port& p) {
  for (std::size_t g = 0; g < p.dealt.size(); ++g) {
    if (!p.dealt[g]->empty()) send(p, g, p.dealt[g]->finish());
  }
  if (auto* b = p.out->builder(); b != nullptr && !b->empty()) send(p, 0, b->finish());
}

}  // namespace millrace::engine
