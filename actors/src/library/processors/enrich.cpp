#include "library/processors/enrich.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "library/processors/parameters.hpp"
#include "millrace/key_codec.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

result<void> enrich::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  missing_.set_type(type);
  how_ = *absent_ == "drop" ? absent::drop : *absent_ == "output" ? absent::output : absent::null;
  auto table = parse_schema("table", *fields_);
  if (!table) return user_error(errc::invalid_argument, "parameter 'fields': " + table.error().message);
  if (auto ok = find_key(type->schema(), *table); !ok) return ok;
  auto made = copied_fields(type->schema());
  if (auto ok = add_columns(*table, made); !ok) return ok;
  const auto reload = duration_of("reload", *reload_, true);
  if (!reload) return reload.error();
  reload_ns_ = std::chrono::nanoseconds{*reload}.count();
  const auto extension = std::filesystem::path{*path_}.extension();
  if (*format_ == "auto" && extension != ".csv" && extension != ".jsonl") {
    return user_error(errc::invalid_argument,
                      "the format of '" + *path_ + "' cannot be told from its name: set 'format' to csv or jsonl");
  }
  source_ = {.path = (std::filesystem::path{w.base_folder()} / *path_).lexically_normal().string(),
             .is_csv = *format_ == "csv" || (*format_ == "auto" && extension == ".csv"),
             .fields = std::make_shared<const schema>(std::move(*table)),
             .key = split_list(*key_, ','),
             .rows_max = static_cast<std::size_t>(*rows_max_)};
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

/// Both sides must write a key the same way.
result<void> enrich::find_key(const schema& arriving, const schema& table) {
  schema ignored;
  auto keys = key_fields::find(arriving, event_key_->empty() ? *key_ : *event_key_, ignored,
                               event_key_->empty() ? "key" : "event_key");
  if (!keys) return std::move(keys).error();
  keys_ = std::move(*keys);
  const auto names = split_list(*key_, ',');
  if (names.size() != keys_.names.size()) {
    return user_error(errc::invalid_argument, "'key' and 'event_key' name a different number of fields");
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto index = table.find(names[i]);
    if (!index) {
      return user_error(errc::invalid_argument,
                        "parameter 'key': the table has no field '" + names[i] + "' (it has " + to_text(table) + ")");
    }
    auto theirs = table.fields[*index].type;
    auto ours = keys_.types[i];
    theirs.optional = ours.optional = false;
    if (theirs.is_scalar() && detail::key_type_text(theirs) == detail::key_type_text(ours)) continue;
    return user_error(errc::schema_mismatch, "parameter 'key': '" + names[i] + "' is a " + to_text(theirs) +
                                                 " in the table, and '" + keys_.names[i] + "' a " + to_text(ours) +
                                                 ": give them one type, e.g. with millrace.select");
  }
  return {};
}

result<void> enrich::add_columns(const schema& table, schema& made) {
  added_.clear();
  const auto names = split_list(*key_, ',');
  for (std::uint32_t i = 0; i < table.fields.size(); ++i) {
    const auto& f = table.fields[i];
    if (std::ranges::find(names, f.name) != names.end()) continue;
    if (auto ok = add_column(made, f.name, f.type.kind); !ok) return ok;
    made.fields.back() = f;
    made.fields.back().since = 1;
    if (how_ == absent::null) made.fields.back().type.optional = true;
    added_.push_back(i);
  }
  if (!added_.empty()) return {};
  return user_error(errc::invalid_argument, "parameter 'fields' has nothing but the key: there is nothing to add");
}

void enrich::open(context& c) {
  if (!file_stamp::read(source_.path, loaded_)) {
    throw std::runtime_error{"parameter 'path': the table '" + source_.path + "' is not there"};
  }
  auto table = lookup_table::load(source_);
  if (!table) throw std::runtime_error{"parameter 'path': " + table.error().message};
  table_ = std::move(*table);
  seen_ = loaded_;
  next_look_ = c.now().ns + reload_ns_;
}

void enrich::look(context& c) {
  next_look_ = c.now().ns + reload_ns_;
  file_stamp now;
  if (!file_stamp::read(source_.path, now)) {
    if (!is_gone_) c.log(log_level::warning, "the table '" + source_.path + "' is gone; the one read before stays");
    is_gone_ = true;
    return;
  }
  is_gone_ = false;
  const bool is_being_written = !(now == seen_);
  seen_ = now;
  if (is_being_written || now == loaded_ || now == refused_) return;
  auto table = lookup_table::load(source_);
  file_stamp behind;
  if (!file_stamp::read(source_.path, behind) || !(behind == now)) return;  // written meanwhile: looked at again
  if (!table) {
    refused_ = now;
    c.log(log_level::warning, "the new table cannot be used, the old one stays: " + table.error().message);
    return;
  }
  table_ = std::move(*table);
  loaded_ = now;
  c.log(log_level::info, "took over the table '" + source_.path + "' with " + std::to_string(table_->size()) + " rows");
}

void enrich::on_record(context& c, const record_view& record) {
  if (reload_ns_ != 0 && c.now().ns >= next_look_) look(c);
  scratch_.clear();
  keys_.append(scratch_, record);
  std::uint32_t number = 0;
  if (table_->find(scratch_.view(), number)) {
    const auto row = table_->row(number);
    return emit(record, &row);
  }
  if (how_ == absent::null) return emit(record, nullptr);
  if (how_ == absent::output) missing_.emit(record);
}

void enrich::emit(const record_view& record, const record_view* row) {
  if (!out_.is_connected()) return;
  auto& to = out_.row();
  begin_copy(to, record);
  auto field = static_cast<std::uint32_t>(record.values().size());
  for (const auto i : added_) {
    if (row != nullptr) (void)to.set(field, row->field(i));
    ++field;
  }
  out_.emit();
}

}  // namespace millrace::library
