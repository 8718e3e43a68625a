// A live producer whose events cannot be had a second time, made logged.
#include <stdexcept>

#include "millrace/dead_letter.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/registry.hpp"
#include "sample_actors.hpp"

namespace sample {

using namespace millrace;

/// Takes what `disk::offers` hands out, in polls of random size; content is drawn when it is handed out, so nobody can
/// make it up again. `redelivers`: what was not acknowledged is offered again after a failure, as by a broker. The last
/// reading is emitted at the end of the input. `malforms`: those of which `is_malformed` says so are set aside.
class feed final : public producer {
public:
  out<reading> readings{this, "out"};
  param<std::int64_t> count{this, "count", 300};
  param<std::int64_t> keys{this, "keys", 23};
  param<bool> redelivers{this, "redelivers", false};
  param<bool> tells{this, "tells_watermark", false};
  param<std::int64_t> throws_one_in{this, "throws_one_in", 0};
  param<bool> malforms{this, "malforms", false};

  replay replays() const noexcept override { return replay::logged; }

  void open(context& c) override {
    auto& w = offered(c);
    if (!*redelivers) next_ = std::max(next_, w.handed.size());
    w.resumed_at.push_back(next_);
  }
  poll_result poll(context& c, std::size_t max) override {
    const auto last = static_cast<std::size_t>(*count) - 1;
    const auto want = 1 + c.random().below(max / 32);
    for (std::uint64_t i = 0; i < want && next_ < last; ++i) take(c);
    if (next_ >= last) return poll_result::end();
    auto& d = disk::current();
    if (*throws_one_in > 0 && d.random.below(static_cast<std::uint64_t>(*throws_one_in)) == 0) {
      throw std::runtime_error("the line is broken");
    }
    return c.random().below(4) == 0 ? poll_result::wait(std::chrono::milliseconds{1}) : poll_result::more();
  }
  void on_end_of_input(context& c) override {
    if (next_ < static_cast<std::size_t>(*count)) take(c);
  }
  void on_logged(context& c) override { offered(c).acknowledged = next_; }
  void save_position(msgpack::writer& out) const override { out.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return "reading " + std::to_string(next_); }
  std::chrono::nanoseconds disorder() const override { return std::chrono::milliseconds{4}; }

  std::optional<event_time> watermark() const override {
    if (!*tells) return std::nullopt;
    return event_time{static_cast<std::int64_t>(next_) * 1'000'000 -
                      1};  // each is at its number's millisecond or later
  }

private:
  static disk::offer& offered(const context& c) { return disk::current().offers[c.partition()]; }

  void take(context& c) {
    auto& w = offered(c);
    if (next_ == w.handed.size()) {
      auto& random = disk::current().random;
      const auto n = static_cast<std::int64_t>(next_);
      w.handed.push_back({"key" + std::to_string(random.below(static_cast<std::uint64_t>(*keys))),
                          c.partition(),
                          n,
                          static_cast<std::int64_t>(random.below(256)),
                          {n * 1'000'000 + static_cast<std::int64_t>(random.below(4)) * 1'000'000}});
    }
    const auto& one = w.handed[next_++];
    if (!*malforms || !is_malformed(one.number)) return readings.emit(one);
    const auto content = "reading " + std::to_string(one.number);
    c.set_aside(
        {.origin = "feed", .place = static_cast<std::uint64_t>(one.number), .value = "no reading", .content = content});
  }

  std::size_t next_ = 0;
};
MILLRACE_ACTOR(feed, {.id = "sim.feed", .title = "Feed"})

}  // namespace sample
