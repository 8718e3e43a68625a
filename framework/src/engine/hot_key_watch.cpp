#include "millrace/engine/hot_key_watch.hpp"

#include <algorithm>
#include <cmath>

#include "millrace/engine/state_text.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::engine {

namespace {

// A hash seen so often may be a hot key's; one seen once is one of a million.
constexpr std::uint32_t worth_a_name = 3;
constexpr const char* masked = R"("***")";

/// A key that is computed may be made of any field.
bool may_name_a_person(const schema& s, const key_extractor& key) {
  const auto names = split_list(key.description(), ',');
  return std::ranges::any_of(s.fields, [&](const field& f) {
    return f.personal && (!key.is_of_fields() || std::ranges::find(names, f.name) != names.end());
  });
}

}  // namespace

double hot_share(std::uint32_t partitions) noexcept {
  // Of s · P + (1 − s) times the average, 1.5 is reached at s = 0.5 / (P − 1).
  return partitions < 2 ? 1 : 0.5 / (partitions - 1);
}

void hot_key_watch::take(std::uint32_t row, std::span<const std::uint64_t> hashes, const batch& records,
                         const key_extractor& key) {
  const auto [counter, is_new] = seen_.add(hashes[row]);
  auto& k = keys_[counter];
  if (is_new) k.times = 0;
  if (++k.times != worth_a_name) return;
  is_personal_ = is_personal_ || may_name_a_person(records.type().schema(), key);
  if (!key.key(records, row, k.key)) k.times = 0;
}

std::vector<hot_key> hot_key_watch::report() const {
  const auto all = seen_.weight();
  if (all < samples_min) return {};
  std::vector<hot_key> out;
  for (std::uint32_t c = 0; c < frequent_items::counters; ++c) {
    if (keys_[c].times < worth_a_name) continue;
    const auto share = seen_.estimate(c) / all;
    const auto bound = seen_.error(c) / all;
    if (share - bound < reported_share_min) continue;
    const auto chance = 2 * std::sqrt(share * std::max(1 - share, 0.0) / all);
    out.push_back({is_personal_ ? masked : key_json(keys_[c].key.view()), share, bound + chance});
  }
  std::ranges::sort(
      out, [](const hot_key& a, const hot_key& b) { return a.share != b.share ? a.share > b.share : a.key < b.key; });
  if (out.size() > reported_max) out.resize(reported_max);
  return out;
}

}  // namespace millrace::engine
