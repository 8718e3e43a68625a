#include "millrace/routers.hpp"

#include <algorithm>
#include <bit>

#include "millrace/check.hpp"
#include "millrace/key_group.hpp"

namespace millrace::routers {

void by_key::use_key(std::shared_ptr<const key_extractor> key, std::uint32_t key_groups) {
  key_ = std::move(key);
  key_groups_ = key_groups;
}

bool by_key::route(context& c, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
                   std::span<std::uint64_t> hashes) {
  MILLRACE_CHECK(key_ != nullptr, "a router by key was not given its key");
  if (!key_->hashes(records, hashes.data())) {
    key_bytes key;
    for (std::uint32_t i = 0; i < records.size(); ++i) {
      if (const auto ok = key_->key(records, i, key); !ok) throw std::invalid_argument(ok.error().message);
    }
  }
  const auto groups = key_groups_;
  if (std::has_single_bit(groups)) {  // the default: a mask instead of a division for every event
    const auto mask = groups - 1;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const key_group group{static_cast<std::uint32_t>(hashes[i]) & mask};
      targets[i] = static_cast<std::uint16_t>(partition_of(group, partitions, groups));
    }
    spread(c, partitions, targets.first(records.size()));
    return true;
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    targets[i] = static_cast<std::uint16_t>(partition_of(key_group_of(hashes[i], groups), partitions, groups));
  }
  spread(c, partitions, targets.first(records.size()));
  return true;
}

/// The places of a key lie at even distances from its owner, so that each partition is a place of as many keys. Drawn,
/// not dealt in turn: in a stream with a rhythm, turns would bring all of a key's events to one place.
void by_key::spread(context& c, std::uint32_t partitions, std::span<std::uint16_t> targets) const {
  const auto places = std::min(*salt_, partitions);
  if (places < 2) return;
  for (auto& t : targets) {
    const auto place = static_cast<std::uint32_t>(c.random().below(places));
    t = static_cast<std::uint16_t>((t + std::uint64_t{place} * partitions / places) % partitions);
  }
}

bool round_robin::route(context&, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
                        std::span<std::uint64_t>) {
  if (next_ >= partitions) next_ = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    targets[i] = static_cast<std::uint16_t>(next_);
    next_ = next_ + 1 == partitions ? 0 : next_ + 1;
  }
  return false;
}

bool broadcast::route(context&, const batch&, std::uint32_t, std::span<std::uint16_t>, std::span<std::uint64_t>) {
  MILLRACE_CHECK(false, "a broadcast router is not asked for targets");
  return false;
}

}  // namespace millrace::routers
