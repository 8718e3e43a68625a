#include "millrace/engine/upstream_faults.hpp"

#include <algorithm>
#include <utility>

#include "millrace/chaos/poison.hpp"

namespace millrace::engine {

namespace {

using chaos::fault_kind;

constexpr std::uint64_t kept_bytes_max = std::uint64_t{64} << 20;

}  // namespace

void upstream_faults::saw(std::size_t port, const batch_ptr& records) {
  if (again_events_ != 0) {
    again_events_ -= std::min<std::uint64_t>(again_events_, records->size());
    return;
  }
  is_fresh_ = true;
  recent_.push_back({port, records});
  recent_events_ += records->size();
  recent_bytes_ += records->bytes();
  keep_at_most(wanted_events_);
}

/// The newest batch stays in any case: it is what is repeated and poisoned.
void upstream_faults::keep_at_most(std::uint64_t events) {
  while (recent_.size() > 1) {
    const auto& oldest = *recent_.front().records;
    if (recent_events_ - oldest.size() < events && recent_bytes_ <= kept_bytes_max) return;
    recent_events_ -= oldest.size();
    recent_bytes_ -= oldest.bytes();
    recent_.pop_front();
  }
}

bool upstream_faults::add(context& to, std::int64_t now_ns) {
  outputs_.flush();  // what comes is told apart from what is added by whole batches
  pace_ = 1;
  wanted_events_ = 0;
  has_set_aside_ = false;
  for (const auto& f : gate_.faults()) strike(*f, to, now_ns);
  asked_ns_ = now_ns;
  is_fresh_ = false;
  if (added_.empty()) return has_set_aside_;
  emit(added_.front());
  added_.pop_front();
  return true;
}

void upstream_faults::strike(fault& f, context& to, std::int64_t now_ns) {
  switch (f.kind()) {
    case fault_kind::burst:
      return hurry(f, now_ns);
    case fault_kind::source_duplicate:
      return repeat(f);
    case fault_kind::source_rewind:
      return rewind(f);
    default:
      if (chaos::is_poison(f.kind())) poison(f, to);
  }
}

void upstream_faults::hurry(fault& f, std::int64_t now_ns) {
  if (!f.strikes(gate_.place(), 0)) return;
  const auto factor = f.parameter("factor");
  const auto since = std::max(asked_ns_, f.begun_ns());
  lead_ns_ += static_cast<std::int64_t>((factor - 1) * static_cast<double>(std::max<std::int64_t>(0, now_ns - since)));
  pace_ = std::max(pace_, factor);
}

void upstream_faults::repeat(fault& f) {
  if (!is_fresh_ || !f.strikes(gate_.place(), recent_.back().records->size())) return;
  added_.push_back(recent_.back());
}

void upstream_faults::rewind(fault& f) {
  const auto wanted = static_cast<std::uint64_t>(f.parameter("events"));
  wanted_events_ = std::max(wanted_events_, wanted);
  const bool is_all_there = recent_events_ >= wanted || recent_bytes_ > kept_bytes_max / 2;
  if (!is_fresh_ || !is_all_there || !f.strikes(gate_.place(), recent_events_)) return;
  added_.insert(added_.end(), recent_.begin(), recent_.end());
}

void upstream_faults::poison(fault& f, context& to) {
  if (!is_fresh_ || !f.strikes(gate_.place(), recent_.back().records->size())) return;
  const auto& from = recent_.back();
  auto made = chaos::poisoned(f, *from.records, from.records->size() - 1);
  if (made.record) {
    added_.push_back({from.port, std::move(made.record)});
    return;
  }
  has_set_aside_ = true;
  to.set_aside({.origin = "injected", .place = f.hits(), .before = made.problem, .content = made.line});
}

void upstream_faults::emit(const emitted_batch& b) {
  again_events_ += b.records->size();
  outputs_.emit_again(b);
  outputs_.flush();
}

}  // namespace millrace::engine
