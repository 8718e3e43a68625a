// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/state.hpp"
#include "millrace/topology.hpp"

#include "steered_actors.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <semaphore>

namespace millrace::test {

struct tick {
  std::int64_t key{};
  std::int64_t n{};
};
MILLRACE_RECORD(tick, 1, key, n)

struct stamped {
  std::int64_t key{};
  std::int64_t n{};
  std::int64_t seen{};
  std::int64_t limit{};
};
MILLRACE_RECORD(stamped, 1, key, n, seen, limit)

std::atomic<std::int64_t>& steered::allowed() {
  static std::atomic<std::int64_t> ticks{0};
  return ticks;
}

std::atomic<bool>& steered::keeps_texts() {
  static std::atomic<bool> is_on{false};
  return is_on;
}

std::atomic<std::int64_t>& steered::hangs_at() {
  static std::atomic<std::int64_t> tick{-1};
  return tick;
}

namespace {

std::binary_semaphore& hanging() {
  static std::binary_semaphore held{0};
  return held;
}

}  // namespace

void steered::let_go() {
  hanging().release();
}

namespace {

class ticks final : public producer {
public:
  out<tick> out_{this, "out"};
  param<std::int64_t> count{this, "count", 0, {.min = 0}};
  param<bool> logged{this, "logged", false};
  param<std::string> label{this, "label", "", {.live = true}};

  replay replays() const noexcept override { return *logged ? replay::logged : replay::replayable; }
  poll_result poll(context&, std::size_t max) override {
    for (std::size_t i = 0; i < max; ++i) {
      if (next_ == *count) return poll_result::end();
      if (next_ >= steered::allowed()) return poll_result::wait(std::chrono::milliseconds{1});
      out_.emit({next_ % steered::keys, next_});
      ++next_;
    }
    return poll_result::more();
  }
  void save_position(msgpack::writer& out) const override { out.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return std::to_string(next_); }
  std::uint64_t backlog() const override {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(steered::allowed() - next_, 0));
  }

private:
  std::int64_t next_ = 0;
};

class stamp final : public processor {
public:
  stamp() {
    if (steered::keeps_texts()) {
      texts_.emplace(this, "seen");
    } else {
      seen_.emplace(this, "seen");
    }
  }
  in<tick> in_{this, "in", &stamp::on_tick, {.key = &tick::key}};
  out<stamped> out_{this, "out"};
  param<std::int64_t> limit{this, "limit", 1, {.min = 1, .max = 1000, .live = true}};
  param<std::int64_t> fixed{this, "fixed", 1};
  param<std::string> pin{this, "pin", "", {.live = true, .is_secret = true}};

  void on_tick(context& c, const tick& t) {
    if (auto here = t.n; steered::hangs_at().compare_exchange_strong(here, -1)) hanging().acquire();
    if (!seen_) return;
    if (t.n % steered::milestone == 0) c.log(log_level::info, "a milestone: " + std::to_string(t.n));
    ++**seen_;
    out_.emit({t.key, t.n, **seen_, *limit});
  }

private:
  std::optional<keyed_value<std::int64_t>> seen_;
  std::optional<keyed_value<std::string>> texts_;
};

MILLRACE_ACTOR(ticks, {.id = "trial.ticks", .title = "Ticks"})
MILLRACE_ACTOR(stamp, {.id = "trial.stamp", .title = "Stamp"})

}  // namespace

topology steered::input(const std::string& name, std::int64_t count) {
  topology t;
  t.name = name;
  t.settings.snapshot_interval = std::chrono::milliseconds{50};
  t.add("ticks", "trial.ticks", {{"count", count}});
  t.add("spread", "millrace.by_key");
  t.add("stamp", "trial.stamp", {}, 2);
  t.connect("ticks", "spread");
  t.connect("spread", "stamp");
  return t;
}

topology steered::to_files(const std::string& name, std::int64_t count, const std::string& folder) {
  auto t = input(name, count);
  t.add("save", "millrace.file_sink", {{"path", folder}});
  t.connect("stamp", "save");
  return t;
}

QStringList steered::oracle(std::int64_t count) {
  QStringList rows;
  for (std::int64_t n = 0; n < count; ++n) {
    rows += QStringLiteral("%1,%2,%3,1").arg(n % keys).arg(n).arg(n / keys + 1);
  }
  rows.sort();
  return rows;
}

}  // namespace millrace::test
