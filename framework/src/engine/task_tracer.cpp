#include "millrace/engine/task_tracer.hpp"

#include <algorithm>
#include <utility>

namespace millrace::engine {

namespace {

std::uint64_t not_zero(std::uint64_t id) noexcept {
  return id == 0 ? 1 : id;
}

std::uint64_t part_of(std::uint64_t span, span_kind kind) noexcept {
  return not_zero(scatter_bits(span ^ static_cast<std::uint64_t>(kind) << 56U));
}

}  // namespace

task_tracer::task_tracer(parts p, owner o)
    : parts_{std::move(p)}, owner_{std::move(o)}, outputs_(owner_.groups.size()), held_(owner_.inputs) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    outputs_[i].groups.resize(owner_.groups[i]);
    if (!owner_.is_producer || i == owner_.dead_output) continue;
    outputs_[i].sampler.emplace(parts_.rule, std::uint64_t{owner_.task.value} << 16U | i);
  }
}

void task_tracer::take(const frame& f, std::size_t channel, bool is_repeated) {
  drop();
  if (f.traces == nullptr || f.traces->marks.empty()) return;
  for (const auto& m : f.traces->marks) {
    marks_.push_back({m.row, 0, f.first.value + m.row, m.of});
    marks_.back().from.is_replayed |= is_repeated;
  }
  source_ = f.source;
  channel_ = f.channel;
  taken_ns_ = wall();
  emitted_ns_ = f.traces->emitted_ns;
  // Of two machines one may be ahead: what would have come before it left took no time.
  sent_ns_ = std::min(f.traces->sent_ns, taken_ns_);
  arrived_ns_ = f.arrived_ns == 0 ? 0 : std::clamp(f.arrived_ns + parts_.wall_offset_ns, sent_ns_, taken_ns_);
  const auto& held = held_[channel];
  held_from_ns_ = std::max(held.from_ns, std::max(sent_ns_, arrived_ns_));
  held_until_ns_ = std::min(held.until_ns, taken_ns_);
}

void task_tracer::drop() {
  marks_.clear();
  failed_.reset();
}

std::uint32_t task_tracer::next(std::uint32_t row) const noexcept {
  for (const auto& m : marks_) {
    if (m.row >= row) return m.row;
  }
  return no_row;
}

void task_tracer::keep_rows(const std::vector<std::uint32_t>& kept) {
  std::vector<traced> left;
  for (auto m : marks_) {
    const auto at = std::ranges::lower_bound(kept, m.row);
    if (at == kept.end() || *at != m.row) continue;
    m.row = static_cast<std::uint32_t>(at - kept.begin());
    left.push_back(m);
  }
  marks_ = std::move(left);
}

std::uint64_t task_tracer::span_of(const traced& t) const noexcept {
  const auto place = std::uint64_t{owner_.task.value} << 32U | channel_.value;
  const auto which = scatter_bits(t.sequence ^ owner_.incarnation.value << 40U ^ std::uint64_t{t.attempts} << 56U);
  return not_zero(scatter_bits(t.from.trace.low ^ scatter_bits(place) ^ which));
}

void task_tracer::tell(const activity& a, span_kind kind, std::int64_t from, std::int64_t until, bool has_failed) {
  const auto span = kind == span_kind::commit ? part_of(a.of.span, kind) : a.of.span;
  const auto parent = kind == span_kind::commit ? a.of.span : a.parent;
  parts_.spans->push({a.of.trace, span, parent, from, std::max(from, until), a.sequence, owner_.task.value,
                      a.channel.value, kind, a.of.is_replayed, has_failed});
}

void task_tracer::tell_part(const traced& t, span_kind kind, std::int64_t from, std::int64_t until, task_id task) {
  parts_.spans->push({t.from.trace, part_of(span_of(t), kind), t.from.span, from, until, t.sequence, task.value,
                      channel_.value, kind, t.from.is_replayed});
}

/// How the record came here.
void task_tracer::tell_way(const traced& t) {
  // Told by the receiver: the sender does not know yet when it notes the mark.
  if (emitted_ns_ != 0 && sent_ns_ > emitted_ns_) tell_part(t, span_kind::credit, emitted_ns_, sent_ns_, source_);
  auto from = sent_ns_;
  if (arrived_ns_ != 0) {
    tell_part(t, span_kind::network, sent_ns_, arrived_ns_, owner_.task);
    from = arrived_ns_;
  }
  tell_part(t, span_kind::queue, from, taken_ns_, owner_.task);
  if (held_until_ns_ > held_from_ns_) tell_part(t, span_kind::align, held_from_ns_, held_until_ns_, owner_.task);
}

task_tracer::activity task_tracer::enter(traced& t) {
  if (t.attempts == 0) tell_way(t);
  const auto span = span_of(t);
  ++t.attempts;
  return {{t.from.trace, span, t.from.is_replayed}, t.from.span, t.sequence, channel_, false};
}

void task_tracer::begin(std::uint32_t first, std::uint32_t end) {
  failed_.reset();
  since_ns_ = wall();
  for (auto& m : marks_) {
    if (m.row >= first && m.row < end) at_work_.push_back(enter(m));
  }
  if (!at_work_.empty()) set_current_trace(at_work_.front().of.trace);
}

void task_tracer::end(bool has_failed, std::uint64_t key_hash) {
  if (at_work_.empty()) return;
  const auto now = wall();
  const auto kind = owner_.is_sink ? span_kind::write : span_kind::service;
  for (const auto& a : at_work_) {
    tell(a, kind, since_ns_, now, has_failed);
    if (has_failed) continue;
    if (owner_.is_sink) {
      if (written_.size() == kept_max) written_.pop_front();
      written_.push_back({a, now, {}});
    } else if (owner_.keeps_events && !a.is_continued) {
      if (kept_.size() == kept_max) kept_.pop_front();
      kept_.push_back({a.of, key_hash});
    }
  }
  if (has_failed) {
    failed_ = at_work_.front();
  } else {
    set_current_trace({});
  }
  at_work_.clear();
}

bool task_tracer::begin_given_up() {
  if (!failed_) return false;
  at_work_.assign(1, *failed_);
  return true;
}

void task_tracer::end_given_up() {
  at_work_.clear();
  failed_.reset();
}

bool task_tracer::begin_firing(std::optional<std::uint64_t> key_hash) {
  if (is_firing_) return false;
  linked_.clear();
  for (auto k = kept_.begin(); k != kept_.end() && linked_.size() < links_max; ++k) {
    if (!key_hash || k->key_hash == *key_hash) linked_.push_back(*k);
  }
  if (linked_.empty()) return false;
  is_firing_ = true;
  since_ns_ = wall();
  const auto& oldest = linked_.front().of;
  const auto low = scatter_bits(oldest.span ^ scatter_bits(std::uint64_t{owner_.task.value} << 32U ^ ++firings_));
  activity a{{{parts_.space, not_zero(low)}, not_zero(scatter_bits(low)), false}, 0, 0, {}, false};
  a.of.is_replayed = std::ranges::any_of(linked_, [](const kept_event& k) { return k.of.is_replayed; });
  at_work_.assign(1, a);
  set_current_trace(a.of.trace);
  return true;
}

void task_tracer::end_firing() {
  if (!std::exchange(is_firing_, false)) return;
  if (at_work_.front().is_continued) tell_links();
  at_work_.clear();
  set_current_trace({});
}

void task_tracer::tell_links() {
  const auto& a = at_work_.front();
  const auto now = wall();
  for (const auto& k : linked_) {
    parts_.spans->push({a.of.trace, a.of.span, 0, since_ns_, now, 0, owner_.task.value, 0, span_kind::fire,
                        a.of.is_replayed, false, k.of.trace, k.of.span});
  }
  std::erase_if(kept_, [this](const kept_event& k) {
    return std::ranges::any_of(linked_, [&](const kept_event& l) { return l.of == k.of; });
  });
}

void task_tracer::note_size(std::size_t output, std::uint32_t records) noexcept {
  outputs_[output].size_before = records;
  outputs_[output].is_marked = false;
}

void task_tracer::note_emitted(std::size_t output, std::uint32_t records) {
  auto& out = outputs_[output];
  if (at_work_.empty() || out.is_marked || records <= out.size_before || out.groups.empty()) return;
  out.is_marked = true;
  at_work_.front().is_continued = true;
  mark(output, 0, out.size_before, at_work_.front().of, wall());
}

void task_tracer::mark(std::size_t output, std::size_t group, std::uint32_t row, const trace_context& of,
                       std::int64_t since) {
  auto& marks = outputs_[output].groups[group];
  if (marks.size() < frame_marks_max) marks.push_back({{row, of}, since});
}

void task_tracer::dealt(std::size_t output, std::uint32_t first, std::uint32_t end,
                        std::span<const std::uint16_t> targets, const std::vector<std::uint32_t>& sizes) {
  std::int64_t now = 0;
  for (auto& m : marks_) {
    if (m.row < first || m.row >= end) continue;
    if (now == 0) now = wall();
    const auto a = enter(m);
    tell(a, span_kind::service, taken_ns_, now);
    const auto group = targets[m.row];
    const auto behind = std::count(targets.begin() + m.row, targets.begin() + end, group);
    mark(output, group, sizes[group] - static_cast<std::uint32_t>(behind), a.of, now);
  }
}

void task_tracer::passed_on(std::size_t output, std::uint32_t first, std::uint32_t end) {
  const auto now = marks_.empty() ? 0 : wall();
  for (auto& m : marks_) {
    if (m.row < first || m.row >= end) continue;
    const auto a = enter(m);
    tell(a, span_kind::service, taken_ns_, now);
    for (std::size_t g = 0; g < outputs_[output].groups.size(); ++g) mark(output, g, m.row - first, a.of, now);
  }
}

frame_traces_ptr task_tracer::leaving(std::size_t output, std::size_t group, std::uint32_t records, std::uint64_t first,
                                      std::int64_t ingest_ns) {
  auto& out = outputs_[output];
  if (out.sampler) return begin_traces(output, records, first, ingest_ns);
  if (!at_work_.empty() && group == 0) {
    note_emitted(output, records);
    out.size_before = 0;
  }
  auto& marks = out.groups[group];
  if (marks.empty()) return nullptr;
  auto traces = std::make_shared<frame_traces>();
  traces->emitted_ns = wall();
  traces->marks.reserve(marks.size());
  for (const auto& p : marks) {
    traces->marks.push_back(p.mark);
    if (traces->emitted_ns <= p.since_ns) continue;
    const auto& of = p.mark.of;
    parts_.spans->push({of.trace, not_zero(scatter_bits(part_of(of.span, span_kind::batch) ^ output)), of.span,
                        p.since_ns, traces->emitted_ns, first + p.mark.row, owner_.task.value, 0, span_kind::batch,
                        of.is_replayed});
  }
  marks.clear();
  return traces;
}

/// A producer's batch: traces begin here.
frame_traces_ptr task_tracer::begin_traces(std::size_t output, std::uint32_t records, std::uint64_t first,
                                           std::int64_t ingest_ns) {
  auto& sampler = *outputs_[output].sampler;
  sampler.choose(first, records, ingest_ns, rows_);
  std::uint64_t limited = 0;
  for (const auto& o : outputs_) limited += o.sampler ? o.sampler->limited() : 0;
  parts_.spans->set_limited(limited);
  const auto& progress = parts_.progress;
  frame_traces_ptr traces;
  if (!rows_.empty()) {
    traces = std::make_shared<frame_traces>();
    traces->emitted_ns = wall();
    const auto since = ingest_ns == 0 ? traces->emitted_ns : ingest_ns + parts_.wall_offset_ns;
    const auto place = scatter_bits(std::uint64_t{owner_.task.value} << 16U | output);
    for (const auto row : rows_) {
      const auto sequence = first + row;
      const auto low = not_zero(scatter_bits(place ^ scatter_bits(sequence ^ parts_.rule.seed)));
      const auto span = not_zero(scatter_bits(low ^ owner_.incarnation.value));
      const trace_context of{{parts_.space, low}, span, progress != nullptr && progress->is_repeated(output, sequence)};
      parts_.spans->push({of.trace, of.span, 0, std::min(since, traces->emitted_ns), traces->emitted_ns, sequence,
                          owner_.task.value, 0, span_kind::emit, of.is_replayed});
      traces->marks.push_back({row, of});
    }
  }
  if (progress != nullptr) progress->pass(output, first + records);
  return traces;
}

void task_tracer::hold(std::size_t channel) {
  held_[channel] = {wall(), 0};
}

void task_tracer::release() {
  for (auto& h : held_) {
    if (h.from_ns != 0 && h.until_ns == 0) h.until_ns = wall();
  }
}

void task_tracer::at_barrier(epoch_id epoch) {
  for (auto& w : written_) {
    if (w.epoch.value == 0) w.epoch = epoch;
  }
}

void task_tracer::committed(epoch_id epoch, bool is_visible) {
  const auto now = is_visible && !written_.empty() ? wall() : 0;
  while (!written_.empty() && written_.front().epoch.value != 0 && written_.front().epoch <= epoch) {
    const auto& w = written_.front();
    if (is_visible) tell(w.what, span_kind::commit, w.end_ns, now);
    written_.pop_front();
  }
}

}  // namespace millrace::engine
