#include "bench/link_trial.hpp"

#include <algorithm>
#include <atomic>
#include <semaphore>
#include <string>
#include <thread>

#include "bench/measure.hpp"
#include "millrace/transport/link_hub.hpp"

namespace millrace::bench {

namespace {

using engine::frame;
using engine::receive_status;

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

}  // namespace

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

}  // namespace millrace::bench
