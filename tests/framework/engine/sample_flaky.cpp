// Actors that fail, and those that show what became of it.
#include <cmath>
#include <limits>
#include <stdexcept>

#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/registry.hpp"
#include "millrace/router.hpp"
#include "millrace/sink.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "millrace/wiring.hpp"
#include "sample_actors.hpp"

namespace sample {

using namespace millrace;

namespace {

/// Throws at `number` for the first `fails` attempts, counted beyond crashes; 0: for ever.
void maybe_throw(const std::string& place, std::int64_t number, std::int64_t fails) {
  auto& tried = disk::current().attempts[{place, number}];
  if (fails != 0 && tried >= fails) return;
  ++tried;
  throw std::runtime_error(place + " " + std::to_string(number) + " is bad");
}

}  // namespace

/// Fails at every `every`th reading, timer, or at the end, as `where` says.
class flaky final : public processor {
public:
  in<reading> readings{this, "in", &flaky::on_reading, {.key = &reading::key}};
  out<outcome> results{this, "out"};
  param<std::string> where{this, "where", "record", {.choices = {"record", "timer", "watermark", "end"}}};
  param<std::int64_t> every{this, "every", 1000};
  param<std::int64_t> fails{this, "fails", 0};
  keyed_value<std::int64_t> count{this, "count"};
  timer later{this, "later", &flaky::on_later};

  void on_reading(context&, const reading& r) {
    if (*where == "record" && r.number % *every == *every - 1) maybe_throw("record", r.number, *fails);
    results.emit({"event", r.key, r.source, r.number, -1, ++*count, r.amount});
    if (!later.pending()) later.set({r.at.ns / window_ns * window_ns + window_ns});
  }
  void on_later(context& c, event_time at) {
    if (*where == "timer" && at.ns / window_ns % *every == 0)
      maybe_throw("timer " + c.key<std::string>(), at.ns, *fails);
    results.emit({"timer", c.key<std::string>(), -1, at.ns, -1, 0, 0});
  }
  void on_watermark(context& c) override {
    if (*where == "watermark" && c.watermark() == event_time::max()) maybe_throw("watermark", 0, *fails);
  }
  void on_end_of_input(context&) override {
    if (*where == "end") maybe_throw("end", 0, *fails);
    results.emit({"end", "", -1, -1, -1, 0, 0});
  }
};
MILLRACE_ACTOR(flaky, {.id = "sim.flaky", .title = "Flaky"})

/// As `flaky`, for handlers of whole batches.
class flaky_batches final : public processor {
public:
  in<reading> readings{this, "in", &flaky_batches::on_readings};
  out<outcome> results{this, "out"};
  param<std::int64_t> every{this, "every", 1000};

  void on_readings(context&, std::span<const reading> all) {
    for (const auto& r : all) {
      if (r.number % *every == *every - 1) throw std::runtime_error("bad batch");
    }
    for (const auto& r : all) results.emit({"event", r.key, r.source, r.number, -1, 0, r.amount});
  }
};
MILLRACE_ACTOR(flaky_batches, {.id = "sim.flaky_batches", .title = "Flaky batches"})

class picky final : public router_of<reading> {
public:
  param<std::int64_t> every{this, "every", 1000};

  std::uint32_t pick(context&, const reading& r, std::uint32_t partitions) override {
    if (r.number % *every == *every - 1) throw std::runtime_error("cannot place it");
    return static_cast<std::uint32_t>(r.number) % partitions;
  }
};
MILLRACE_ACTOR(picky, {.id = "sim.picky", .title = "Picky router"})

class letters final : public sink {
public:
  in<dead_letter> in_letters{this, "in", &letters::on_letter};
  void on_letter(context&, const dead_letter& l) { disk::current().letters.push_back(l); }
};
MILLRACE_ACTOR(letters, {.id = "sim.letters", .title = "Letters"})

/// Passes readings on and notes every watermark.
class watcher final : public processor {
public:
  in<reading> readings{this, "in", &watcher::on_reading};
  out<reading> passed{this, "out"};

  void open(context& c) override { marks(c).emplace_back(); }
  void on_reading(context&, const reading& r) { passed.emit(r); }
  void on_watermark(context& c) override { marks(c).back().push_back(c.watermark()); }

private:
  static std::vector<std::vector<event_time>>& marks(const context& c) {
    return disk::current().watermarks[c.actor_name() + "/" + std::to_string(c.partition())];
  }
};
MILLRACE_ACTOR(watcher, {.id = "sim.watcher", .title = "Watcher"})

/// Passes records of any type on.
class any_pass final : public processor {
public:
  in<record_view> records{this, "in", &any_pass::on_record};
  out<record_view> passed{this, "out"};

  result<void> configure(wiring& w) override {
    const auto type = w.input_type("in");
    if (type != nullptr) passed.set_type(type->is_dynamic() ? type : dynamic_record_type(type->shared_schema()));
    return {};
  }
  void on_record(context&, const record_view& r) { passed.emit(r); }
};
MILLRACE_ACTOR(any_pass, {.id = "sim.any_pass", .title = "Any pass"})

/// `count` measures, every `every`th with a key that is not a number.
class measures final : public producer {
public:
  out<measure> measured{this, "out"};
  param<std::int64_t> count{this, "count", 1000};
  param<std::int64_t> every{this, "every", 100};

  poll_result poll(context&, std::size_t max) override {
    for (std::size_t i = 0; i < max && next_ < *count; ++i, ++next_) {
      const bool is_bad = next_ % *every == *every - 1;
      measured.emit({is_bad ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(next_ % 7), next_});
    }
    return next_ == *count ? poll_result::end() : poll_result::more();
  }
  void save_position(msgpack::writer& out) const override { out.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return std::to_string(next_); }

private:
  std::int64_t next_ = 0;
};
MILLRACE_ACTOR(measures, {.id = "sim.measures", .title = "Measures"})

class measured_keys final : public processor {
public:
  in<measure> measured{this, "in", &measured_keys::on_measure, {.key = &measure::key}};
  out<outcome> results{this, "out"};
  keyed_value<std::int64_t> count{this, "count"};

  void on_measure(context&, const measure& m) { results.emit({"event", "", 0, m.number, -1, ++*count, 0}); }
};
MILLRACE_ACTOR(measured_keys, {.id = "sim.measured_keys", .title = "Measured keys"})

/// Has the place of `sim.tally` in a topology, and a state of the same name and another type.
class other_tally final : public processor {
public:
  in<reading> readings{this, "in", &other_tally::on_reading, {.key = &reading::key}};
  out<outcome> results{this, "out"};
  keyed_value<std::string> count{this, "count"};

  void on_reading(context&, const reading&) { count->push_back('x'); }
};
MILLRACE_ACTOR(other_tally, {.id = "sim.other_tally", .title = "Other tally"})

}  // namespace sample
