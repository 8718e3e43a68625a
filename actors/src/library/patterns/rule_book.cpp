#include "library/patterns/rule_book.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "millrace/crc32c.hpp"

namespace millrace::library {

result<void> rule_book::begin_with(const std::string& id, const std::string& text, const schema& records) {
  initial_id_ = id;
  return add({event_time::min(), crc32c(as_bytes(text)), id, text}, records);
}

result<void> rule_book::change(event_time from, std::string id, std::string text, const schema& records) {
  std::set<std::string_view> ids{id};
  for (const auto& v : versions_) ids.insert(v.change.id);
  if (ids.size() > rules_max) {
    return user_error(errc::limit_exceeded, "there are " + std::to_string(rules_max) + " rules already: delete one");
  }
  if (auto ok = add({from, next_number_, std::move(id), std::move(text)}, records); !ok) return ok;
  ++next_number_;
  return {};
}

result<void> rule_book::add(rule_change c, const schema& records) {
  rule_version made;
  made.change = std::move(c);
  if (!made.change.text.empty()) {
    auto rule = parse_pattern(made.change.text, records);
    if (!rule) return std::move(rule).error();
    made.rule = std::move(*rule);
    made.matcher = std::make_unique<patterns::matcher>(made.rule->machine, limits_);
  }
  const auto behind = [&](const rule_version& v) {
    return v.change.from != made.change.from ? v.change.from < made.change.from : v.change.number < made.change.number;
  };
  versions_.insert(std::ranges::find_if_not(versions_, behind), std::move(made));
  set_ends();
  return {};
}

void rule_book::set_ends() {
  for (auto v = versions_.begin(); v != versions_.end(); ++v) {
    const auto next =
        std::find_if(v + 1, versions_.end(), [&](const rule_version& o) { return o.change.id == v->change.id; });
    v->until = next == versions_.end() ? event_time::max() : next->change.from;
  }
}

void rule_book::forget(event_time watermark) {
  std::erase_if(versions_, [&](const rule_version& v) {
    if (v.until <= watermark) return true;
    // The deletion of the topology's own rule must be remembered: it would come back otherwise.
    return v.rule == nullptr && v.until == event_time::max() && v.change.from <= watermark &&
           v.change.id != initial_id_;
  });
}

rule_version* rule_book::find(std::uint64_t number) noexcept {
  const auto at = std::ranges::find_if(versions_, [&](const rule_version& v) { return v.change.number == number; });
  return at == versions_.end() ? nullptr : &*at;
}

void rule_book::save(msgpack::writer& out) const {
  std::vector<rule_change> changes;
  for (const auto& v : versions_) {
    if (v.change.number >= first_number) changes.push_back(v.change);
  }
  out.array(2);
  out.integer(next_number_);
  encode(out, changes);
}

bool rule_book::load(msgpack::reader& in) {
  std::uint32_t n = 0;
  return in.array(n) && (n == 2 || in.refuse()) && in.integer(next_number_) && decode(in, loaded_);
}

result<void> rule_book::compile(const schema& records) {
  for (auto& c : std::exchange(loaded_, {})) {
    const auto id = c.id;
    if (auto ok = add(std::move(c), records); !ok) {
      return user_error(ok.error().code,
                        "rule '" + id + "' of the snapshot does not fit the records any more: " + ok.error().message);
    }
  }
  return {};
}

}  // namespace millrace::library
