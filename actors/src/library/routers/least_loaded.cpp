#include "library/routers/least_loaded.hpp"

namespace millrace::library {

bool least_loaded::route(context&, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
                         std::span<std::uint64_t>) {
  loads_.resize(partitions);
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    auto least = turn_ % partitions;
    for (std::uint32_t step = 1; step < partitions; ++step) {
      const auto other = (turn_ + step) % partitions;
      if (loads_[other] < loads_[least]) least = other;
    }
    ++loads_[least];
    turn_ = least + 1;
    targets[i] = static_cast<std::uint16_t>(least);
  }
  return false;
}

}  // namespace millrace::library
