#pragma once

#include <string>
#include <vector>

#include "library/patterns/rule_book.hpp"
#include "library/processors/key_fields.hpp"
#include "millrace/patterns/event_queue.hpp"
#include "millrace/patterns/key_matches.hpp"
#include "millrace/patterns/keyed_cell.hpp"
#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// What a key keeps: events the watermark has not passed, and the partial matches of each rule.
struct pattern_row {
  struct of_rule {
    std::uint64_t version = 0;
    patterns::key_matches<stored_record> matches;
  };
  patterns::event_queue<stored_record> waiting;
  std::vector<of_rule> rules;
};

}  // namespace millrace::library

namespace millrace {

template <>
struct codec<library::pattern_row> {
  static void encode(msgpack::writer& w, const library::pattern_row& in);
  static bool decode(msgpack::reader& r, library::pattern_row& out);
};

/// What a rule was refused for.
struct rejected_rule {
  std::string id;
  std::string pattern;
  std::string reason;
  event_time at{};
};
MILLRACE_RECORD(rejected_rule, 1, id, pattern, reason, at)

}  // namespace millrace

namespace millrace::library {

/// Finds patterns given as text in the events of each key. Output: the key fields, `rule`, `start` and `end` of the
/// match, the columns of `select`, and `at`, the event time at which it was settled.
///
/// Events are handled in order of event time. Each rule version is in force from one event time to another, so that
/// every key sees a change between the same two events, whatever order they arrived in; the partial matches of a
/// version end with it.
class pattern_actor : public processor {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void on_watermark(context& c) override { rules_.forget(c.watermark()); }
  void save_state(msgpack::writer& out) const override { rules_.save(out); }
  bool load_state(msgpack::reader& in) override { return rules_.load(in); }

protected:
  [[nodiscard]] virtual bool has_rules_input() const noexcept { return false; }
  [[nodiscard]] rule_book& rules() noexcept { return rules_; }
  [[nodiscard]] const schema& records() const noexcept { return *records_; }

private:
  struct at_work;

  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> make_output(schema made);
  [[nodiscard]] result<void> read_rule();
  void advance(context& c);
  void feed(pattern_row& row, const patterns::event_queue<stored_record>::entry& e);
  void retire(pattern_row& row, event_time at, bool is_end);
  void set_alarm(pattern_row& row);
  void emit(out<record_view>& to, const rule_version& v, const pattern_events& events, event_time at);
  void count_dropped(context& c);

  in<record_view> in_{this, "in", &pattern_actor::on_record};
  out<record_view> out_{this, "out"};
  out<record_view> timeouts_{this, "timeouts", {.optional = true}};
  late_output late_{this, in_, "late"};
  patterns::keyed_cell<pattern_row> row_{this, "pattern", "pattern rows 1"};
  patterns::wake_up alarm_{this, "pattern", [this](context& c) { advance(c); }};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> pattern_{
      this,
      "pattern",
      "",
      {.help = "The pattern, e.g. a (x > 1) followed by b+ (x > last.x) within 10m skip past last."}};
  param<std::string> rule_{this, "rule", "pattern", {.help = "The name of this pattern among rules, and in results."}};
  param<std::string> select_{
      this,
      "select",
      "",
      {.help = "Columns of the results, separated by commas, e.g. low = a.x, high = b.max.x, b.count, last.note."}};
  param<std::string> order_{
      this, "order", "", {.help = "An integer field that orders events of equal time; empty: as they arrived."}};
  param<std::int64_t> partial_max_{
      this,
      "partial_max",
      1'000,
      {.unit = "partial matches", .min = 1, .max = 1e6, .help = "Limit of a key and rule."}};
  param<std::string> overflow_{
      this,
      "overflow",
      "drop_oldest",
      {.choices = {"drop_oldest", "drop_newest", "fail"}, .help = "What happens at the limit."}};
  param<std::int64_t> waiting_max_{
      this,
      "waiting_max",
      100'000,
      {.unit = "events", .min = 1, .max = 1e8, .help = "Events of a key that may wait for the watermark."}};

  key_fields fields_;
  std::vector<pattern_column> columns_;
  rule_book rules_;
  schema_ptr records_;
  std::uint32_t time_index_ = 0;
  std::uint32_t order_index_ = 0;
  std::uint64_t dropped_ = 0;
};

/// As data in the topology: one pattern, fixed while the topology runs.
class fixed_pattern final : public pattern_actor {};

/// The same with rules that come and go on the input `rules`: records with `id` and `pattern` (text; null or empty
/// deletes the rule), in force from their event time on, or without one from where the watermark stands.
class live_patterns final : public pattern_actor {
public:
  result<void> configure(wiring& w) override;

private:
  [[nodiscard]] bool has_rules_input() const noexcept override { return true; }
  void on_rule(context& c, const record_view& record);

  in<record_view> rules_in_{this, "rules", &live_patterns::on_rule};
  out<rejected_rule> rejected_{this, "rejected", {.optional = true}};
  std::uint32_t id_index_ = 0;
  std::uint32_t pattern_index_ = 0;
  std::optional<std::uint32_t> from_index_;
};

}  // namespace millrace::library
