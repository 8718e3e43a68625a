#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/state_options.hpp"

namespace millrace {

/// What the engine sees of a state that belongs to the partition and not to a key.
class partition_state_base {
public:
  partition_state_base(const partition_state_base&) = delete;
  partition_state_base& operator=(const partition_state_base&) = delete;
  virtual ~partition_state_base() = default;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& type() const noexcept { return type_; }
  [[nodiscard]] const std::vector<engine::state_migration>& migrations() const noexcept { return migrations_; }
  /// The same on every partition.
  [[nodiscard]] virtual bool is_broadcast() const noexcept { return false; }
  virtual void encode(msgpack::writer& out) const = 0;
  /// Through `by` when the content was written as another type.
  [[nodiscard]] virtual bool decode(msgpack::reader& in, const engine::state_decode& by) = 0;

protected:
  partition_state_base(actor* owner, std::string name, std::string type,
                       std::vector<engine::state_migration> migrations)
      : owner_{owner}, name_{std::move(name)}, type_{std::move(type)}, migrations_{std::move(migrations)} {
    engine::actor_access::partition_states(*owner).push_back(this);
  }
  /// Throws unless the handler of a broadcast input is at work: only what every partition gets may change what all of
  /// them share.
  void require_broadcast_input() const {
    if (engine::actor_access::handles_broadcast(*owner_)) return;
    throw std::logic_error("broadcast state '" + name_ + "' may be changed by the handler of a broadcast input only");
  }

private:
  actor* owner_;
  std::string name_;
  std::string type_;
  std::vector<engine::state_migration> migrations_;
};

namespace engine {

template <class T>
class stored_partition_state : public partition_state_base {
protected:
  stored_partition_state(actor* owner, std::string name, const millrace::migrations<T>& migrate)
      : partition_state_base(owner, std::move(name), type_text<T>(), migrations_of(migrate)) {}

  void encode(msgpack::writer& out) const override { codec<T>::encode(out, content_); }
  bool decode(msgpack::reader& in, const state_decode& by) override {
    content_ = T{};
    return by ? by(in, &content_) : codec<T>::decode(in, content_);
  }
  T content_{};

private:
  static std::vector<state_migration> migrations_of(const millrace::migrations<T>& of) {
    std::vector<state_migration> out;
    for (const auto& r : of.readers()) {
      out.push_back({r.type, [r](msgpack::reader& in, void* at) { return r.decode(in, *static_cast<T*>(at)); }});
    }
    return out;
  }
};

}  // namespace engine

/// What a partition remembers beside its keys: `partition_value<std::int64_t> seen{this, "seen"};`. In snapshots; a
/// member that is not declared so is lost with the process unless `save_state` keeps it.
///
/// Thread: owning actor, in any handler.
template <class T>
class partition_value final : engine::stored_partition_state<T> {
public:
  partition_value(actor* owner, std::string name, const millrace::migrations<T>& migrate = {})
      : engine::stored_partition_state<T>(owner, std::move(name), migrate) {}

  [[nodiscard]] T& operator*() noexcept { return this->content_; }
  [[nodiscard]] T* operator->() noexcept { return &this->content_; }
  [[nodiscard]] const T& get() const noexcept { return this->content_; }
  void set(T v) { this->content_ = std::move(v); }
};

/// A list of the partition. Thread: owning actor, in any handler.
template <class T>
class partition_list final : engine::stored_partition_state<std::vector<T>> {
public:
  partition_list(actor* owner, std::string name)
      : engine::stored_partition_state<std::vector<T>>(owner, std::move(name), {}) {}

  [[nodiscard]] const std::vector<T>& get() const noexcept { return this->content_; }
  [[nodiscard]] std::vector<T>& edit() noexcept { return this->content_; }
  void push_back(T v) { this->content_.push_back(std::move(v)); }
  [[nodiscard]] std::size_t size() const noexcept { return this->content_.size(); }
  void clear() { this->content_.clear(); }
};

/// A map that is the same on every partition: rules, prices, switches. Read anywhere, changed by the handler of a
/// broadcast input (`{.broadcast = true}`) only; anything else throws std::logic_error, which goes through the failure
/// policy. Changes must depend on the record and this map alone, or the partitions part.
///
/// Thread: owning actor.
template <class K, class V>
class broadcast_map final : engine::stored_partition_state<std::map<K, V>> {
public:
  broadcast_map(actor* owner, std::string name)
      : engine::stored_partition_state<std::map<K, V>>(owner, std::move(name), {}) {}

  [[nodiscard]] bool is_broadcast() const noexcept override { return true; }
  [[nodiscard]] const std::map<K, V>& get() const noexcept { return this->content_; }
  [[nodiscard]] const V* find(const K& k) const {
    const auto at = this->content_.find(k);
    return at == this->content_.end() ? nullptr : &at->second;
  }
  [[nodiscard]] std::map<K, V>& edit() {
    this->require_broadcast_input();
    return this->content_;
  }
  void set(const K& k, V v) { edit()[k] = std::move(v); }
  void erase(const K& k) { edit().erase(k); }
};

/// One value that is the same on every partition; rules as for `broadcast_map`.
template <class T>
class broadcast_value final : engine::stored_partition_state<T> {
public:
  broadcast_value(actor* owner, std::string name, const millrace::migrations<T>& migrate = {})
      : engine::stored_partition_state<T>(owner, std::move(name), migrate) {}

  [[nodiscard]] bool is_broadcast() const noexcept override { return true; }
  [[nodiscard]] const T& get() const noexcept { return this->content_; }
  void set(T v) {
    this->require_broadcast_input();
    this->content_ = std::move(v);
  }
};

}  // namespace millrace
