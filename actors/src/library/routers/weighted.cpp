#include "library/routers/weighted.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "millrace/codec.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

result<void> weighted::configure(wiring&) {
  constexpr std::int64_t weight_max = 1'000'000;
  weights_.clear();
  total_ = 0;
  for (const auto& text : split_list(*weights_text_, ',')) {
    std::int64_t weight = 0;
    const auto* const end = text.data() + text.size();
    const auto r = std::from_chars(text.data(), end, weight);
    if (r.ec != std::errc{} || r.ptr != end || weight < 0 || weight > weight_max) {
      return user_error(errc::invalid_argument,
                        "parameter 'weights' has '" + text + "': give whole numbers from 0 to 1000000");
    }
    weights_.push_back(weight);
    total_ += weight;
  }
  if (total_ == 0) {
    return user_error(errc::invalid_argument, "parameter 'weights': no partition has a weight above 0");
  }
  credit_.assign(weights_.size(), 0);
  return {};
}

bool weighted::route(context&, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
                     std::span<std::uint64_t>) {
  if (weights_.size() != partitions) {
    throw std::runtime_error{"parameter 'weights' has " + std::to_string(weights_.size()) + " weights, and " +
                             std::to_string(partitions) + " partitions lie behind: give one for each"};
  }
  for (std::uint32_t i = 0; i < records.size(); ++i) targets[i] = next();
  return false;
}

std::uint16_t weighted::next() {
  for (std::size_t i = 0; i < weights_.size(); ++i) credit_[i] += weights_[i];
  const auto most = std::ranges::max_element(credit_);
  *most -= total_;
  return static_cast<std::uint16_t>(most - credit_.begin());
}

void weighted::save_state(msgpack::writer& out) const {
  codec<std::vector<std::int64_t>>::encode(out, credit_);
}

/// The turn of other weights means nothing to these.
bool weighted::load_state(msgpack::reader& in) {
  std::vector<std::int64_t> saved;
  if (!codec<std::vector<std::int64_t>>::decode(in, saved)) return false;
  std::int64_t sum = 0;
  const bool fits = saved.size() == weights_.size() && std::ranges::all_of(saved, [&](std::int64_t c) {
                      sum += c;
                      return c > -total_ && c < total_;
                    });
  if (fits && sum == 0) credit_ = std::move(saved);
  return true;
}

}  // namespace millrace::library
