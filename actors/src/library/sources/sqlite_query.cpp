#include "library/sources/sqlite_query.hpp"

#include <algorithm>
#include <stdexcept>

#include "millrace/dead_letter.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

template <class T>
T taken(result<T> r) {
  if (!r) throw std::runtime_error(r.error().message);
  return std::move(r).value();
}

bool is_name(std::string_view text) {
  return text.find_first_of(" \t\n(") == text.npos;
}

}  // namespace

result<void> sqlite_query::configure(wiring&) {
  if (path_->empty()) return user_error(errc::invalid_argument, "parameter 'path' is empty: name a file");
  if (query_->empty()) {
    return user_error(errc::invalid_argument, "parameter 'query' is empty: give a SELECT or a table's name");
  }
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
  column_index_ = *at;
  schema_ = std::make_shared<const schema>(std::move(parsed).value());
  out_.set_type(dynamic_record_type(schema_));
  return {};
}

void sqlite_query::open(context& c) {
  if (c.partition() == 0) db_ = taken(sqlite::connection::open(*path_, true));
}

poll_result sqlite_query::poll(context& c, std::size_t max) {
  if (c.partition() != 0) return poll_result::end();
  const auto wanted = std::min<std::int64_t>(*page_, static_cast<std::int64_t>(max));
  const auto before = read_;
  if (read_page(c, wanted) == static_cast<std::size_t>(wanted)) return poll_result::more();
  if (*until_end_) return poll_result::end();
  const std::chrono::milliseconds interval{*interval_ms_};
  return read_ == before ? poll_result::idle(interval) : poll_result::wait(interval);
}

std::size_t sqlite_query::read_page(context& c, std::int64_t rows) {
  std::string list;
  for (const auto& f : schema_->fields) list += (list.empty() ? "q." : ", q.") + sqlite::identifier(f.name);
  const auto column = "q." + sqlite::identifier(*column_);
  const bool is_first = std::holds_alternative<std::monostate>(position_);
  auto s = taken(db_.prepare("SELECT " + list + " FROM " + (is_name(*query_) ? *query_ : "(" + *query_ + ")") +
                             " AS q" + (is_first ? "" : " WHERE " + column + " > ?1") + " ORDER BY " + column +
                             " LIMIT " + std::to_string(rows)));
  // A copy: the statement looks at it while the position moves on.
  const auto from = position_;
  if (const auto* number = std::get_if<std::int64_t>(&from)) s.bind(1, *number);
  if (const auto* text = std::get_if<std::string>(&from)) s.bind_text(1, *text);
  std::size_t count = 0;
  for (; taken(s.step()); ++count) {
    step_to(s.at(static_cast<int>(column_index_)));
    emit_row(c, s);
  }
  return count;
}

void sqlite_query::step_to(const value& key) {
  place next;
  if (key.kind() == value_kind::int64) next = key.as_int64();
  if (key.kind() == value_kind::string) next = std::string{key.as_string()};
  const auto refuse = [&](const std::string& what) {
    throw std::runtime_error("column '" + *column_ + "' of the query on '" + *path_ + "' is " + what +
                             ": name a column of whole numbers or of texts that is unique and never null");
  };
  if (std::holds_alternative<std::monostate>(next)) refuse("neither a whole number nor a text in a row");
  if (next == position_) refuse("the same in two rows, behind " + describe_position());
  if (position_.index() != 0 && position_.index() != next.index()) refuse("a number in one row and a text in another");
  position_ = std::move(next);
  ++read_;
}

std::string sqlite_query::set_field(std::uint32_t i, const sqlite::statement& row) {
  const auto& type = schema_->fields[i].type;
  const int column = static_cast<int>(i);
  const auto stored = row.at(column);
  auto& built = out_.row();
  if (stored.is_null()) return type.optional && built.set(i, stored) ? "" : "is null: mark its type with '?'";
  // Texts of floats have fewer digits than the floats.
  const bool is_as_stored =
      (stored.kind() == value_kind::bytes && type.kind == field_kind::bytes) ||
      (stored.kind() == value_kind::float64 && (type.kind == field_kind::float32 || type.kind == field_kind::float64));
  if (is_as_stored) return built.set(i, stored) ? "" : "does not fit its type";
  text_ = row.text(column);
  value v;
  const char* const wanted = parse_value(type, text_, v, scratch_);
  if (wanted != nullptr) return "is '" + text_ + "', not " + wanted;
  return built.set(i, v) ? "" : "does not fit its type";
}

void sqlite_query::emit_row(context& c, const sqlite::statement& row) {
  if (!out_.is_connected()) return;
  out_.row().begin_row();
  for (std::uint32_t i = 0; i < schema_->fields.size(); ++i) {
    const auto wrong = set_field(i, row);
    if (wrong.empty()) continue;
    out_.row().drop_row();
    const auto reason = "field '" + schema_->fields[i].name + "' " + wrong + " in the row with " + describe_position();
    return c.set_aside(malformed_input{
        .origin = *path_, .place = read_, .before = reason, .at = event_time{c.now().ns}, .content = reason});
  }
  out_.emit();
}

void sqlite_query::save_position(msgpack::writer& out) const {
  out.array(3);
  out.integer(read_);
  out.integer(static_cast<std::uint64_t>(position_.index()));
  if (const auto* number = std::get_if<std::int64_t>(&position_)) {
    out.integer(*number);
  } else if (const auto* text = std::get_if<std::string>(&position_)) {
    out.string(*text);
  } else {
    out.nil();
  }
}

bool sqlite_query::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  std::uint64_t kind = 0;
  if (!in.array(n) || n != 3 || !in.integer(read_) || !in.integer(kind) || kind > 2) return false;
  if (kind == 0) return in.skip();
  if (kind == 1) {
    std::int64_t number = 0;
    const bool ok = in.integer(number);
    position_ = number;
    return ok;
  }
  std::string_view text;
  const bool ok = in.string(text);
  position_ = std::string{text};
  return ok;
}

std::string sqlite_query::describe_position() const {
  if (const auto* number = std::get_if<std::int64_t>(&position_)) return *column_ + " " + std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&position_)) return *column_ + " " + *text;
  return "before the first row";
}

}  // namespace millrace::library
