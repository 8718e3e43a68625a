#include "library/processors/top_k.hpp"

#include <cmath>

#include "millrace/text/input_schema.hpp"

namespace millrace::library {

void item_totals::merge(const item_totals& o) {
  for (const auto& [item, total] : o.totals) totals[item] += total;
}

result<void> top_k::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  schema made{.name = "top", .fields = {}};
  if (auto ok = frame_.find(type->schema(), *key_, made); !ok) return ok;
  in_.key_by(frame_.key().names);
  if (auto ok = add_columns(type->schema(), made); !ok) return ok;
  if (auto ok = window_frame::close(made); !ok) return ok;
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  const auto spec = shape_.spec();
  return spec ? windows_.set(*spec) : spec.error();
}

void top_k::on_record(context& c, const record_view& record) {
  event_time at;
  const double added = added_by(record);
  if (std::isnan(added) || !frame_.read_time(record, at)) return;
  const auto item = item_of(record);
  (void)windows_.add(c, at, [&](item_totals& t) {
    check_room(t.totals, item);
    t.totals[item] += added;
  });
}

void top_k::on_result(context&, const window_result<item_totals>& r) {
  if (!out_.is_connected()) return;
  auto& row = out_.row();
  const auto key = engine::actor_access::state(*this).key();
  std::int64_t rank = 0;
  for (const auto& one : best_of(r.value.totals)) {
    const auto first = frame_.begin(row, key.view(), r.window);
    window_frame::end(row, set_columns(row, first, ++rank, one), r.why);
    out_.emit();
  }
}

}  // namespace millrace::library
