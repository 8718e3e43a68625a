#include "library/routers/range_router.hpp"

#include <algorithm>
#include <stdexcept>

#include "library/processors/value_order.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

result<void> range_router::configure(wiring& w) {
  const field_type* type = nullptr;
  splits_.clear();
  texts_.clear();
  if (auto ok = find_field_in(w, type); !ok || type == nullptr) return ok;
  for (const auto& text : split_list(*splits_text_, ',')) {
    value v;
    texts_.push_back(text);
    auto& scratch = texts_.emplace_back();
    const char* const expected = parse_value(*type, *(texts_.end() - 2), v, scratch);
    if (expected != nullptr) {
      return user_error(errc::invalid_argument, "parameter 'splits' has '" + text + "', which field '" + *field_ +
                                                    "' (" + to_text(*type) + ") cannot be: expected " + expected);
    }
    if (!splits_.empty() && !(compare(splits_.back(), v) < 0)) {
      return user_error(errc::invalid_argument,
                        "parameter 'splits': '" + text + "' is not more than the value before it");
    }
    splits_.push_back(v);
  }
  if (!splits_.empty()) return {};
  return user_error(errc::invalid_argument, "parameter 'splits' is empty: give values where partitions begin");
}

void range_router::check(std::uint32_t partitions) const {
  if (splits_.size() + 1 == partitions) return;
  throw std::runtime_error{"parameter 'splits' has " + std::to_string(splits_.size()) + " values, which make " +
                           std::to_string(splits_.size() + 1) + " ranges, and " + std::to_string(partitions) +
                           " partitions lie behind: make them as many"};
}

std::uint32_t range_router::pick(const value& v, std::uint32_t) {
  const auto beyond = std::ranges::find_if(splits_, [&](const value& s) { return !(compare(v, s) >= 0); });
  return static_cast<std::uint32_t>(beyond - splits_.begin());
}

}  // namespace millrace::library
