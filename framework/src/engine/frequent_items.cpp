#include "millrace/engine/frequent_items.hpp"

#include <algorithm>

namespace millrace::engine {

frequent_items::frequent_items() noexcept {
  for (std::uint32_t i = 0; i < counters; ++i) weights_[i] = static_cast<std::int32_t>(i);
}

frequent_items::place frequent_items::add(std::uint64_t item) noexcept {
  if (++since_halved_ > half_life) halve();
  total_ += one;
  const auto tag = static_cast<std::uint32_t>(item);
  std::int32_t at = -1;
  for (std::uint32_t i = 0; i < counters; ++i) at = tags_[i] == tag ? static_cast<std::int32_t>(i) : at;
  if (at >= 0 && items_[static_cast<std::uint32_t>(at)] != item) [[unlikely]] {  // two items of one tag
    const auto found = std::find(items_.begin(), items_.end(), item);
    at = found == items_.end() ? -1 : static_cast<std::int32_t>(found - items_.begin());
  }
  if (at >= 0) {
    const auto counter = static_cast<std::uint32_t>(at);
    const bool is_new = weights_[counter] >> index_bits == 0;
    weights_[counter] += one << index_bits;
    return {counter, is_new};
  }
  auto least = weights_[0];
  for (const auto w : weights_) least = w < least ? w : least;
  const auto counter = static_cast<std::uint32_t>(least) & (counters - 1);
  errors_[counter] = least >> index_bits;
  weights_[counter] = least + (one << index_bits);
  tags_[counter] = tag;
  items_[counter] = item;
  return {counter, true};
}

void frequent_items::halve() noexcept {
  since_halved_ = 1;
  total_ = (total_ + 1) / 2;
  for (std::uint32_t i = 0; i < counters; ++i) {
    const auto weight = weights_[i] >> index_bits;
    weights_[i] = ((weight + 1) / 2) << index_bits | static_cast<std::int32_t>(i);
    errors_[i] = (errors_[i] + 1) / 2;
  }
}

}  // namespace millrace::engine
