#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/codec.hpp"
#include "millrace/engine/cow.hpp"

namespace millrace {

namespace engine {

/// How a state's type is written down in snapshots, to refuse one that does not fit.
template <class T>
std::string type_text() {
  return to_text(codec<T>::type());
}

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
      [](msgpack::reader& in, void* at, std::uint32_t) { return codec<T>::decode(in, *static_cast<T*>(at)); }};
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
          }};
}

/// What every declared state shares: its cell in the actor's rows.
class state_cell {
protected:
  /// A cell that gets its place later, by `place`.
  explicit state_cell(actor* owner) : state_{&actor_access::state(*owner)} {}
  state_cell(actor* owner, std::string name, std::string type, cell_ops ops)
      : state_{&actor_access::state(*owner)},
        index_{state_->rows().layout().add(std::move(name), std::move(type), ops)},
        offset_{state_->rows().layout().cells()[index_].offset} {}

  void place(std::string name, std::string type, cell_ops ops) {
    index_ = state_->rows().layout().add(std::move(name), std::move(type), ops);
    offset_ = state_->rows().layout().cells()[index_].offset;
  }
  [[nodiscard]] keyed_state& state() const noexcept { return *state_; }
  /// The cell's place in `row`; nullptr when it has no value there.
  [[nodiscard]] const std::byte* in_row(const std::byte* row) const {
    return (header_of(row).present >> index_ & 1U) == 0 ? nullptr : row + offset_;
  }

  [[nodiscard]] const std::byte* read() const {
    const auto* row = state_->read();
    return row == nullptr || (header_of(row).present >> index_ & 1U) == 0 ? nullptr : row + offset_;
  }
  [[nodiscard]] std::byte* write() {
    auto* row = state_->write();
    header_of(row).present |= 1U << index_;
    return row + offset_;
  }
  void drop() { state_->clear(index_); }
  /// The cell's content in `row` read as a 64-bit number, if it is there: what rebuilding the timer queue needs.
  [[nodiscard]] std::optional<std::int64_t> stored_in(const std::byte* row) const {
    if ((header_of(row).present >> index_ & 1U) == 0) return std::nullopt;
    return *reinterpret_cast<const std::int64_t*>(row + offset_);
  }

private:
  keyed_state* state_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace engine

/// One value per key: `keyed_value<int> count{this, "count"};`. T: anything a record field may be, or a record.
///
/// Reads and writes go to the key of the event being handled. Thread: owning actor, inside a keyed handler.
template <class T>
class keyed_value : engine::state_cell {
public:
  keyed_value(actor* owner, std::string name)
      : state_cell(owner, std::move(name), engine::type_text<T>(), engine::cell_ops_of<T>()) {}

  /// The value for reading and writing; `T{}` when the key had none.
  [[nodiscard]] T& operator*() { return *reinterpret_cast<T*>(write()); }
  [[nodiscard]] T* operator->() { return &**this; }
  /// The value for reading, nullptr when the key has none; makes nothing.
  [[nodiscard]] const T* get() const { return reinterpret_cast<const T*>(read()); }
  void set(T v) { **this = std::move(v); }
  void clear() {
    if (auto* at = const_cast<T*>(get()); at != nullptr) {
      **this = T{};
      drop();
    }
  }
};

/// A list per key. Appending to a list that a snapshot holds copies it once.
template <class T>
class list : engine::state_cell {
  using stored = engine::cow<std::vector<T>>;

public:
  list(actor* owner, std::string name)
      : state_cell(owner, std::move(name), "list<" + engine::type_text<T>() + ">",
                   engine::cow_cell_ops_of<std::vector<T>>()) {}

  [[nodiscard]] const std::vector<T>& get() const {
    static const std::vector<T> empty;
    const auto* at = read();
    return at == nullptr ? empty : reinterpret_cast<const stored*>(at)->read();
  }
  /// The list for writing.
  [[nodiscard]] std::vector<T>& edit() { return reinterpret_cast<stored*>(write())->write(); }
  void push_back(T v) { edit().push_back(std::move(v)); }
  [[nodiscard]] std::size_t size() const { return get().size(); }
  void clear() {
    if (read() == nullptr) return;
    *reinterpret_cast<stored*>(write()) = {};
    drop();
  }
};

/// An ordered map per key.
template <class K, class V>
class map : engine::state_cell {
  using content = std::map<K, V>;
  using stored = engine::cow<content>;

public:
  map(actor* owner, std::string name)
      : state_cell(owner, std::move(name), "map<" + engine::type_text<K>() + "," + engine::type_text<V>() + ">",
                   engine::cow_cell_ops_of<content>()) {}

  [[nodiscard]] const content& get() const {
    static const content empty;
    const auto* at = read();
    return at == nullptr ? empty : reinterpret_cast<const stored*>(at)->read();
  }
  /// The map for writing.
  [[nodiscard]] content& edit() { return reinterpret_cast<stored*>(write())->write(); }
  [[nodiscard]] V& operator[](const K& k) { return edit()[k]; }
  [[nodiscard]] const V* find(const K& k) const {
    const auto at = get().find(k);
    return at == get().end() ? nullptr : &at->second;
  }
  void erase(const K& k) {
    if (find(k) == nullptr) return;
    edit().erase(k);
    if (get().empty()) clear();
  }
  void clear() {
    if (read() == nullptr) return;
    *reinterpret_cast<stored*>(write()) = {};
    drop();
  }
};

}  // namespace millrace
