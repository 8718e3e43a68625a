#pragma once

#include <vector>

#include "millrace/router.hpp"

namespace millrace::library {

/// Sends each event to the partition that has the fewest events on their way: one that is slow for a while gets less
/// until it has caught up. One that stands still holds up the others once it is full, as behind any router. What a
/// partition has done is only known when its credit comes back, so differences of less than a quarter of what may be on
/// its way are not seen; among equals events are dealt out in turn. Where an event goes is not the same in every run.
class least_loaded final : public router {
public:
  [[nodiscard]] bool wants_load() const noexcept override { return true; }
  void see_load(std::span<const std::uint64_t> events) override { loads_.assign(events.begin(), events.end()); }
  bool route(context& c, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
             std::span<std::uint64_t> hashes) override;

private:
  std::vector<std::uint64_t> loads_;
  std::uint32_t turn_ = 0;  ///< the partition that comes first among equals
};

}  // namespace millrace::library
