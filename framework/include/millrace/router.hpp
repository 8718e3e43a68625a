#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>

#include "millrace/port.hpp"

namespace millrace {

/// Distributes a stream over the partitions of what lies behind it. Runs with its upstream's parallelism, passes
/// records through unchanged, and has one input `in` and one output `out`.
class router : public actor {
public:
  router();
  ~router() override;
  [[nodiscard]] actor_kind kind() const noexcept final { return actor_kind::router; }

  /// True: every partition gets every record, `route` is not called.
  [[nodiscard]] virtual bool broadcasts() const noexcept { return false; }
  /// True: all events of a key go to the partition that owns the key, so keyed inputs may follow.
  [[nodiscard]] virtual bool routes_by_key() const noexcept { return false; }
  /// In how many places the events of a key may be, for routers by key. More than one: what is behind merges.
  [[nodiscard]] virtual std::uint32_t salt() const noexcept { return 1; }
  /// Gives the key of the keyed input behind; for routers by key, before the first `route`.
  virtual void use_key(std::shared_ptr<const key_extractor>, std::uint32_t /*key_groups*/) {}
  /// True: `see_load` comes before each `route`.
  [[nodiscard]] virtual bool wants_load() const noexcept { return false; }
  /// How many events are on their way to each partition, about: a batch counts as a full one until its credit is back,
  /// which comes for a quarter of what may be on its way. Not the same in every run.
  virtual void see_load(std::span<const std::uint64_t> /*events*/) {}
  /// Writes the target partition of each record to `targets`. `hashes`: room for one key hash a record; true when they
  /// were filled in (they then travel with the batch).
  virtual bool route(context& c, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
                     std::span<std::uint64_t> hashes) = 0;

  /// Most partitions a router can address.
  static constexpr std::uint32_t partitions_max = 4096;

private:
  class pass_input;
  class pass_output;
  std::unique_ptr<pass_input> in_;
  std::unique_ptr<pass_output> out_;
};

/// A router of your own: derive and decide for each record. `T` may be `record_view`.
///
/// ```cpp
/// struct by_size : millrace::router_of<Order> {
///   std::uint32_t pick(millrace::context&, const Order& o, std::uint32_t partitions) override { … }
/// };
/// ```
template <class T>
class router_of : public router {
public:
  /// The partition for `record`, less than `partitions`.
  [[nodiscard]] virtual std::uint32_t pick(context& c, const T& record, std::uint32_t partitions) = 0;

  bool route(context& c, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
             std::span<std::uint64_t>) final {
    for (std::uint32_t i = 0; i < records.size(); ++i) {
      const auto target = [&] {
        if constexpr (std::is_same_v<T, record_view>) {
          return pick(c, record_view{records, i}, partitions);
        } else {
          return pick(c, rows<T>(records)[i], partitions);
        }
      }();
      if (target >= partitions) throw std::out_of_range("router picked a partition that does not exist");
      targets[i] = static_cast<std::uint16_t>(target);
    }
    return false;
  }
};

}  // namespace millrace
