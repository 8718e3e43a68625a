#include "wiring_actors.hpp"

#include "millrace/dynamic_batch.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/registry.hpp"
#include "millrace/router.hpp"
#include "millrace/sink.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "millrace/wiring.hpp"

#include <QtGlobal>
#include <algorithm>

namespace wiring_test {

using namespace millrace;

struct trade {
  std::string account;
  std::int64_t amount{};
  event_time at{};
};
MILLRACE_RECORD(trade, 1, account, amount, at)

struct tally {
  std::string account;
  std::int64_t count{};
};
MILLRACE_RECORD(tally, 1, account, count)

/// A producer that never has anything to say.
struct silent_producer : producer {
  poll_result poll(context&, std::size_t) override { return poll_result::end(); }
  void save_position(msgpack::writer& w) const override { w.nil(); }
  bool load_position(msgpack::reader& r) override { return r.skip(); }
  std::string describe_position() const override { return "end"; }
};

struct trades : silent_producer {
  out<trade> output{this, "out"};
  param<std::string> file{this, "file", "", {.is_path = true}};
  param<int> limit{this, "limit", 5, {.unit = "trades/min", .min = 1, .max = 100}};
  param<std::string> mode{this, "mode", "fast", {.choices = {"fast", "slow"}}};
};
MILLRACE_ACTOR(trades, {.id = "test.trades", .title = "Trades"});

struct live_trades : trades {
  replay replays() const noexcept override { return replay::live; }
};
MILLRACE_ACTOR(live_trades, {.id = "test.live_trades", .title = "Live trades"});

struct logged_trades : trades {
  replay replays() const noexcept override { return replay::logged; }
};
MILLRACE_ACTOR(logged_trades, {.id = "test.logged_trades", .title = "Logged trades"});

struct rows_of : silent_producer {
  out<record_view> output{this, "out"};
  param<std::string> fields{this, "fields", "", {.required = true}};
  result<void> configure(wiring&) override {
    auto s = parse_schema("row", *fields);
    if (!s) return s.error();
    output.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(*s))));
    return {};
  }
};
MILLRACE_ACTOR(rows_of, {.id = "test.rows", .title = "Rows"});

struct forgetful : silent_producer {
  out<record_view> output{this, "out"};
};
MILLRACE_ACTOR(forgetful, {.id = "test.untyped", .title = "Output without a type"});

struct by_key_router : router {
  std::shared_ptr<const key_extractor> used;
  bool routes_by_key() const noexcept override { return true; }
  void use_key(std::shared_ptr<const key_extractor> k, std::uint32_t) override { used = std::move(k); }
  bool route(context&, const batch&, std::uint32_t, std::span<std::uint16_t>, std::span<std::uint64_t>) override {
    return false;
  }
};
MILLRACE_ACTOR(by_key_router, {.id = "test.by_key", .title = "By key"});

struct turn_router : router {
  bool route(context&, const batch&, std::uint32_t, std::span<std::uint16_t>, std::span<std::uint64_t>) override {
    return false;
  }
};
MILLRACE_ACTOR(turn_router, {.id = "test.round_robin", .title = "In turn"});

struct count_trades : processor {
  in<trade> input{this, "in", &count_trades::on_trade, {.key = &trade::account}};
  out<tally> output{this, "out"};
  keyed_value<std::int64_t> count{this, "count"};
  void on_trade(context&, const trade&) {}
};
MILLRACE_ACTOR(count_trades, {.id = "test.count", .title = "Count"});

struct count_later : count_trades {
  timer close{this, "close", &count_later::on_close};
  void on_close(context&, event_time) {}
};
MILLRACE_ACTOR(count_later, {.id = "test.window", .title = "Window"});

struct count_by_time : processor {
  in<trade> input{this, "in", &count_by_time::on_trade, {.key = &trade::at}};
  out<tally> output{this, "out"};
  void on_trade(context&, const trade&) {}
};
MILLRACE_ACTOR(count_by_time, {.id = "test.count_by_time", .title = "Count by time"});

struct count_by_initial : processor {
  in<trade> input{this, "in", &count_by_initial::on_trade, {.key = {"initial", [](const trade& t) {
                                                                      return t.account.substr(0, 1);
                                                                    }}}};
  out<tally> output{this, "out"};
  void on_trade(context&, const trade&) {}
};
MILLRACE_ACTOR(count_by_initial, {.id = "test.count_by_initial", .title = "Count by initial"});

struct join : processor {
  in<trade> left{this, "left", &join::on_trade, {.key = &trade::account}};
  in<trade> right{this, "right", &join::on_trade, {.key = &trade::amount}};
  out<tally> output{this, "out"};
  void on_trade(context&, const trade&) {}
};
MILLRACE_ACTOR(join, {.id = "test.join", .title = "Join"});

struct pass_rows : processor {
  in<record_view> input{this, "in", &pass_rows::on_row};
  out<record_view> output{this, "out"};
  void on_row(context&, const record_view&) {}
  result<void> configure(wiring& w) override {
    output.set_type(dynamic_record_type(w.input_type("in")->shared_schema()));
    return {};
  }
};
MILLRACE_ACTOR(pass_rows, {.id = "test.pass", .title = "Pass"});

struct group_rows : processor {
  in<record_view> input{this, "in", &group_rows::on_row};
  out<tally> output{this, "out"};
  param<std::string> key{this, "key", "account"};
  void on_row(context&, const record_view&) {}
  result<void> configure(wiring&) override {
    input.key_by({*key});
    return {};
  }
};
MILLRACE_ACTOR(group_rows, {.id = "test.group", .title = "Group"});

struct trade_step : processor {
  in<trade> input{this, "in", &trade_step::on_trades};
  out<trade> output{this, "out"};
  void on_trades(context&, std::span<const trade>) {}
};
MILLRACE_ACTOR(trade_step, {.id = "test.step", .title = "Step"});

struct keyed_batches : processor {
  in<trade> input{this, "in", &keyed_batches::on_trades};
  out<trade> output{this, "out"};
  void on_trades(context&, std::span<const trade>) {}
  result<void> configure(wiring&) override {
    input.key_by({"account"});
    return {};
  }
};
MILLRACE_ACTOR(keyed_batches, {.id = "test.keyed_batches", .title = "Keyed batches"});

struct stray_state : processor {
  in<trade> input{this, "in", &stray_state::on_trade};
  out<trade> output{this, "out"};
  keyed_value<int> seen{this, "seen"};
  void on_trade(context&, const trade&) {}
};
MILLRACE_ACTOR(stray_state, {.id = "test.stray_state", .title = "State without key"});

struct stray_timer : processor {
  in<trade> input{this, "in", &stray_timer::on_trade};
  timer close{this, "close", &stray_timer::on_close};
  void on_trade(context&, const trade&) {}
  void on_close(context&, event_time) {}
};
MILLRACE_ACTOR(stray_timer, {.id = "test.stray_timer", .title = "Timer without key"});

struct picky : trade_step {
  result<void> configure(wiring&) override { return user_error(errc::invalid_argument, "'from' is behind 'to'"); }
};
MILLRACE_ACTOR(picky, {.id = "test.picky", .title = "Refuses"});

struct throwing : trade_step {
  result<void> configure(wiring&) override { throw std::runtime_error{"out of cheese"}; }
};
MILLRACE_ACTOR(throwing, {.id = "test.throwing", .title = "Throws"});

struct producer_with_input : silent_producer {
  out<trade> output{this, "out"};
  in<trade> input{this, "in", &producer_with_input::on_trade};
  void on_trade(context&, const trade&) {}
};
MILLRACE_ACTOR(producer_with_input, {.id = "test.producer_with_input", .title = "Wrong"});

struct no_input : processor {
  out<trade> output{this, "out"};
};
MILLRACE_ACTOR(no_input, {.id = "test.no_input", .title = "Wrong"});

struct two_dead : trade_step {
  out<trade> again{this, "dead"};
};
MILLRACE_ACTOR(two_dead, {.id = "test.two_dead", .title = "Wrong"});

struct any_sink : sink {
  in<record_view> input{this, "in", &any_sink::on_row};
  void on_row(context&, const record_view&) {}
};
MILLRACE_ACTOR(any_sink, {.id = "test.log_sink", .title = "At least once"});

struct file_sink : any_sink {
  delivery delivers() const noexcept override { return delivery::transactional; }
};
MILLRACE_ACTOR(file_sink, {.id = "test.file_sink", .title = "Transactional"});

struct put_sink : any_sink {
  delivery delivers() const noexcept override { return delivery::idempotent; }
};
MILLRACE_ACTOR(put_sink, {.id = "test.put_sink", .title = "Idempotent"});

struct tally_sink : sink {
  in<tally> input{this, "in", &tally_sink::on_tally};
  void on_tally(context&, const tally&) {}
};
MILLRACE_ACTOR(tally_sink, {.id = "test.tally_sink", .title = "Tallies"});

struct sink_with_output : any_sink {
  out<trade> output{this, "out"};
};
MILLRACE_ACTOR(sink_with_output, {.id = "test.sink_with_output", .title = "Wrong"});

topology counting(const std::string& producer, const std::string& sink) {
  topology t;
  t.name = "counting";
  t.add("trades", producer);
  t.add("route", "test.by_key");
  t.add("count", "test.count", {}, 4);
  t.add("file", sink);
  t.connect("trades", "route").connect("route", "count").connect("count", "file");
  return t;
}

bool has_problem(const validation& v, const std::string& where, const std::string& what, const std::string& remedy) {
  return std::ranges::any_of(v.problems, [&](const problem& p) {
    return p.where == where && p.what.find(what) != std::string::npos && p.remedy.find(remedy) != std::string::npos;
  });
}

std::string text_of(const validation& v) {
  std::string all;
  for (const auto& p : v.problems) all += to_string(p) + "\n";
  return all;
}

validation checked(const topology& t) {
  auto v = validate(t);
  for (const auto& p : v.problems) {
    if (p.where.empty() || p.what.empty() || p.remedy.empty()) qFatal("incomplete problem: %s", to_string(p).c_str());
  }
  return v;
}

}  // namespace wiring_test
