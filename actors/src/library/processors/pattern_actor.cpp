#include "library/processors/pattern_actor.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

#include "millrace/text/input_schema.hpp"

namespace millrace {

void codec<library::pattern_row>::encode(msgpack::writer& w, const library::pattern_row& in) {
  w.array(2);
  codec<patterns::event_queue<library::stored_record>>::encode(w, in.waiting);
  w.array(static_cast<std::uint32_t>(2 * in.rules.size()));
  for (const auto& r : in.rules) {
    w.integer(r.version);
    codec<patterns::key_matches<library::stored_record>>::encode(w, r.matches);
  }
}

bool codec<library::pattern_row>::decode(msgpack::reader& r, library::pattern_row& out) {
  std::uint32_t n = 0;
  if (!r.array(n) || (n != 2 && !r.refuse())) return false;
  if (!codec<patterns::event_queue<library::stored_record>>::decode(r, out.waiting)) return false;
  if (!r.array(n) || (n % 2 != 0 && !r.refuse())) return false;
  out.rules.clear();
  for (; n != 0; n -= 2) {
    auto& rule = out.rules.emplace_back();
    if (!r.integer(rule.version)) return false;
    if (!codec<patterns::key_matches<library::stored_record>>::decode(r, rule.matches)) return false;
  }
  return true;
}

namespace library {

namespace {

/// Events handled at once; the task looks after its outputs' credit in between.
constexpr std::size_t slice = 256;

patterns::overflow_rule overflow_of(const std::string& text) {
  if (text == "drop_newest") return patterns::overflow_rule::drop_newest;
  return text == "fail" ? patterns::overflow_rule::fail : patterns::overflow_rule::drop_oldest;
}

}  // namespace

/// One version of a rule at work on one key.
struct pattern_actor::at_work final : patterns::conditions, patterns::match_listener {
  at_work(pattern_actor& a, const rule_version& v, const patterns::key_matches<stored_record>& k)
      : of{a}, version{v}, key{k} {}
  [[nodiscard]] bool is_simple(std::uint32_t stage) const override { return (version.rule->simple >> stage & 1U) != 0; }
  [[nodiscard]] bool holds(std::uint32_t stage, const patterns::chain& earlier) const override {
    return version.rule->conditions[stage].holds({event, earlier, key.events()});
  }
  void on_match(const patterns::chain& events, event_time found_at) override {
    of.emit(of.out_, version, {nullptr, events, key.events()}, found_at);
  }
  void on_timeout(const patterns::chain& events, event_time at) override {
    of.emit(of.timeouts_, version, {nullptr, events, key.events()}, at);
  }
  pattern_actor& of;
  const rule_version& version;
  const patterns::key_matches<stored_record>& key;
  const stored_record* event = nullptr;
};

result<void> pattern_actor::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  records_ = type->shared_schema();
  schema made{.name = "match", .fields = {}};
  auto key = key_fields::find(*records_, *key_, made);
  if (!key) return std::move(key).error();
  fields_ = std::move(*key);
  in_.key_by(fields_.names);
  if (!records_->event_time_field) {
    return user_error(errc::schema_mismatch,
                      "records that arrive have no event time, which orders the events of a pattern");
  }
  time_index_ = *records_->event_time_field;
  if (!order_->empty()) {
    const auto index = find_number(*records_, *order_, "order");
    if (!index) return index.error();
    if (records_->fields[*index].type.kind != field_kind::integer) {
      return user_error(errc::invalid_argument, "parameter 'order': field '" + *order_ + "' is no integer");
    }
    order_index_ = *index;
  }
  auto columns = parse_columns(*select_, *records_);
  if (!columns) return user_error(columns.error().code, "parameter 'select', " + columns.error().message);
  columns_ = std::move(*columns);
  if (auto ok = make_output(std::move(made)); !ok) return ok;
  return read_rule();
}

result<void> pattern_actor::make_output(schema made) {
  std::vector<field> rest{{.name = "rule", .type = {.kind = field_kind::string}},
                          {.name = "start", .type = {.kind = field_kind::event_time}},
                          {.name = "end", .type = {.kind = field_kind::event_time}}};
  for (const auto& c : columns_) rest.push_back({.name = c.name, .type = c.type});
  rest.push_back({.name = "at", .type = {.kind = field_kind::event_time}});
  for (auto& f : rest) {
    if (made.find(f.name)) {
      return user_error(errc::invalid_argument, "two columns of the results would be called '" + f.name + "'");
    }
    made.fields.push_back(std::move(f));
  }
  made.event_time_field = static_cast<std::uint32_t>(made.fields.size() - 1);
  const auto type = dynamic_record_type(std::make_shared<const schema>(std::move(made)));
  out_.set_type(type);
  timeouts_.set_type(type);
  return {};
}

result<void> pattern_actor::read_rule() {
  rules_ = rule_book{{.partial_max = static_cast<std::uint32_t>(*partial_max_), .overflow = overflow_of(*overflow_)}};
  if (pattern_->empty()) {
    if (has_rules_input()) return {};
    return user_error(errc::invalid_argument,
                      "parameter 'pattern' is empty: give a pattern such as "
                      "a (x > 1) followed by b (x > a.x) within 10m");
  }
  if (auto ok = rules_.begin_with(*rule_, *pattern_, *records_); !ok) {
    return user_error(ok.error().code, "parameter 'pattern', " + ok.error().message);
  }
  for (const auto& c : columns_) {
    if (c.stage.empty() || rules_.versions().front().rule->machine.what().find(c.stage)) continue;
    return user_error(errc::invalid_argument, "parameter 'select': column '" + c.name + "' shows stage '" + c.stage +
                                                  "', which the pattern does not have");
  }
  return {};
}

void pattern_actor::open(context&) {
  if (const auto ok = rules_.compile(*records_); !ok) throw std::runtime_error(ok.error().message);
}

void pattern_actor::on_record(context& c, const record_view& record) {
  const auto& time = record.field(time_index_);
  if (time.kind() != value_kind::event_time) throw std::invalid_argument("an event without a time cannot be ordered");
  const auto at = time.as_time();
  if (at <= c.late_against() || at <= c.watermark()) return late_.take();
  auto& waiting = row_.edit().waiting;
  if (waiting.size() >= static_cast<std::size_t>(*waiting_max_)) {
    throw std::length_error("more than " + std::to_string(*waiting_max_) + " events of one key wait for the watermark");
  }
  const auto& order = record.field(order_index_);
  waiting.add(at, order_->empty() || !order.is_integer() ? 0 : order.as_int64(), stored_record{record});
  if (const auto due = alarm_.pending(); !due || *due > at) alarm_.set(at);
}

/// Also when an event fails: what was handled is gone, and the alarm is set for the rest.
void pattern_actor::advance(context& c) {
  auto& row = row_.edit();
  std::size_t handled = 0;
  struct settle {
    pattern_actor& of;
    pattern_row& row;
    const std::size_t& handled;
    context& c;
    ~settle() {
      row.waiting.drop_first(handled);
      std::erase_if(row.rules, [](const pattern_row::of_rule& r) { return r.matches.empty(); });
      of.count_dropped(c);
      of.set_alarm(row);
    }
  } const after{*this, row, handled, c};
  const auto now = c.watermark();
  while (handled < row.waiting.size() && row.waiting[handled].at <= now) {
    if (handled == slice) return;
    const auto e = std::move(row.waiting[handled++]);
    feed(row, e);
  }
  retire(row, now, now == event_time::max());
}

void pattern_actor::feed(pattern_row& row, const patterns::event_queue<stored_record>::entry& e) {
  retire(row, e.at - std::chrono::nanoseconds{1}, false);
  for (auto& v : rules_.versions()) {
    if (!v.is_active(e.at)) continue;
    auto known = std::ranges::find(row.rules, v.change.number, &pattern_row::of_rule::version);
    if (known == row.rules.end()) known = row.rules.insert(known, {v.change.number, {}});
    known->matches.belong_to(v.rule->machine);
    at_work work{*this, v, known->matches};
    work.event = &e.event;
    known->matches.feed(*v.matcher, e.event, e.at, work, work);
  }
}

/// Ends what the time up to `at` ends: partial matches whose time is over, in the order of the rules, and those of
/// versions that are no longer in force, which go without a timeout.
void pattern_actor::retire(pattern_row& row, event_time at, bool is_end) {
  for (auto& r : row.rules) {
    auto* const v = rules_.find(r.version);
    if (v == nullptr || v->rule == nullptr) {
      r.matches.clear();
      continue;
    }
    r.matches.belong_to(v->rule->machine);
    at_work work{*this, *v, r.matches};
    // The end of a version comes before everything of its time, also before ends of time that fall on it.
    const bool is_over = v->until <= at && v->until != event_time::max();
    r.matches.expire(*v->matcher, is_over ? v->until - std::chrono::nanoseconds{1} : at, work);
    if (is_over) r.matches.clear();
    if (is_end && !is_over) r.matches.finish(*v->matcher, work);
  }
}

void pattern_actor::set_alarm(pattern_row& row) {
  event_time next = row.waiting.empty() ? event_time::max() : row.waiting.next();
  bool is_needed = !row.waiting.empty();
  for (const auto& r : row.rules) {
    const auto* const v = rules_.find(r.version);
    if (v == nullptr || v->rule == nullptr) continue;
    if (const auto due = v->matcher->deadline(r.matches.store())) {
      next = std::min(next, *due);
      is_needed = true;
    }
    is_needed = is_needed || v->matcher->waits_for_end(r.matches.store());
  }
  if (is_needed) {
    alarm_.set(next);
  } else if (row.rules.empty()) {
    row_.clear();
  }
}

void pattern_actor::count_dropped(context& c) {
  std::uint64_t more = 0;
  for (auto& v : rules_.versions()) more += v.matcher == nullptr ? 0 : v.matcher->take_dropped();
  if (more == 0) return;
  // A warning each time the number has doubled: enough to see it grow, too few to fill the log.
  if (std::bit_width(dropped_ + more) != std::bit_width(dropped_)) {
    c.log(log_level::warning, std::to_string(dropped_ + more) + " partial matches dropped: more than the limit");
  }
  dropped_ += more;
}

void pattern_actor::emit(out<record_view>& to, const rule_version& v, const pattern_events& events, event_time at) {
  if (!to.is_connected()) return;
  auto& row = to.row();
  row.begin_row();
  fields_.set(row, engine::actor_access::state(*this).key().view());
  auto field = static_cast<std::uint32_t>(fields_.types.size());
  (void)row.set(field++, value::of(std::string_view{v.change.id}));
  (void)row.set(field++, value::of(events.taken.first()->at));
  (void)row.set(field++, value::of(events.taken.tip()->at));
  for (const auto& column : columns_) {
    pattern_reference ref{.how = column.how, .field = column.field};
    const auto stage = v.rule->machine.what().find(column.stage);
    if (stage) ref.stage = static_cast<std::uint32_t>(*stage);
    if (stage || column.stage.empty()) (void)row.set(field, read(ref, events));
    ++field;
  }
  (void)row.set(field, value::of(at));
  to.emit();
}

result<void> live_patterns::configure(wiring& w) {
  if (auto ok = pattern_actor::configure(w); !ok) return ok;
  const auto type = dynamic_input_type(w, "rules");
  if (type == nullptr) return {};
  const auto find_text = [&](const char* name) -> result<std::uint32_t> {
    const auto index = type->schema().find(name);
    if (index && type->schema().fields[*index].type.kind == field_kind::string) return *index;
    return user_error(errc::schema_mismatch, std::string{"rules need a text field '"} + name +
                                                 "'; those that arrive have " + to_text(type->schema()));
  };
  const auto id = find_text("id");
  if (!id) return id.error();
  const auto pattern = find_text("pattern");
  if (!pattern) return pattern.error();
  id_index_ = *id;
  pattern_index_ = *pattern;
  from_index_ = type->schema().event_time_field;
  return {};
}

void live_patterns::on_rule(context& c, const record_view& record) {
  // What the watermark has passed has been handled: a change cannot come before it.
  auto from = c.watermark() == event_time::max() ? c.watermark() : c.watermark() + std::chrono::nanoseconds{1};
  if (from_index_ && record.field(*from_index_).kind() == value_kind::event_time) {
    from = std::max(from, record.field(*from_index_).as_time());
  }
  const auto& id = record.field(id_index_);
  const auto& text = record.field(pattern_index_);
  const std::string name{id.is_null() ? std::string_view{} : id.as_string()};
  const std::string pattern{text.is_null() ? std::string_view{} : text.as_string()};
  const auto ok = name.empty() ? result<void>{user_error(errc::invalid_argument, "a rule needs an 'id'")}
                               : rules().change(from, name, pattern, records());
  if (ok) return;
  c.log(log_level::warning,
        "rule '" + name + "' was refused, what it was before stays in force: " + ok.error().message);
  rejected_.emit({name, pattern, ok.error().message, from});
}

}  // namespace library

}  // namespace millrace
