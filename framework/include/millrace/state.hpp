#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "millrace/engine/state_cell.hpp"

namespace millrace {

/// One value per key: `keyed_value<int> count{this, "count", {.ttl = 30min}};`. T: anything a record field may be, or a
/// record.
///
/// Reads and writes go to the key of the event being handled. Thread: owning actor, inside a keyed handler.
template <class T>
class keyed_value : engine::state_cell {
public:
  keyed_value(actor* owner, std::string name, const state_options<T>& options = {})
      : state_cell(owner, std::move(name), engine::type_text<T>(), engine::cell_ops_of<T>(), options,
                   engine::cell_migrations(options.migrate)) {}

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

/// A state that older versions of an actor had and this one lets go: `dropped_state old{this, "old"};`. Without it a
/// snapshot that holds the state is refused.
struct dropped_state {
  dropped_state(actor* owner, std::string name) {
    engine::actor_access::dropped_states(*owner).push_back(std::move(name));
  }
};

namespace engine {

/// Migrations of a list, element by element.
template <class T>
std::vector<state_migration> list_migrations(const migrations<T>& of) {
  std::vector<state_migration> out;
  for (const auto& r : of.readers()) {
    out.push_back({"list<" + r.type + ">", [r](msgpack::reader& in, void* at) {
                     std::uint32_t n = 0;
                     if (!in.array(n)) return false;
                     auto& items = static_cast<cow<std::vector<T>>*>(at)->write();
                     for (; n != 0; --n) {
                       if (!r.decode(in, items.emplace_back())) return false;
                     }
                     return true;
                   }});
  }
  return out;
}

/// Migrations of a map, value by value; keys keep their type.
template <class K, class T>
std::vector<state_migration> map_migrations(const migrations<T>& of) {
  std::vector<state_migration> out;
  for (const auto& r : of.readers()) {
    out.push_back({"map<" + type_text<K>() + "," + r.type + ">", [r](msgpack::reader& in, void* at) {
                     std::uint32_t n = 0;
                     if (!in.map(n)) return false;
                     auto& items = static_cast<cow<std::map<K, T>>*>(at)->write();
                     for (; n != 0; --n) {
                       K key{};
                       if (!codec<K>::decode(in, key) || !r.decode(in, items[std::move(key)])) return false;
                     }
                     return true;
                   }});
  }
  return out;
}

}  // namespace engine

/// A list per key. Appending to a list that a snapshot holds copies it once. A time to live is that of the whole list.
template <class T>
class list : engine::state_cell {
  using stored = engine::cow<std::vector<T>>;

public:
  list(actor* owner, std::string name, const state_options<T>& options = {})
      : state_cell(owner, std::move(name), "list<" + engine::type_text<T>() + ">",
                   engine::cow_cell_ops_of<std::vector<T>>(), options, engine::list_migrations(options.migrate)) {}

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

/// An ordered map per key. A time to live is that of the whole map.
template <class K, class V>
class map : engine::state_cell {
  using content = std::map<K, V>;
  using stored = engine::cow<content>;

public:
  map(actor* owner, std::string name, const state_options<V>& options = {})
      : state_cell(owner, std::move(name), "map<" + engine::type_text<K>() + "," + engine::type_text<V>() + ">",
                   engine::cow_cell_ops_of<content>(), options, engine::map_migrations<K>(options.migrate)) {}

  [[nodiscard]] const content& get() const {
    static const content empty;
    const auto* at = read();
    return at == nullptr ? empty : reinterpret_cast<const stored*>(at)->read();
  }
  /// The map for writing.
  [[nodiscard]] content& edit() { return reinterpret_cast<stored*>(write())->write(); }
  [[nodiscard]] V& operator[](const K& k) { return edit()[k]; }
  [[nodiscard]] const V* find(const K& k) const {
    const auto& all = get();
    const auto at = all.find(k);
    return at == all.end() ? nullptr : &at->second;
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
