#include "query.hpp"

#include <algorithm>
#include <stdexcept>

#include "millrace/dead_letter.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::postgresql {

namespace {

/// PostgreSQL's text of a value as the framework reads it.
std::string_view plain_text(const field_type& type, std::string_view text) {
  switch (type.kind) {
    case field_kind::boolean:
      return text == "t" ? "true" : text == "f" ? "false" : text;
    case field_kind::bytes:
      return text.starts_with("\\x") ? text.substr(2) : text;
    case field_kind::event_time:
      // The session's times are in UTC.
      return text.ends_with("+00") ? text.substr(0, text.size() - 3) : text;
    default:
      return text;
  }
}

bool is_name(std::string_view text) {
  return text.find_first_of(" \t\n(") == text.npos;
}

}  // namespace

result<void> query_source::configure(wiring&) {
  if (auto ok = postgresql::connection::check(*connection_); !ok) return ok;
  auto parsed = parse_schema("row", *fields_);
  if (!parsed) return std::move(parsed).error();
  for (const auto& f : parsed->fields) {
    if (f.type.is_scalar()) continue;
    return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name + "' is a " + to_text(f.type) +
                                                  "; only fields with single values can be read: take others as texts");
  }
  const auto at = parsed->find(*column_);
  if (!at) {
    return user_error(errc::not_found,
                      "parameter 'column': '" + *column_ + "' is none of 'fields' (" + to_text(*parsed) + ")");
  }
  if (parsed->fields[*at].type.optional) {
    return user_error(errc::invalid_argument, "parameter 'column': '" + *column_ +
                                                  "' may be null, so it has no order; take the '?' off its type");
  }
  if (query_->empty()) {
    return user_error(errc::invalid_argument, "parameter 'query' is empty: give a SELECT or a table's name");
  }
  column_index_ = *at;
  schema_ = std::make_shared<const schema>(std::move(parsed).value());
  out_.set_type(dynamic_record_type(schema_));
  return {};
}

void query_source::open(context& c) {
  server_ = postgresql::connection{*connection_, "millrace " + c.actor_name()};
  if (!has_position_ && !after_->empty()) {
    position_ = *after_;
    has_position_ = true;
  }
}

void query_source::close(context&) {
  server_.close();
}

/// One row more than a page: two neighbours with one value would be parted by the end of a page.
result<void> query_source::fetch() {
  if (auto ok = server_.open(); !ok) return ok;
  std::string list;
  for (const auto& f : schema_->fields) list += (list.empty() ? "q." : ", q.") + identifier(f.name);
  const auto column = "q." + identifier(*column_);
  const auto from = is_name(*query_) ? *query_ : "(" + *query_ + ")";
  auto found =
      server_.run("SELECT " + list + " FROM " + from + " AS q" + (has_position_ ? " WHERE " + column + " > $1" : "") +
                      " ORDER BY " + column + " LIMIT " + std::to_string(*page_ + 1),
                  has_position_ ? std::vector<std::string>{position_} : std::vector<std::string>{});
  if (!found) return std::move(found).error();
  const int key = static_cast<int>(column_index_);
  for (int i = 0; i < found->size(); ++i) {
    const bool is_same = i > 0 && found->at(i, key) == found->at(i - 1, key);
    if (!is_same && !found->is_null(i, key)) continue;
    return user_error(errc::invalid_argument,
                      "column '" + *column_ + "' of the query on " + server_.place() + " is " +
                          (is_same ? "'" + std::string{found->at(i, key)} + "' in two rows" : "null in a row") +
                          ": name a column that is unique and never null, or make the query leave such rows out");
  }
  rows_ = std::move(*found);
  at_ = 0;
  page_end_ = static_cast<int>(std::min<std::int64_t>(rows_.size(), *page_));
  is_last_page_ = rows_.size() == page_end_;
  return {};
}

poll_result query_source::poll(context& c, std::size_t max) {
  if (c.partition() != 0) return poll_result::end();
  const std::chrono::milliseconds interval{*interval_ms_};
  if (at_ == page_end_) {
    if (!calls_) calls_.emplace(outside_calls::of_server(std::chrono::seconds{*retry_s_}));
    if (auto ok = calls_->make(c, [&] { return fetch(); }); !ok) {
      throw std::runtime_error(ok.error().message);
    }
    if (page_end_ == 0) return *until_end_ ? poll_result::end() : poll_result::idle(interval);
  }
  for (; max != 0 && at_ != page_end_; --max) emit_row(c);
  if (at_ != page_end_ || !is_last_page_) return poll_result::more();
  return *until_end_ ? poll_result::more() : poll_result::wait(interval);
}

void query_source::emit_row(context& c) {
  const int row = at_++;
  position_.assign(rows_.at(row, static_cast<int>(column_index_)));
  has_position_ = true;
  ++read_;
  if (!out_.is_connected()) return;
  auto& built = out_.row();
  built.begin_row();
  for (std::uint32_t i = 0; i < schema_->fields.size(); ++i) {
    const auto& f = schema_->fields[i];
    const int column = static_cast<int>(i);
    if (rows_.is_null(row, column)) {
      if (f.type.optional && built.set(i, value{})) continue;
      built.drop_row();
      return set_aside(c, f.name, "is null: mark its type with '?'", {});
    }
    const auto text = rows_.at(row, column);
    value v;
    const char* const wanted = parse_value(f.type, plain_text(f.type, text), v, scratch_);
    if (wanted == nullptr && built.set(i, v)) continue;
    built.drop_row();
    return set_aside(c, f.name, wanted == nullptr ? "does not fit its type" : "is not " + std::string{wanted}, text);
  }
  out_.emit();
}

void query_source::set_aside(context& c, const std::string& field, const std::string& what, std::string_view text) {
  text_ = "field '" + field + "' " + what + " in the row with " + *column_ + " " + position_;
  const malformed_input input{.origin = server_.place(),
                              .place = read_,
                              .before = text_,
                              .value = {},
                              .after = {},
                              .at = event_time{c.now().ns},
                              .content = text};
  c.set_aside(input);
}

void query_source::save_position(msgpack::writer& out) const {
  out.array(3);
  out.boolean(has_position_);
  out.string(position_);
  out.integer(read_);
}

bool query_source::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  std::string_view position;
  if (!in.array(n) || n != 3 || !in.boolean(has_position_) || !in.string(position) || !in.integer(read_)) return false;
  position_.assign(position);
  return true;
}

std::string query_source::describe_position() const {
  return has_position_ ? *column_ + " " + position_ : "before the first row";
}

}  // namespace millrace::postgresql
