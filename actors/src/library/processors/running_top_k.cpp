#include "library/processors/running_top_k.hpp"

#include <algorithm>
#include <cmath>

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> running_top_k::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  const auto at = find_event_time(arriving, "a change of a ranking");
  if (!at) return at.error();
  time_index_ = *at;
  schema made{.name = "top", .fields = {}};
  auto key = key_fields::find(arriving, *key_, made);
  if (!key) return std::move(key).error();
  keys_ = std::move(*key);
  in_.key_by(keys_.names);
  if (auto ok = add_columns(arriving, made); !ok) return ok;
  if (auto ok = add_column(made, "at", field_kind::event_time); !ok) return ok;
  made.event_time_field = static_cast<std::uint32_t>(made.fields.size() - 1);
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

void running_top_k::on_record(context&, const record_view& record) {
  const auto& at = record.field(time_index_);
  const double added = added_by(record);
  if (std::isnan(added) || at.kind() != value_kind::event_time) return;
  const auto item = item_of(record);
  check_room(totals_.get(), item);
  totals_[item] += added;
  auto now = shown_after(item, added);
  if (now == shown_.get()) return;
  shown_.edit() = std::move(now);
  if (out_.is_connected()) emit_shown(at.as_time());
}

/// Only one item has moved, so its place is looked for in what was shown. All are ranked again when it went down from
/// there, because then another one that was not shown may be above it.
std::vector<std::string> running_top_k::shown_after(const std::string& item, double added) const {
  const auto& totals = totals_.get();
  auto shown = shown_.get();
  const auto was = std::ranges::find(shown, item);
  if (was != shown.end() && added < 0 && totals.size() > shown.size()) {
    shown.clear();
    for (auto& [one, total] : best_of(totals)) shown.push_back(one);
    return shown;
  }
  if (was != shown.end()) shown.erase(was);
  const auto total = totals.at(item);
  const auto place = std::ranges::find_if(shown, [&](const std::string& other) {
    const auto its = totals.at(other);
    return total != its ? total > its : item < other;
  });
  shown.insert(place, item);
  if (shown.size() > static_cast<std::size_t>(*k_)) shown.pop_back();
  return shown;
}

void running_top_k::emit_shown(event_time at) {
  auto& row = out_.row();
  const auto key = engine::actor_access::state(*this).key();
  std::int64_t rank = 0;
  for (const auto& item : shown_.get()) {
    row.begin_row();
    keys_.set(row, key.view());
    const auto first = static_cast<std::uint32_t>(keys_.types.size());
    const auto field = set_columns(row, first, ++rank, {item, *totals_.find(item)});
    (void)row.set(field, value::of(at));
    out_.emit();
  }
}

}  // namespace millrace::library
