#include "library/sources/journal.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "millrace/dead_letter.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

constexpr std::chrono::milliseconds look_every{200};
constexpr std::array<std::string_view, 8> priorities{"emerg",   "alert",  "crit", "err",
                                                     "warning", "notice", "info", "debug"};

std::string journal_name(const std::string& field) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> known{{{"unit", "_SYSTEMD_UNIT"},
                                                                                {"host", "_HOSTNAME"},
                                                                                {"identifier", "SYSLOG_IDENTIFIER"},
                                                                                {"pid", "_PID"},
                                                                                {"uid", "_UID"},
                                                                                {"comm", "_COMM"},
                                                                                {"boot", "_BOOT_ID"},
                                                                                {"transport", "_TRANSPORT"}}};
  const auto at = std::ranges::find(known, field, [](const auto& k) { return k.first; });
  if (at != known.end()) return std::string{at->second};
  std::string upper = field;
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return upper;
}

}  // namespace

result<void> journal::configure(wiring&) {
  auto parsed = parse_schema("entry", *fields_);
  if (!parsed) return user_error(errc::invalid_argument, "parameter 'fields': " + parsed.error().message);
  names_.clear();
  for (const auto& f : parsed->fields) {
    if (!f.type.is_scalar()) {
      return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name + "' is a " + to_text(f.type) +
                                                    "; only fields with single values can be read from a journal");
    }
    const bool is_time = f.name == "at" && f.type.kind == field_kind::event_time;
    names_.push_back(is_time ? std::string{} : journal_name(f.name));
  }
  if (auto ok = read_matches(); !ok) return ok;
  const auto made = std::make_shared<const schema>(std::move(parsed).value());
  row_.emplace(made);
  out_.set_type(dynamic_record_type(made));
  return {};
}

result<void> journal::read_matches() {
  matches_ = split_list(*match_, ';');
  for (const auto& m : matches_) {
    const auto name = std::string_view{m}.substr(0, m.find('='));
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    if (!name.empty() && name.size() < m.size() && name.find_first_not_of(allowed) == std::string_view::npos) continue;
    return user_error(errc::invalid_argument, "parameter 'match': '" + m +
                                                  "' is no FIELD=value with a field of the journal in capital letters");
  }
  for (const auto& unit : split_list(*unit_, ','))
    matches_.push_back("_SYSTEMD_UNIT=" + unit + (unit.find('.') == std::string::npos ? ".service" : ""));
  if (*priority_ == "debug") return {};
  const auto lowest = std::ranges::find(priorities, *priority_) - priorities.begin();
  for (auto i = 0; i <= lowest; ++i) matches_.push_back("PRIORITY=" + std::to_string(i));
  return {};
}

void journal::open(context& c) {
  if (c.partition() != 0) return;
  reader_.emplace(*directory_);
  for (const auto& m : matches_) reader_->match(m);
  quiet_.heard(c.now());
  go_to_position(c);
}

void journal::go_to_position(context& c) {
  if (cursor_.empty()) {
    if (*from_ == "now") reader_->go_to_end();
    return;
  }
  if (reader_->go_behind(cursor_)) return;
  const std::string gone =
      "the journal no longer has the entry that was read last before the snapshot (" + cursor_ + ")";
  if (*on_missing_ == "fail")
    throw std::runtime_error(
        gone + ": give it the same 'directory', 'unit', 'priority' and 'match', or set 'on_missing' to skip");
  c.log(log_level::warning, gone + "; going on with the next one there is");
}

poll_result journal::poll(context& c, std::size_t max) {
  if (!reader_) return poll_result::end();
  std::size_t taken = 0;
  for (; taken < max && reader_->next(); ++taken) take(c);
  entries_ += taken;
  const auto now = c.now();
  if (taken != 0) {
    quiet_.heard(now);
    cursor_ = reader_->cursor();
  }
  if (taken == max) return poll_result::more();
  if (!*follow_) return poll_result::end();
  return quiet_.rest(now, look_every);
}

void journal::take(context& c) {
  if (!out_.is_connected()) return;
  line_problem problem;
  row_->begin({}, out_.row(), problem);
  for (std::uint32_t i = 0; i < names_.size(); ++i) {
    if (fill(i)) continue;
    const auto message = reader_->field("MESSAGE").value_or("");
    c.set_aside({.origin = "journal",
                 .before = problem.before,
                 .value = problem.value,
                 .after = problem.after,
                 .content = message});
    return;
  }
  out_.emit();
}

bool journal::fill(std::uint32_t index) {
  if (names_[index].empty()) return row_->set(index, value::of(event_time{reader_->at()}));
  const auto text = reader_->field(names_[index]);
  return text ? row_->set(index, *text) : row_->set_missing(index);
}

bool journal::load_position(msgpack::reader& in) {
  std::string_view cursor;
  if (!in.string(cursor)) return false;
  cursor_ = cursor;
  return true;
}

}  // namespace millrace::library
