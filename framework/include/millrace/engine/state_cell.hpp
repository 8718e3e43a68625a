#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/engine/cow.hpp"
#include "millrace/engine/heap_bytes.hpp"
#include "millrace/state_options.hpp"

namespace millrace::engine {

template <class T>
cell_ops cell_ops_of() {
  return {
      sizeof(T),
      alignof(T),
      std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>,
      1,
      [](void* at, std::uint32_t) { new (at) T{}; },
      [](void* to, const void* from, std::uint32_t) { new (to) T(*static_cast<const T*>(from)); },
      [](void* at, std::uint32_t) noexcept { static_cast<T*>(at)->~T(); },
      [](msgpack::writer& out, const void* at, std::uint32_t) { codec<T>::encode(out, *static_cast<const T*>(at)); },
      [](msgpack::reader& in, void* at, std::uint32_t) { return codec<T>::decode(in, *static_cast<T*>(at)); },
      [](const void* at) noexcept { return heap_bytes<T>::of(*static_cast<const T*>(at)); }};
}

template <class T>
cell_ops cow_cell_ops_of() {
  using shared = cow<T>;
  return {sizeof(shared),
          alignof(shared),
          false,
          1,
          [](void* at, std::uint32_t) { new (at) shared{}; },
          [](void* to, const void* from, std::uint32_t) { new (to) shared(*static_cast<const shared*>(from)); },
          [](void* at, std::uint32_t) noexcept { static_cast<shared*>(at)->~shared(); },
          [](msgpack::writer& out, const void* at, std::uint32_t) {
            codec<T>::encode(out, static_cast<const shared*>(at)->read());
          },
          [](msgpack::reader& in, void* at, std::uint32_t) {
            return codec<T>::decode(in, static_cast<shared*>(at)->write());
          },
          [](const void* at) noexcept {
            return sizeof(T) + allocation_overhead_bytes + heap_bytes<T>::of(static_cast<const shared*>(at)->read());
          }};
}

/// Migrations of a cell that holds a bare `T`.
template <class T>
std::vector<state_migration> cell_migrations(const migrations<T>& of) {
  std::vector<state_migration> out;
  for (const auto& r : of.readers()) {
    out.push_back({r.type, [r](msgpack::reader& in, void* at) { return r.decode(in, *static_cast<T*>(at)); }});
  }
  return out;
}

/// A state's time to live, whatever its type.
struct cell_ttl {
  std::chrono::nanoseconds ttl{};
  ttl_update update_on = ttl_update::write;
  ttl_clock clock = ttl_clock::event_time;

  cell_ttl() = default;
  template <class T>
  cell_ttl(const state_options<T>& o) : ttl{o.ttl}, update_on{o.update_on}, clock{o.clock} {}  // NOLINT: implicit
};

/// Name of the hidden cell that says when a state with a time to live was last touched.
[[nodiscard]] inline std::string ttl_cell_name(const std::string& state) {
  return "ttl:" + state;
}

/// What every declared state shares: its cell in the actor's rows.
class state_cell {
protected:
  /// A cell that gets its place later, by `place`.
  explicit state_cell(actor* owner) : state_{&actor_access::state(*owner)} {}
  state_cell(actor* owner, std::string name, std::string type, cell_ops ops, cell_ttl ttl = {},
             std::vector<state_migration> migrations = {})
      : state_{&actor_access::state(*owner)} {
    const auto stamp_name = ttl_cell_name(name);
    place(std::move(name), std::move(type), ops, std::move(migrations));
    if (ttl.ttl.count() <= 0) return;
    auto& layout = state_->rows().layout();
    const auto stamp = layout.add(stamp_name, "ttl", cell_ops_of<std::int64_t>());
    cells_ |= std::uint32_t{1} << stamp;
    ttl_ = state_->add_ttl({index_, stamp, ttl.ttl.count(), ttl.clock, ttl.update_on, expiry_wheel{ttl.ttl.count()}});
  }

  void place(std::string name, std::string type, cell_ops ops, std::vector<state_migration> migrations = {}) {
    auto& layout = state_->rows().layout();
    index_ = layout.add(std::move(name), std::move(type), ops, std::move(migrations));
    offset_ = layout.cells()[index_].offset;
    cells_ = std::uint32_t{1} << index_;
  }
  [[nodiscard]] keyed_state& state() const noexcept { return *state_; }
  /// The cell's place in `row`; nullptr when it has no value there.
  [[nodiscard]] const std::byte* in_row(const std::byte* row) const {
    return (header_of(row).present >> index_ & 1U) == 0 ? nullptr : row + offset_;
  }

  [[nodiscard]] const std::byte* read() const {
    const auto* row = state_->read();
    if (row == nullptr || (header_of(row).present >> index_ & 1U) == 0) return nullptr;
    if (ttl_ != keyed_state::no_ttl) [[unlikely]] {
      if (!state_->look(ttl_)) return nullptr;
      row = state_->read();  // looking may have copied the page
    }
    return row + offset_;
  }
  [[nodiscard]] std::byte* write() {
    auto* row = state_->write();
    if (ttl_ != keyed_state::no_ttl) [[unlikely]]
      state_->touch(ttl_);
    header_of(row).present |= std::uint32_t{1} << index_;
    return row + offset_;
  }
  void drop() { state_->clear(cells_); }
  /// The cell's content in `row` read as a 64-bit number, if it is there: what rebuilding the timer queue needs.
  [[nodiscard]] std::optional<std::int64_t> stored_in(const std::byte* row) const {
    if ((header_of(row).present >> index_ & 1U) == 0) return std::nullopt;
    return *reinterpret_cast<const std::int64_t*>(row + offset_);
  }

private:
  keyed_state* state_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
  std::uint32_t cells_ = 0;
  std::size_t ttl_ = keyed_state::no_ttl;
};

}  // namespace millrace::engine
