#include "millrace/engine/keyed_state.hpp"

#include <algorithm>

namespace millrace::engine {

namespace {

constexpr auto unknown = state_clock::unknown;

std::uint32_t bit(std::size_t cell) noexcept {
  return std::uint32_t{1} << cell;
}

/// When the value was last touched; unknown: before there was a clock, or before the state had a time to live.
std::int64_t stamp_in(const std::byte* row, const expiring_cell& t, const row_layout& layout) noexcept {
  if ((header_of(row).present & bit(t.stamp)) == 0) return unknown;
  return *reinterpret_cast<const std::int64_t*>(row + layout.cells()[t.stamp].offset);
}

std::int64_t expiry_of(std::int64_t stamp, const expiring_cell& t) noexcept {
  if (stamp == unknown) return unknown;
  constexpr auto latest = std::numeric_limits<std::int64_t>::max();
  return stamp > latest - t.ttl_ns ? latest : stamp + t.ttl_ns;
}

bool has_expired(std::int64_t stamp, const expiring_cell& t, std::int64_t now) noexcept {
  return stamp != unknown && now >= expiry_of(stamp, t);
}

}  // namespace

std::size_t keyed_state::add_ttl(expiring_cell cell) {
  ttls_.push_back(std::move(cell));
  return ttls_.size() - 1;
}

bool keyed_state::has_ttl(ttl_clock clock) const noexcept {
  return std::any_of(ttls_.begin(), ttls_.end(), [&](const expiring_cell& t) { return t.clock == clock; });
}

bool keyed_state::look(std::size_t ttl) {
  auto& t = ttls_[ttl];
  const auto stamp = stamp_in(read(), t, rows_.layout());
  const auto present = now(t);
  if (has_expired(stamp, t, present)) return false;
  if (t.update_on == ttl_update::read_and_write && stamp != present) touch(ttl);
  return true;
}

void keyed_state::touch(std::size_t ttl) {
  auto& t = ttls_[ttl];
  auto* row = write();
  const auto& cells = rows_.layout().cells();
  const auto present = now(t);
  if ((header_of(row).present & bit(t.cell)) != 0 && has_expired(stamp_in(row, t, rows_.layout()), t, present)) {
    const auto& c = cells[t.cell];
    if (!c.ops.trivial) c.ops.destroy(row + c.offset, c.ops.units);
    c.ops.construct(row + c.offset, c.ops.units);
    ++expired_;
  }
  header_of(row).present |= bit(t.stamp);
  *reinterpret_cast<std::int64_t*>(row + cells[t.stamp].offset) = present;
  t.due.add(row_, expiry_of(present, t));
}

bool keyed_state::is_visible(std::size_t cell, const std::byte* row) const noexcept {
  if ((header_of(row).present & bit(cell)) == 0) return false;
  return std::none_of(ttls_.begin(), ttls_.end(), [&](const expiring_cell& t) {
    return t.cell == cell && has_expired(stamp_in(row, t, rows_.layout()), t, now(t));
  });
}

void keyed_state::enrol(row_id id, const std::byte* row) {
  for (auto& t : ttls_) {
    if ((header_of(row).present & bit(t.cell)) != 0) t.due.add(id, expiry_of(stamp_in(row, t, rows_.layout()), t));
  }
}

bool keyed_state::expire(std::size_t most) {
  std::size_t freed = 0;
  bool more = false;
  for (auto& t : ttls_) {
    const auto present = t.clock == ttl_clock::event_time ? clock_.watermark() : clock_.processing();
    if (present == unknown) continue;
    for (; most != 0 && t.due.is_due(present); --most) {
      if (expire_row(t, *t.due.take(present), present)) ++freed;
    }
    more = more || t.due.is_due(present);
  }
  expired_ += freed;
  if (freed != 0 && !more) rows_.release_empty();
  return more;
}

bool keyed_state::expire_row(expiring_cell& t, row_id id, std::int64_t now) {
  const auto* row = rows_.live_row(id);
  if (row == nullptr || (header_of(row).present & bit(t.cell)) == 0) return false;
  const auto stamp = stamp_in(row, t, rows_.layout());
  if (!has_expired(stamp, t, now)) {
    if (stamp == unknown) {  // its time begins when there is one
      auto* writable = rows_.writable_row(id);
      header_of(writable).present |= bit(t.stamp);
      *reinterpret_cast<std::int64_t*>(writable + rows_.layout().cells()[t.stamp].offset) = now;
    }
    t.due.add(id, expiry_of(stamp == unknown ? now : stamp, t));
    return false;
  }
  auto* writable = rows_.writable_row(id);
  const auto before = rows_.is_paged() ? rows_.layout().heap_of(writable) : 0;
  const auto& c = rows_.layout().cells()[t.cell];
  if (!c.ops.trivial) c.ops.destroy(writable + c.offset, c.ops.units);
  c.ops.construct(writable + c.offset, c.ops.units);
  if (rows_.is_paged()) rows_.written(id, before);
  header_of(writable).present &= ~(bit(t.cell) | bit(t.stamp));
  if (header_of(writable).present == 0) rows_.erase(id);
  return true;
}

std::optional<processing_time> keyed_state::next_expiry() const noexcept {
  std::optional<processing_time> first;
  for (const auto& t : ttls_) {
    const auto next = t.clock == ttl_clock::processing_time ? t.due.next() : std::nullopt;
    if (next && (!first || *next < first->ns)) first = processing_time{*next};
  }
  return first;
}

}  // namespace millrace::engine
