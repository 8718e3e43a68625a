#include "library/sinks/sqlite_sink.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "millrace/engine/fault_point.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

// So many events, or bytes of them, go to the staging table in one transaction: large against its one wait for the
// disk, small against what a process has.
constexpr std::uint32_t buffered_events_max = 50'000;
constexpr std::size_t buffered_bytes_max = std::size_t{16} << 20;

}  // namespace

result<void> sqlite_sink::configure(wiring& w) {
  if (path_->empty()) return user_error(errc::invalid_argument, "parameter 'path' is empty: name a file");
  if (table_->empty()) return user_error(errc::invalid_argument, "parameter 'table' is empty: name a table");
  if (table_->starts_with("sqlite_") || table_->starts_with("millrace_")) {
    return user_error(errc::invalid_argument, "parameter 'table' is '" + *table_ +
                                                  "': names that begin with sqlite_ or millrace_ are taken; name "
                                                  "another table");
  }
  type_ = dynamic_input_type(w, "in");
  if (type_ == nullptr) return {};
  target_ = {*table_, type_->shared_schema(), *time_format_ == "ns" ? time_format::ns : time_format::iso,
             split_list(*key_, ',')};
  if (target_.fields->find("millrace_row")) {
    return user_error(errc::invalid_argument, "field 'millrace_row': this name is taken; rename it with millrace.map");
  }
  if (auto ok = sqlite::check_names(target_); !ok) return ok;
  return check_keys(type_->schema());
}

result<void> sqlite_sink::check_keys(const schema& s) {
  if (*mode_ == "append") {
    if (target_.keys.empty()) return {};
    return user_error(errc::invalid_argument, "parameter 'key' is for 'mode': upsert; with append, leave it out");
  }
  if (target_.keys.empty()) {
    return user_error(errc::invalid_argument,
                      "parameter 'key' is empty: with 'mode': upsert, name the fields that tell rows apart");
  }
  for (const auto& name : target_.keys) {
    const auto at = find_field(s, name, "key");
    if (!at) return at.error();
    if (!s.fields[*at].type.optional) continue;
    return user_error(errc::invalid_argument, "parameter 'key': field '" + name +
                                                  "' may be null, and SQLite takes no two nulls for the same; fill it "
                                                  "with millrace.map, or choose another key");
  }
  // One partition writes all rows of a key, or which of two events is the later one would be chance.
  in_.key_by(target_.keys);
  return {};
}

result<void> sqlite_sink::recover(context& c, epoch_id restored, const std::vector<prepared>& handles) {
  buffer_ = type_->make_builder(buffered_events_max);
  waiting_.reset();
  stage_ = sqlite_stage{target_, c.actor_name(), c.partition()};
  if (auto ok = stage_.open(*path_, restored == epoch_id{}); !ok) return ok;
  for (const auto& p : handles) {
    if (auto ok = commit(c, p.epoch, p.handle); !ok) return ok;
  }
  (void)engine::fault_point("sink.rolled_forward");
  if (auto ok = stage_.discard(); !ok) return ok;
  first_ = stage_.next_row();
  auto not_null = stage_.not_null_columns();
  if (!not_null) return std::move(not_null).error();
  not_null_ = std::move(*not_null);
  const auto newest = stage_.newest();
  if (!newest) return newest.error();
  if (*newest > restored) {
    c.log(log_level::warning, "went back to snapshot " + std::to_string(restored.value) + ", but table '" + *table_ +
                                  "' holds the output up to " + std::to_string(newest->value) +
                                  ": what comes in between is written again");
  }
  return {};
}

/// What the table would refuse in the end is refused now, while the event can still become a dead letter.
void sqlite_sink::check_values(const record_view& record) const {
  const auto& fields = record.schema().fields;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    const auto& v = record.field(i);
    if (v.kind() == value_kind::uint64) {
      throw std::runtime_error("field '" + fields[i].name + "' is " + std::to_string(v.as_uint64()) +
                               ", more than SQLite's 64-bit integers hold; make it a text with millrace.map");
    }
    if (!not_null_[i]) continue;
    if (v.is_null() || (v.kind() == value_kind::float64 && std::isnan(v.as_float64()))) {
      throw std::runtime_error("field '" + fields[i].name + "' is " + (v.is_null() ? "null" : "NaN") +
                               ", and its column in table '" + *table_ + "' must not be NULL");
    }
  }
}

void sqlite_sink::on_record(context&, const record_view& record) {
  check_values(record);
  // Before the event is taken: when this fails the event is still the caller's, and trying again does not write it
  // twice.
  if (buffer_->is_full() || buffer_->bytes() >= buffered_bytes_max) {
    if (auto ok = stage(); !ok) throw std::runtime_error(ok.error().message);
  }
  static_cast<dynamic_builder&>(*buffer_).append(record);
}

result<void> sqlite_sink::stage() {
  while (waiting_ || !buffer_->empty()) {
    if (!waiting_) waiting_ = buffer_->finish();
    if (auto ok = stage_.add(*waiting_); !ok) return ok;
    waiting_.reset();
  }
  return {};
}

result<std::string> sqlite_sink::prepare(context&, epoch_id) {
  if (auto ok = stage(); !ok) return ok.error();
  const staged_rows rows{first_, stage_.next_row() - 1};
  if (rows.count() == 0) return std::string{};
  first_ = stage_.next_row();
  return text_of(rows);
}

result<void> sqlite_sink::commit(context&, epoch_id epoch, const std::string& handle) {
  const auto rows = parse_staged_rows(handle);
  if (!rows) return rows.error();
  return stage_.commit(epoch, *rows);
}

}  // namespace millrace::library
