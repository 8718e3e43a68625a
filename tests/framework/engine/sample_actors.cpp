#include "sample_actors.hpp"

#include <charconv>
#include <stdexcept>
#include <utility>

#include "millrace/key_group.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/registry.hpp"
#include "millrace/router.hpp"
#include "millrace/sink.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"

namespace sample {

using namespace millrace;

namespace {

thread_local disk* current_disk = nullptr;

/// Not every test has a disk.
void throw_if_told(const std::string& where) {
  if (current_disk == nullptr) return;
  const auto at = current_disk->throws.find(where);
  if (at != current_disk->throws.end() && at->second-- > 0) throw std::runtime_error(where + " threw");
}

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  return random_source{a * 0x9e3779b97f4a7c15ULL + b}();
}

}  // namespace

reading reading_of(std::int64_t source, std::int64_t number, std::int64_t keys) {
  const auto h = mixed(static_cast<std::uint64_t>(source), static_cast<std::uint64_t>(number));
  const auto jitter = static_cast<std::int64_t>(h >> 40 & 0x3) * 1'000'000;
  return {"key" + std::to_string(h % static_cast<std::uint64_t>(keys)),
          source,
          number,
          static_cast<std::int64_t>(h >> 20 & 0xff),
          {number * 1'000'000 + jitter}};
}

reading reading_of(std::int64_t source, std::int64_t number, std::int64_t keys, support::key_skew skew) {
  auto r = reading_of(source, number, keys);
  if (skew == support::key_skew::even) return r;
  random_source random{mixed(static_cast<std::uint64_t>(number), static_cast<std::uint64_t>(source + 1))};
  r.key = "key" + std::to_string(support::draw_key(random, keys, skew));
  return r;
}

disk::disk() {
  current_disk = this;
}
disk::~disk() {
  current_disk = nullptr;
}
disk& disk::current() {
  return *current_disk;
}

std::vector<outcome> disk::output() const {
  std::vector<outcome> all;
  for (const auto& [task, kept] : of_task) {
    for (const auto& [epoch, lines] : kept.committed) all.insert(all.end(), lines.begin(), lines.end());
  }
  return all;
}

/// Emits `count` readings a partition, in polls of random size.
class numbers final : public producer {
public:
  out<reading> readings{this, "out"};
  param<std::int64_t> count{this, "count", 1000};
  param<std::int64_t> keys{this, "keys", 50};
  param<std::int64_t> pause_us{this, "pause_us", 0};
  param<std::int64_t> skew{this, "skew", 0};
  param<std::int64_t> silent{this, "silent", 0};  // so many partitions, the last ones, emit nothing and end

  poll_result poll(context& c, std::size_t max) override {
    if (c.partition() + *silent >= c.parallelism()) {
      return c.random().below(20) == 0 ? poll_result::end() : poll_result::idle(std::chrono::milliseconds{1});
    }
    const auto want = 1 + static_cast<std::int64_t>(c.random().below(max / 4));
    for (std::int64_t i = 0; i < want && next_ < *count; ++i) {
      readings.emit(reading_of(c.partition(), next_++, *keys, static_cast<support::key_skew>(*skew)));
    }
    if (next_ == *count) return poll_result::end();
    if (*pause_us > 0) return poll_result::wait(std::chrono::microseconds{*pause_us});
    return poll_result::more();
  }
  void save_position(msgpack::writer& out) const override {
    throw_if_told("save_position");
    out.integer(next_);
  }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return "reading " + std::to_string(next_); }
  std::chrono::nanoseconds disorder() const override { return std::chrono::milliseconds{4}; }
  std::uint64_t backlog() const override { return static_cast<std::uint64_t>(*count - next_); }

private:
  std::int64_t next_ = 0;
};
MILLRACE_ACTOR(numbers, {.id = "sim.numbers", .title = "Numbers"})

class by_key final : public router {
public:
  bool routes_by_key() const noexcept override { return true; }
  void use_key(std::shared_ptr<const key_extractor> key, std::uint32_t groups) override {
    key_ = std::move(key);
    groups_ = groups;
  }
  bool route(context&, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
             std::span<std::uint64_t> hashes) override {
    if (!key_->hashes(records, hashes.data())) throw std::invalid_argument("a key is not a number");
    for (std::size_t i = 0; i < records.size(); ++i) {
      targets[i] = static_cast<std::uint16_t>(partition_of(key_group_of(hashes[i], groups_), partitions, groups_));
    }
    return true;
  }

private:
  std::shared_ptr<const key_extractor> key_;
  std::uint32_t groups_ = 1;
};
MILLRACE_ACTOR(by_key, {.id = "sim.by_key", .title = "By key"})

/// All kinds of keyed state and two timers; its results depend on no order between sources.
class tally final : public processor {
public:
  in<reading> readings{this, "in", &tally::on_reading, {.key = &reading::key}};
  out<outcome> results{this, "out"};
  keyed_value<std::int64_t> count{this, "count"};
  list<std::int64_t> amounts{this, "amounts"};
  map<std::int64_t, std::int64_t> previous{this, "previous"};
  map<std::int64_t, std::int64_t> nth{this, "nth"};
  map<std::int64_t, std::int64_t> windows{this, "windows"};
  timer close_window{this, "close", &tally::on_close};
  timer finish{this, "finish", &tally::on_finish};

  void save_state(msgpack::writer& out) const override {
    out.integer(7);  // half of it is there when it throws
    throw_if_told("save_state");
  }
  bool load_state(msgpack::reader& in) override {
    throw_if_told("load_state");
    return in.skip();
  }
  void on_reading(context&, const reading& r) {
    const auto* last = previous.find(r.source);
    results.emit({"event", r.key, r.source, r.number, last == nullptr ? -1 : *last, ++nth[r.source], r.amount});
    previous[r.source] = r.number;
    ++*count;
    amounts.push_back(r.amount);
    windows[r.at.ns / window_ns] += r.amount;
    const event_time due{(windows.get().begin()->first + 1) * window_ns};
    if (const auto pending = close_window.pending(); !pending || due < *pending) close_window.set(due);
    if (!finish.pending()) finish.set(event_time::max());
  }
  void on_close(context& c, event_time at) {
    const auto key_text = c.key<std::string>();
    while (!windows.get().empty() && (windows.get().begin()->first + 1) * window_ns <= at.ns) {
      const auto [window, sum] = *windows.get().begin();
      results.emit({"window", key_text, -1, window, -1, 0, sum});
      windows.erase(window);
    }
    if (!windows.get().empty()) close_window.set({(windows.get().begin()->first + 1) * window_ns});
  }
  void on_finish(context& c, event_time) {
    std::int64_t sum = 0;
    for (const auto a : amounts.get()) sum += a;
    results.emit({"summary", c.key<std::string>(), -1, static_cast<std::int64_t>(amounts.size()), -1, *count, sum});
    count.clear();
    amounts.clear();
  }
};
MILLRACE_ACTOR(tally, {.id = "sim.tally", .title = "Tally"})

/// Writes to `disk` in files per epoch, as the file sink does on a real one.
class memory_sink final : public sink {
public:
  in<outcome> results{this, "in", &memory_sink::on_outcome};
  param<bool> withdraws{this, "withdraws", true};

  delivery delivers() const noexcept override { return delivery::transactional; }
  bool can_withdraw() const noexcept override { return *withdraws; }

  void on_outcome(context&, const outcome& o) { pending_.push_back(o); }

  result<std::string> prepare(context& c, epoch_id epoch) override {
    auto& d = disk::current();
    throw_if_told("prepare");
    if (d.prepare_fails_one_in != 0 && d.random.below(d.prepare_fails_one_in) == 0) {
      return retryable_error(errc::disk_full, "no room for the output of epoch " + std::to_string(epoch.value));
    }
    if (pending_.empty()) return std::string{};
    files(c).prepared[epoch] = std::exchange(pending_, {});
    return std::to_string(epoch.value);
  }
  result<void> commit(context& c, epoch_id epoch, const std::string& handle) override {
    auto& d = disk::current();
    throw_if_told("commit");
    if (d.commit_fails_one_in != 0 && d.random.below(d.commit_fails_one_in) == 0) {
      return retryable_error(errc::io_error,
                             "the output of epoch " + std::to_string(epoch.value) + " cannot be renamed");
    }
    std::uint64_t number = 0;
    std::from_chars(handle.data(), handle.data() + handle.size(), number);
    if (number != epoch.value) return fatal_error(errc::corrupt, "handle " + handle + " is not of this epoch");
    return roll_forward(c, epoch);
  }
  result<void> recover(context& c, epoch_id restored, const std::vector<prepared>& handles) override {
    throw_if_told("recover");
    for (const auto& h : handles) {
      if (auto done = roll_forward(c, h.epoch); !done) return done;
    }
    auto& f = files(c);
    f.prepared.clear();
    if (!*withdraws) return {};
    disk::current().withdrawn += std::erase_if(f.committed, [&](const auto& file) { return file.first > restored; });
    return {};
  }

private:
  static disk::files& files(const context& c) {
    return disk::current().of_task[c.actor_name() + "/" + std::to_string(c.partition())];
  }
  static result<void> roll_forward(const context& c, epoch_id epoch) {
    auto& f = files(c);
    if (f.committed.contains(epoch)) return {};
    const auto at = f.prepared.find(epoch);
    if (at == f.prepared.end()) {
      return fatal_error(errc::corrupt, "what was prepared for epoch " + std::to_string(epoch.value) + " is gone");
    }
    f.committed[epoch] = std::move(at->second);
    f.prepared.erase(at);
    ++disk::current().commits;
    return {};
  }

  std::vector<outcome> pending_;
};
MILLRACE_ACTOR(memory_sink, {.id = "sim.sink", .title = "Memory sink"})

}  // namespace sample
