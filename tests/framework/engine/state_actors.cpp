#include "state_actors.hpp"

#include <charconv>

#include "millrace/param.hpp"
#include "millrace/partition_state.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/registry.hpp"
#include "millrace/router.hpp"
#include "millrace/state.hpp"
#include "millrace/state_fold.hpp"
#include "millrace/timer.hpp"

namespace sample {

using namespace millrace;

namespace {

std::string key_and_source(const reading& r) {
  return r.key + "/" + std::to_string(r.source);
}

key_spec<reading> by_source() {
  return {"key and source", key_and_source};
}

}  // namespace

/// State with a time to live: counts readings of a key that are no further apart.
class expiring final : public processor {
public:
  in<reading> readings{this, "in", &expiring::on_reading, {.key = by_source()}};
  out<outcome> results{this, "out"};
  keyed_value<std::int64_t> run{this, "run", {.ttl = std::chrono::nanoseconds{life_ns}}};
  list<std::string> texts{this, "texts", {.ttl = std::chrono::nanoseconds{life_ns}}};
  keyed_value<std::int64_t> kept{
      this, "kept", {.ttl = std::chrono::nanoseconds{life_ns}, .update_on = ttl_update::read_and_write}};

  void on_reading(context&, const reading& r) {
    results.emit({"event", r.key, r.source, r.number, run.get() == nullptr ? -1 : *run.get(),
                  static_cast<std::int64_t>(texts.size()), kept.get() == nullptr ? -1 : *kept.get()});
    ++*run;
    texts.push_back("a text too long to lie inside " + std::to_string(r.number));
    if (kept.get() == nullptr) kept.set(r.number);
  }
};
MILLRACE_ACTOR(expiring, {.id = "state.expiring", .title = "Expiring"})

std::vector<outcome> expected_of_expiring(std::int64_t sources, std::int64_t count, std::int64_t keys) {
  struct seen {
    std::int64_t at, run, first;
  };
  std::map<std::string, seen> all;
  std::vector<outcome> out;
  for (std::int64_t s = 0; s < sources; ++s) {
    for (std::int64_t n = 0; n < count; ++n) {
      const auto r = reading_of(s, n, keys);
      auto& k = all.try_emplace(key_and_source(r), seen{-10 * life_ns, 0, -1}).first->second;
      const bool lives = r.at.ns < k.at + life_ns;
      out.push_back({"event", r.key, s, n, lives ? k.run : -1, lives ? k.run : 0, lives ? k.first : -1});
      k = {r.at.ns, lives ? k.run + 1 : 1, lives ? k.first : n};
    }
  }
  return out;
}

/// Folds, state of the partition and broadcast state.
class folding final : public processor {
public:
  in<reading> readings{this, "in", &folding::on_reading, {.key = &reading::key}};
  in<measure> rules{this, "rules", &folding::on_rule, {.broadcast = true}};
  out<outcome> results{this, "out"};
  reducing<std::int64_t> largest{this, "largest",
                                 [](const std::int64_t& a, const std::int64_t& b) { return std::max(a, b); }};
  aggregating<std::int64_t, total_1, double> mean{this, "mean", [](total_1& t, const std::int64_t&) { ++t.count; },
                                                  [](const total_1& t) { return static_cast<double>(t.count) / 2; }};
  partition_value<std::int64_t> seen{this, "seen"};
  partition_list<std::int64_t> numbers{this, "numbers"};
  broadcast_map<std::int64_t, double> limits{this, "limits"};
  broadcast_value<std::int64_t> newest{this, "newest"};
  timer finish{this, "finish", &folding::on_finish};
  param<bool> meddles{this, "meddles", false};

  void on_reading(context&, const reading& r) {
    if (*meddles && r.number == 5) limits.set(1, 1.0);
    largest.add(r.amount);
    mean.add(r.amount);
    ++*seen;
    if (r.number % 100 == 0) numbers.push_back(r.number);
    if (!finish.pending()) finish.set(event_time::max());
  }
  void on_rule(context&, const measure& m) {
    limits.set(m.number % 10, m.key);
    if (m.number % 7 == 0) limits.erase(m.number % 10);
    newest.set(m.number);
  }
  void on_finish(context& c, event_time) {
    results.emit({"key", c.key<std::string>(), -1, *largest.get(), -1, static_cast<std::int64_t>(*mean.get() * 2), 0});
  }
  void on_end_of_input(context& c) override {
    std::int64_t sum = 0;
    for (const auto& [number, limit] : limits.get()) sum += number * 1000 + static_cast<std::int64_t>(limit);
    results.emit({"rules", {}, c.partition(), newest.get(), static_cast<std::int64_t>(limits.get().size()), 0, sum});
    results.emit({"seen", {}, c.partition(), 0, -1, *seen, static_cast<std::int64_t>(numbers.size())});
  }
};
MILLRACE_ACTOR(folding, {.id = "state.folding", .title = "Folding"})

class rule_source final : public producer {
public:
  out<measure> rules{this, "out"};
  param<std::int64_t> count{this, "count", 200};

  poll_result poll(context& c, std::size_t) override {
    for (auto n = 1 + c.random().below(5); n != 0 && next_ < *count; --n, ++next_) {
      rules.emit({static_cast<double>(next_ * 3), next_});
    }
    return next_ < *count ? poll_result::more() : poll_result::end();
  }
  void save_position(msgpack::writer& out) const override { out.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return "rule " + std::to_string(next_); }

private:
  std::int64_t next_ = 0;
};
MILLRACE_ACTOR(rule_source, {.id = "state.rules", .title = "Rules"})

class to_all final : public router {
public:
  bool broadcasts() const noexcept override { return true; }
  bool route(context&, const batch&, std::uint32_t, std::span<std::uint16_t>, std::span<std::uint64_t>) override {
    return false;
  }
};
MILLRACE_ACTOR(to_all, {.id = "state.to_all", .title = "To all"})

/// The same actor in several versions: what differs is the type of its states.
template <class Total>
class versioned : public processor {
public:
  explicit versioned(state_options<Total> options = {}, const migrations<Total>& of_partition = {})
      : totals_{this, "totals", options},
        history_{this, "history", options},
        by_source_{this, "by_source", options},
        all_{this, "all", of_partition} {}

  in<reading> readings{this, "in", &versioned::on_reading, {.key = &reading::key}};
  out<outcome> results{this, "out"};

  void on_reading(context&, const reading& r) {
    *totals_ = next(*totals_);
    by_source_[r.source] = next(by_source_[r.source]);
    if (history_.size() < 3) history_.push_back(next(Total{}));
    *all_ = next(*all_);
    if (!finish_.pending()) finish_.set(event_time::max());
  }
  void on_finish(context& c, event_time) {
    std::int64_t of_sources = 0;
    std::int64_t of_history = 0;
    for (const auto& [source, t] : by_source_.get()) of_sources += number(t);
    for (const auto& t : history_.get()) of_history += number(t);
    results.emit({"key", c.key<std::string>(), -1, number(*totals_.get()), of_history, of_sources, 0});
  }
  void on_end_of_input(context& c) override { results.emit({"all", {}, c.partition(), number(*all_), -1, 0, 0}); }

private:
  static Total next(Total t) {
    if constexpr (std::is_same_v<Total, total_text>) {
      t.count = std::to_string(number(t) + 1);
    } else {
      ++t.count;
    }
    return t;
  }
  static std::int64_t number(const Total& t) {
    if constexpr (std::is_same_v<Total, total_text>) {
      std::int64_t n = 0;
      std::from_chars(t.count.data(), t.count.data() + t.count.size(), n);
      return n;
    } else if constexpr (std::is_same_v<Total, total_2>) {
      return t.count * 10 + t.bonus;
    } else {
      return t.count;
    }
  }

  keyed_value<Total> totals_;
  list<Total> history_;
  map<std::int64_t, Total> by_source_;
  partition_value<Total> all_;
  timer finish_{this, "finish", &versioned::on_finish};
};
class version_1 final : public versioned<total_1> {};
MILLRACE_ACTOR(version_1, {.id = "state.version_1", .title = "Version 1"})
class version_2 final : public versioned<total_2> {};
MILLRACE_ACTOR(version_2, {.id = "state.version_2", .title = "Version 2"})
class version_text final : public versioned<total_text> {};
MILLRACE_ACTOR(version_text, {.id = "state.version_text", .title = "As text"})

class version_migrated final : public versioned<total_text> {
  static migrations<total_text> both() {
    return {from<total_1>([](const total_1& t) { return total_text{std::to_string(t.count)}; }),
            from<total_2>([](const total_2& t) { return total_text{std::to_string(t.count)}; })};
  }

public:
  version_migrated() : versioned<total_text>{{.migrate = both()}, both()} {}
};
MILLRACE_ACTOR(version_migrated, {.id = "state.version_migrated", .title = "As text, migrated"})

class version_dropped final : public processor {
public:
  in<reading> readings{this, "in", &version_dropped::on_reading, {.key = &reading::key}};
  out<outcome> results{this, "out"};
  keyed_value<total_1> totals{this, "totals"};
  dropped_state history{this, "history"};
  dropped_state by_source{this, "by_source"};
  dropped_state all{this, "all"};
  dropped_state finish{this, "timer:finish"};
  void on_reading(context&, const reading& r) {
    if (r.number >= 550) results.emit({"key", r.key, -1, totals.get() == nullptr ? 0 : totals.get()->count, -1, 0, 0});
  }
};
MILLRACE_ACTOR(version_dropped, {.id = "state.version_dropped", .title = "Dropped"})

/// Keyed by another type.
class version_keyed final : public processor {
public:
  in<reading> readings{this, "in", &version_keyed::on_reading, {.key = &reading::source}};
  out<outcome> results{this, "out"};
  keyed_value<total_1> totals{this, "totals"};
  dropped_state history{this, "history"};
  dropped_state by_source{this, "by_source"};
  dropped_state all{this, "all"};
  dropped_state finish{this, "timer:finish"};
  void on_reading(context&, const reading&) {}
};
MILLRACE_ACTOR(version_keyed, {.id = "state.version_keyed", .title = "Keyed by number"})

}  // namespace sample
