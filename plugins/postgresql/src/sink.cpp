#include "sink.hpp"

#include <algorithm>
#include <stdexcept>

#include "millrace/engine/fault_point.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::postgresql {

namespace {

// So many bytes go to the staging table in one transaction: large against its one wait for the server's disk, small
// against what a process has.
constexpr std::size_t buffered_bytes_max = std::size_t{16} << 20;
// A table of PostgreSQL has at most 1,600 columns, and a staging table has one more than its target.
constexpr std::size_t fields_max = 1599;

}  // namespace

result<void> table_sink::configure(wiring& w) {
  if (auto ok = postgresql::connection::check(*connection_); !ok) return ok;
  const auto dot = table_->find('.');
  const auto schema_name = dot == table_->npos ? std::string{} : table_->substr(0, dot);
  const auto name = dot == table_->npos ? *table_ : table_->substr(dot + 1);
  if (name.empty() || (dot == 0) || name.starts_with("millrace_")) {
    return user_error(errc::invalid_argument, "parameter 'table' is '" + *table_ +
                                                  "': give TABLE or SCHEMA.TABLE; names that begin with millrace_ are "
                                                  "taken");
  }
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  target_ = {schema_name, name, type->shared_schema(), *time_format_ == "ns" ? time_format::ns : time_format::iso,
             split_list(*key_, ',')};
  if (type->schema().fields.size() > fields_max) {
    return user_error(errc::limit_exceeded, "the records have " + std::to_string(type->schema().fields.size()) +
                                                " fields, a table takes at most " + std::to_string(fields_max));
  }
  if (type->schema().find("millrace_row")) {
    return user_error(errc::invalid_argument, "field 'millrace_row': this name is taken; rename it with millrace.map");
  }
  return check_keys(type->schema());
}

result<void> table_sink::check_keys(const schema& s) {
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
                                                  "' may be null, and PostgreSQL takes no two nulls for the same; fill "
                                                  "it with millrace.map, or choose another key");
  }
  // One partition writes all rows of a key, or which of two events is the later one would be chance.
  in_.key_by(target_.keys);
  return {};
}

result<void> table_sink::patiently_with_server(context& c, const std::function<result<void>()>& work) {
  return calls_->make(c, [&]() -> result<void> {
    if (auto ok = server_.open(); !ok) return ok;
    return work();
  });
}

result<void> table_sink::recover(context& c, epoch_id restored, const std::vector<prepared>& handles) {
  server_ = postgresql::connection{*connection_, "millrace " + c.actor_name() + '/' + std::to_string(c.partition())};
  stage_ = stage{target_, c.actor_name(), c.partition()};
  calls_.emplace(outside_calls::of_server(std::chrono::seconds{*retry_s_}));
  if (auto ok = patiently_with_server(c, [&] { return stage_.open(server_, restored == epoch_id{}); }); !ok) return ok;
  for (const auto& p : handles) {
    if (auto ok = commit(c, p.epoch, p.handle); !ok) return ok;
  }
  (void)engine::fault_point("sink.rolled_forward");
  if (auto ok = patiently_with_server(c, [&] { return stage_.discard(server_); }); !ok) return ok;
  lines_.clear();
  first_ = buffered_ = next_ = stage_.next_row();
  if (stage_.newest() > restored) {
    c.log(log_level::warning, "went back to snapshot " + std::to_string(restored.value) + ", but table '" + *table_ +
                                  "' holds the output up to " + std::to_string(stage_.newest().value) +
                                  ": what comes in between is written again");
  }
  return {};
}

void table_sink::on_record(context& c, const record_view& record) {
  // Before the event is taken: when this fails the event is still the caller's, and trying again does not write it
  // twice.
  if (lines_.size() >= buffered_bytes_max) {
    if (auto ok = patiently_with_server(c, [&] { return stage_lines(); }); !ok) {
      throw std::runtime_error(ok.error().message);
    }
  }
  append_row(lines_, target_, stage_.limits(), next_, record);
  ++next_;
}

result<void> table_sink::stage_lines() {
  if (buffered_ == next_) return {};
  if (auto ok = stage_.add(server_, {buffered_, next_ - 1}, lines_); !ok) return ok;
  lines_.clear();
  buffered_ = next_;
  return {};
}

result<std::string> table_sink::prepare(context& c, epoch_id) {
  if (first_ == next_) return std::string{};
  // With patience: what fails here is a snapshot, and a server takes some seconds to start.
  if (auto ok = patiently_with_server(c, [&] { return stage_lines(); }); !ok) return ok.error();
  const staged_rows rows{first_, next_ - 1};
  first_ = next_;
  return text_of(rows);
}

result<void> table_sink::commit(context& c, epoch_id epoch, const std::string& handle) {
  const auto rows = parse_staged_rows(handle);
  if (!rows) return rows.error();
  return patiently_with_server(c, [&] { return stage_.commit(server_, epoch, *rows); });
}

void table_sink::close(context&) {
  server_.close();
}

}  // namespace millrace::postgresql
