#include "library/routers/sticky.hpp"

#include <algorithm>

#include "library/processors/key_fields.hpp"
#include "millrace/codec.hpp"
#include "millrace/key_codec.hpp"

namespace millrace::library {

result<void> sticky::configure(wiring& w) {
  const field_type* type = nullptr;
  return find_field_in(w, type);
}

void sticky::open(context& c) {
  if (c.partition() != 0 || c.parallelism() == 1) return;
  c.log(log_level::info, "each of the " + std::to_string(c.parallelism()) + " partitions gives values of '" + *field_ +
                             "' places of its own: a value that comes through several may go to several");
}

std::uint32_t sticky::pick(const value& v, std::uint32_t partitions) {
  fit(partitions);
  const auto to = place(canonical(v), partitions);
  if (*balance_ == "events") ++loads_[to];
  return to;
}

std::uint32_t sticky::place(const std::string& value_text, std::uint32_t partitions) {
  const auto known = places_.find(value_text);
  if (known != places_.end()) return known->second;
  if (places_.size() >= static_cast<std::size_t>(*values_max_)) {
    return static_cast<std::uint32_t>(key_hash(as_bytes(value_text)) % partitions);
  }
  const auto least = std::ranges::min_element(loads_);
  const auto to = static_cast<std::uint16_t>(least - loads_.begin());
  places_.emplace(value_text, to);
  if (*balance_ == "values") ++*least;
  return to;
}

/// Fewer partitions than before: what was placed on those that are gone is placed anew.
void sticky::fit(std::uint32_t partitions) {
  if (loads_.size() == partitions) return;
  loads_.resize(partitions);
  std::erase_if(places_, [partitions](const auto& p) { return p.second >= partitions; });
}

void sticky::save_state(msgpack::writer& out) const {
  out.array(2);
  codec<std::map<std::string, std::uint16_t>>::encode(out, places_);
  codec<std::vector<std::uint64_t>>::encode(out, loads_);
}

bool sticky::load_state(msgpack::reader& in) {
  std::uint32_t n = 0;
  if (!in.array(n) || n != 2 || !codec<std::map<std::string, std::uint16_t>>::decode(in, places_) ||
      !codec<std::vector<std::uint64_t>>::decode(in, loads_)) {
    return false;
  }
  return loads_.size() <= partitions_max &&
         std::ranges::all_of(places_, [this](const auto& p) { return p.second < loads_.size(); });
}

}  // namespace millrace::library
