#include "link/arrivals.hpp"

#include <algorithm>
#include <utility>

namespace millrace::transport::link {
namespace {

/// An item smaller than this part of its message is copied out of it.
constexpr std::size_t part_worth_keeping = 4;

arrival copy_of(bytes_view bytes) {
  auto copy = std::make_shared<byte_buffer>();
  copy->append(bytes);
  const auto view = copy->view();
  return {std::move(copy), view};
}

}  // namespace

result<void> item_assembler::feed(const std::shared_ptr<const void>& owner, bytes_view body, const take_item& take) {
  if (is_unfinished_) {
    const auto bytes = std::min(body.size(), unfinished_.bytes - part_.size());
    part_.append(body.first(bytes));
    body = body.subspan(bytes);
    if (part_.size() < unfinished_.bytes) return {};
    if (auto taken = finish(take); !taken) return taken;
  }
  const auto whole = body.size();
  while (!body.empty()) {
    const auto prefix = read_item_prefix(body);
    if (!prefix) return prefix.error();
    body = body.subspan(item_prefix_bytes);
    if (prefix->bytes > body.size()) {
      unfinished_ = *prefix;
      is_unfinished_ = true;
      part_.append(body);
      return {};
    }
    const auto bytes = body.first(prefix->bytes);
    body = body.subspan(prefix->bytes);
    const bool is_small = bytes.size() * part_worth_keeping < whole;
    auto taken =
        take(prefix->kind, is_small && prefix->kind == item_kind::frame ? copy_of(bytes) : arrival{owner, bytes});
    if (!taken) return taken;
  }
  return {};
}

result<void> item_assembler::finish(const take_item& take) {
  auto item = std::make_shared<byte_buffer>(std::exchange(part_, {}));
  is_unfinished_ = false;
  const auto view = item->view();
  return take(unfinished_.kind, {std::move(item), view});
}

void item_assembler::reset() {
  part_ = {};
  is_unfinished_ = false;
}

arrivals::verdict arrivals::judge(std::uint64_t number, bool drops_duplicates) noexcept {
  if (number > wanted_) return verdict::gap;
  if (number < wanted_) return drops_duplicates ? verdict::duplicate : verdict::take;
  ++wanted_;
  gap_is_told_ = false;
  return verdict::take;
}

bool arrivals::is_new_gap() noexcept {
  return !std::exchange(gap_is_told_, true);
}

}  // namespace millrace::transport::link
