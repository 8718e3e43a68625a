#include "bench/links.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <semaphore>
#include <thread>
#include <vector>

#include "bench/measure.hpp"
#include "millrace/context.hpp"
#include "millrace/record.hpp"
#include "millrace/transport/link_hub.hpp"
#include "millrace/transport/raw_pipe.hpp"
#include "millrace/typed_batch.hpp"

namespace millrace::bench {

/// 40 bytes in memory, and 39 to 41 encoded.
struct link_event {
  std::uint64_t key{};
  std::int64_t at_ns{};
  double price{};
  double amount{};
  std::int32_t quantity{};
  std::int32_t part{};
};
MILLRACE_RECORD(link_event, 1, key, at_ns, price, amount, quantity, part)

namespace {

using engine::frame;
using engine::receive_status;

/// Bytes that are neither encoded nor decoded but copied: what a link costs without a codec.
class opaque_type final : public record_type {
public:
  explicit opaque_type(byte_buffer records) : record_type{nullptr, false}, records_{std::move(records)} {}

  [[nodiscard]] std::unique_ptr<batch_builder> make_builder(std::uint32_t) const override { return nullptr; }
  void encode(const batch&, byte_buffer& out) const override { out.append(records_.view()); }
  [[nodiscard]] result<batch_ptr> decode(bytes_view encoded, std::uint32_t, const millrace::schema*) const override {
    if (encoded.size() != records_.size()) return fatal_error(errc::corrupt, "not the bytes that were sent");
    return batch_;
  }
  [[nodiscard]] value value_at(const batch&, std::uint32_t, std::uint32_t, byte_buffer&) const override { return {}; }
  [[nodiscard]] column column_of(const batch&, std::uint32_t) const noexcept override { return {}; }
  [[nodiscard]] std::uint32_t scatter(const batch& source, std::uint32_t, std::span<const std::uint16_t>,
                                      std::span<const std::uint64_t>, std::span<batch_builder* const>) const override {
    return source.size();
  }

  batch_ptr batch_;

private:
  byte_buffer records_;
};

class opaque_batch final : public batch {
public:
  explicit opaque_batch(const record_type& type) : batch{type} {}
};

class opaque_builder final : public batch_builder {
public:
  opaque_builder(const record_type& type, std::uint32_t count) : batch_builder{type, count} { size_ = count; }
  std::size_t bytes() override { return 0; }
  void append_from(const batch&, std::uint32_t) override {}
  void append_rows(const batch&, std::span<const std::uint32_t>) override {}
  void begin_row() override {}
  bool set(std::uint32_t, const value&) override { return false; }
  void drop_row() override {}
  batch_ptr finish() override { return seal(new opaque_batch{type()}, 0); }
};

/// What is sent, again and again.
struct cargo {
  record_type_ptr type;
  batch_ptr records;
};

batch_ptr make_events(std::uint32_t count) {
  const auto builder = record_type_of<link_event>()->make_builder(count);
  random_source random{1};
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto r = random();
    static_cast<typed_builder<link_event>&>(*builder).push(
        {r, 1'700'000'000'000'000'000 + i, static_cast<double>(r >> 40U), 1.5, static_cast<std::int32_t>(r & 127U), 3});
  }
  return builder->finish();
}

cargo typed_cargo(std::uint32_t count) {
  return {record_type_of<link_event>(), make_events(count)};
}

cargo opaque_cargo(std::uint32_t count) {
  const auto events = make_events(count);
  byte_buffer records;
  events->type().encode(*events, records);
  const auto type = std::make_shared<opaque_type>(std::move(records));
  type->batch_ = opaque_builder{*type, count}.finish();
  return {type, type->batch_};
}

class thread_bell final : public engine::doorbell {
public:
  void ring() noexcept override { pending_.release(); }
  void wait() { static_cast<void>(pending_.try_acquire_for(std::chrono::milliseconds{100})); }

private:
  std::counting_semaphore<> pending_{0};
};

/// What both threads of a measurement see.
struct progress {
  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> frames{0};
  std::atomic<std::uint64_t> bytes{0};
  std::string problem;  ///< of the receiving thread

  void add(std::uint64_t frame_bytes) {
    frames.store(frames.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    bytes.store(bytes.load(std::memory_order_relaxed) + frame_bytes, std::memory_order_relaxed);
  }
};

frame frame_of(const cargo& c, std::uint64_t first) {
  return {.kind = engine::frame_kind::data,
          .channel = {1},
          .incarnation = {1},
          .first = {first},
          .count = c.records->size(),
          .body = c.records};
}

struct figures {
  double events_per_s = 0;
  double bytes_per_event = 0;
  double cpu_ns_per_event = 0;
};

figures watch(progress& p, const links_options& o) {
  std::this_thread::sleep_for(o.warm_up);
  const auto f0 = p.frames.load();
  const auto b0 = p.bytes.load();
  const auto c0 = cpu_seconds();
  const auto t0 = steady_ns();
  std::this_thread::sleep_for(o.measure);
  const auto events = std::max(static_cast<double>((p.frames.load() - f0) * o.batch), 1.0);
  const auto bytes = static_cast<double>(p.bytes.load() - b0);
  const auto cpu = cpu_seconds() - c0;
  const auto seconds = static_cast<double>(steady_ns() - t0) / 1e9;
  p.is_over = true;
  return {events / seconds, bytes / events, cpu * 1e9 / events};
}

/// ZeroMQ alone: frames encoded in one thread and decoded in the other, or the bytes of one again and again.
result<figures> measure_raw(const links_options& o, const cargo& c, const std::optional<transport::curve_keys>& keys) {
  auto pipe = transport::raw_pipe::open(keys);
  if (!pipe) return std::move(pipe).error();
  progress p;
  std::thread sending{[&] {
    std::size_t size = 0;
    for (std::uint64_t first = 0; !p.is_over; first += o.batch) {
      byte_buffer bytes;
      bytes.reserve(size);
      transport::encode_frame(frame_of(c, first), {1}, *c.type, bytes);
      size = bytes.size();
      if (!(*pipe)->send(std::move(bytes))) return;
    }
  }};
  std::thread receiving{[&] {
    frame f;
    for (auto bytes = (*pipe)->receive(); !bytes.empty(); bytes = (*pipe)->receive()) {
      if (auto read = transport::decode_frame(bytes, {1}, *c.type, f); !read) {
        p.problem = read.error().message;
        return;
      }
      p.add(bytes.size());
    }
  }};
  const auto seen = watch(p, o);
  (*pipe)->close();
  sending.join();
  receiving.join();
  if (!p.problem.empty()) return fatal_error(errc::failed, p.problem);
  return seen;
}

/// Bytes alone, copied into a message each as a program without frames would.
result<figures> measure_bytes(const links_options& o, const cargo& c,
                              const std::optional<transport::curve_keys>& keys) {
  auto pipe = transport::raw_pipe::open(keys);
  if (!pipe) return std::move(pipe).error();
  byte_buffer one;
  transport::encode_frame(frame_of(c, 0), {1}, *c.type, one);
  progress p;
  std::thread sending{[&] {
    while (!p.is_over) {
      byte_buffer bytes;
      bytes.reserve(one.size());
      bytes.append(one.view());
      if (!(*pipe)->send(std::move(bytes))) return;
    }
  }};
  std::thread receiving{[&] {
    for (auto bytes = (*pipe)->receive(); !bytes.empty(); bytes = (*pipe)->receive()) p.add(bytes.size());
  }};
  const auto seen = watch(p, o);
  (*pipe)->close();
  sending.join();
  receiving.join();
  return seen;
}

struct hubs {
  std::unique_ptr<transport::link_hub> from;
  std::unique_ptr<transport::link_hub> to;
};

result<hubs> open_hubs(bool has_keys, bool compresses) {
  std::optional<transport::curve_keys> from_keys;
  std::optional<transport::curve_keys> to_keys;
  if (has_keys) {
    auto a = transport::make_curve_keys();
    auto b = transport::make_curve_keys();
    if (!a || !b) return fatal_error(errc::failed, "cannot make keys");
    from_keys = *a;
    to_keys = *b;
  }
  const auto options = [&](const char* name, const auto& keys) {
    return transport::link_options{
        .name = name, .listen = "tcp://127.0.0.1:*", .keys = keys, .is_insecure = !has_keys, .compress = compresses};
  };
  auto from = transport::link_hub::open(options("from", from_keys), {});
  if (!from) return std::move(from).error();
  auto to = transport::link_hub::open(options("to", to_keys), {});
  if (!to) return std::move(to).error();
  const auto key = [](const auto& keys) { return keys ? keys->public_key : std::string{}; };
  if (auto added = (*from)->add_peer({"to", (*to)->address(), key(to_keys)}); !added) return std::move(added).error();
  if (auto added = (*to)->add_peer({"from", (*from)->address(), key(from_keys)}); !added)
    return std::move(added).error();
  return hubs{*std::move(from), *std::move(to)};
}

result<figures> measure_link(const links_options& o, const cargo& c, bool has_keys, bool compresses) {
  auto h = open_hubs(has_keys, compresses);
  if (!h) return std::move(h).error();
  const auto sender_bell = std::make_shared<thread_bell>();
  const auto receiver_bell = std::make_shared<thread_bell>();
  const transport::link_channel at{.topology = {1}, .channel = {1}, .incarnation = {1}, .peer = "to", .type = c.type};
  auto from = at;
  from.peer = "from";
  auto receiver = h->to->open_receiver(from, receiver_bell);
  auto sender = h->from->open_sender(at, sender_bell);
  if (!receiver || !sender) return fatal_error(errc::failed, "the channel cannot be opened");
  progress p;
  std::thread sending{[&] {
    engine::credit credit{.batches = o.window, .bytes = 0};
    for (std::uint64_t first = 0; !p.is_over;) {
      static_cast<void>((*sender)->take_credit(credit));
      if (credit.batches == 0) {
        sender_bell->wait();
        continue;
      }
      for (; credit.batches > 0 && !p.is_over; --credit.batches, first += o.batch) (*sender)->send(frame_of(c, first));
    }
  }};
  std::thread receiving{[&] {
    frame f;
    const auto quarter = std::max(o.window / 4, 1U);
    for (std::uint32_t taken = 0; !p.is_over;) {
      const auto status = (*receiver)->receive(f);
      if (status == receive_status::empty) {
        receiver_bell->wait();
        continue;
      }
      if (status == receive_status::broken) {
        p.problem = (*receiver)->failure();
        return;
      }
      p.add(f.bytes);
      if (++taken % quarter == 0) (*receiver)->give_credit({.batches = quarter, .bytes = 0});
    }
  }};
  const auto seen = watch(p, o);
  sending.join();
  receiving.join();
  if (!p.problem.empty()) return fatal_error(errc::failed, p.problem);
  return seen;
}

/// One line of the table and what it is compared with.
struct variant {
  const char* name;
  const char* yardstick;  ///< nullptr: it is one
  bool has_keys;
  std::function<result<figures>()> measure;
  std::vector<figures> all{};

  [[nodiscard]] figures median() {
    std::ranges::sort(all, {}, &figures::events_per_s);
    return all[all.size() / 2];
  }
};

void print(const variant& v, const figures& f, double yardstick, bool json) {
  const auto* security = v.has_keys ? "curve" : "none";
  const auto share = yardstick > 0 ? f.events_per_s / yardstick : 1.0;
  if (json) {
    std::printf(
        "{\"variant\":\"%s\",\"security\":\"%s\",\"events_per_s\":%.0f,\"bytes_per_event\":%.2f,"
        "\"cpu_ns_per_event\":%.1f,\"share_of_raw\":%.3f}\n",
        v.name, security, f.events_per_s, f.bytes_per_event, f.cpu_ns_per_event, share);
  } else {
    std::printf("%-28s %-6s %8.2f M events/s %7.0f MB/s %7.1f ns CPU/event", v.name, security, f.events_per_s / 1e6,
                f.events_per_s * f.bytes_per_event / 1e6, f.cpu_ns_per_event);
    if (v.yardstick != nullptr) std::printf("  %3.0f %% of %s", 100 * share, v.yardstick);
    std::puts("");
  }
  std::fflush(stdout);
}

}  // namespace

result<void> run_links(const links_options& o) {
  const auto typed = typed_cargo(o.batch);
  const auto opaque = opaque_cargo(o.batch);
  const auto keys = transport::make_curve_keys();
  if (!keys) return keys.error();
  std::vector<variant> all;
  for (const bool has_keys : {false, true}) {
    const auto raw_keys = has_keys ? std::optional{*keys} : std::nullopt;
    all.push_back({"raw bytes", nullptr, has_keys, [=, &o] { return measure_bytes(o, opaque, raw_keys); }});
    all.push_back({"link bytes", "raw bytes", has_keys, [=, &o] { return measure_link(o, opaque, has_keys, false); }});
    all.push_back({"raw events", nullptr, has_keys, [=, &o] { return measure_raw(o, typed, raw_keys); }});
    all.push_back({"link events", "raw events", has_keys, [=, &o] { return measure_link(o, typed, has_keys, false); }});
    all.push_back(
        {"link events compressed", "raw events", has_keys, [=, &o] { return measure_link(o, typed, has_keys, true); }});
  }
  for (std::uint32_t i = 0; i < o.repeats; ++i) {
    for (auto& v : all) {
      auto seen = v.measure();
      if (!seen) return std::move(seen).error();
      v.all.push_back(*seen);
    }
  }
  for (auto& v : all) {
    double yardstick = 0;
    for (auto& other : all) {
      if (v.yardstick != nullptr && other.has_keys == v.has_keys && std::string_view{other.name} == v.yardstick) {
        yardstick = other.median().events_per_s;
      }
    }
    print(v, v.median(), yardstick, o.json);
  }
  return {};
}

}  // namespace millrace::bench
