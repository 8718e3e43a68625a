// What one frame costs on an in-process channel, sender and receiver together: in one thread (the work alone) and
// between two threads that run at the same time (work, cache misses and wake-ups). Prints one line a case.
//
//   bench_channel [frames] [records per frame]

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <string_view>
#include <thread>

#include "millrace/record.hpp"
#include "millrace/transport/inproc_channel.hpp"
#include "millrace/typed_batch.hpp"

namespace bench {

struct tick {
  std::uint64_t key{};
  std::int64_t at{};
  double price{};
  std::int32_t quantity{};
};
MILLRACE_RECORD(tick, 1, key, at, price, quantity)

}  // namespace bench

namespace {

using namespace millrace;
using engine::frame;
using engine::receive_status;
using transport::payload_mode;
using steady = std::chrono::steady_clock;

constexpr std::uint32_t window = 64;

class thread_bell final : public engine::doorbell {
public:
  void ring() noexcept override { pending_.release(); }
  void wait() { pending_.acquire(); }

private:
  std::counting_semaphore<> pending_{0};
};

struct channel {
  channel(transport::zmq_context& context, payload_mode payload) {
    static std::uint64_t incarnation = 0;
    auto made = transport::make_inproc_channel(
        context, {.incarnation = {++incarnation}, .payload = payload, .type = record_type_of<bench::tick>()},
        sender_bell, receiver_bell);
    if (!made) {
      std::fprintf(stderr, "%s\n", made.error().message.c_str());
      std::exit(EXIT_FAILURE);
    }
    std::tie(sender, receiver) = std::move(*made);
    header.incarnation = {incarnation};
  }

  std::shared_ptr<thread_bell> sender_bell = std::make_shared<thread_bell>();
  std::shared_ptr<thread_bell> receiver_bell = std::make_shared<thread_bell>();
  std::unique_ptr<engine::channel_sender> sender;
  std::unique_ptr<engine::channel_receiver> receiver;
  frame header;
};

batch_ptr make_batch(std::uint32_t records) {
  typed_builder<bench::tick> builder{records};
  for (std::uint32_t i = 0; i < records; ++i) builder.push({i, i, 0.5 * i, 1});
  return builder.finish();
}

void send(channel& c, const batch_ptr& body) {
  frame f = c.header;
  f.count = body->size();
  f.body = body;
  c.sender->send(std::move(f));
}

void expect(receive_status status, const channel& c) {
  if (status == receive_status::broken) {
    std::fprintf(stderr, "%s\n", c.receiver->failure().c_str());
    std::exit(EXIT_FAILURE);
  }
}

void run_in_one_thread(channel& c, const batch_ptr& body, std::uint64_t frames) {
  frame f;
  for (std::uint64_t sent = 0; sent < frames; sent += window) {
    for (std::uint32_t i = 0; i < window; ++i) send(c, body);
    while (c.receiver->receive(f) == receive_status::received) {
    }
  }
}

void receive_all(channel& c, std::uint64_t frames) {
  frame f;
  for (std::uint64_t taken = 0; taken < frames;) {
    const auto status = c.receiver->receive(f);
    expect(status, c);
    if (status == receive_status::empty) {
      c.receiver_bell->wait();
    } else if (++taken % (window / 4) == 0) {
      c.receiver->give_credit({.batches = window / 4, .bytes = 0});
    }
  }
}

void run_between_threads(channel& c, const batch_ptr& body, std::uint64_t frames) {
  std::thread receiving{receive_all, std::ref(c), frames};
  engine::credit credit{.batches = window, .bytes = 0};
  for (std::uint64_t sent = 0; sent < frames;) {
    static_cast<void>(c.sender->take_credit(credit));
    if (credit.batches == 0) {
      c.sender_bell->wait();
      continue;
    }
    --credit.batches;
    ++sent;
    send(c, body);
  }
  receiving.join();
}

using runner = void (*)(channel&, const batch_ptr&, std::uint64_t);

void measure(transport::zmq_context& context, const char* name, payload_mode payload, runner run, std::uint64_t frames,
             std::uint32_t records) {
  channel c{context, payload};
  const auto body = make_batch(records);
  run(c, body, frames / 10);
  const auto begin = steady::now();
  run(c, body, frames);
  const auto ns = std::chrono::duration<double, std::nano>{steady::now() - begin}.count();
  const auto per_frame = ns / static_cast<double>(frames);
  std::printf("%-28s %9.0f ns/frame %8.2f ns/record\n", name, per_frame, per_frame / records);
}

template <class Number>
Number argument(int argc, char** argv, int at, Number otherwise) {
  if (at >= argc) return otherwise;
  const std::string_view text = argv[at];
  Number number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size() || number == 0) {
    std::fprintf(stderr, "usage: bench_channel [frames] [records per frame], both at least 1\n");
    std::exit(EXIT_FAILURE);
  }
  return number;
}

}  // namespace

int main(int argc, char** argv) {
  const auto frames = argument<std::uint64_t>(argc, argv, 1, 1'000'000);
  const auto records = argument<std::uint32_t>(argc, argv, 2, 256);
  auto context = transport::zmq_context::open(8);
  if (!context) {
    std::fprintf(stderr, "%s\n", context.error().message.c_str());
    return EXIT_FAILURE;
  }
  std::printf("%llu frames of %u records, window %u frames\n", static_cast<unsigned long long>(frames), records,
              window);
  measure(*context, "shared, one thread", payload_mode::shared, run_in_one_thread, frames, records);
  measure(*context, "shared, two threads", payload_mode::shared, run_between_threads, frames, records);
  const auto fewer = frames / 10 + 1;  // encoding costs a thousand times more per frame
  measure(*context, "encoded, one thread", payload_mode::encoded, run_in_one_thread, fewer, records);
  measure(*context, "encoded, two threads", payload_mode::encoded, run_between_threads, fewer, records);
}
