#include "millrace/transport/inproc_channel.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>

#include "frame_header.hpp"
#include "lane.hpp"
#include "zmq_handle.hpp"

namespace millrace::transport {
namespace {

using bell_ptr = std::shared_ptr<engine::doorbell>;

constexpr std::size_t credit_bytes = 15;

/// Header and batch reference of one shared frame: the only allocation of a send beside ZeroMQ's own.
///
/// ZeroMQ orders the write before the read, with means a thread sanitizer cannot see. `written` says it once more, at
/// no cost on x86, so that the suite runs under it without suppressions.
struct shared_block {
  std::array<std::byte, shared_frame_bytes> bytes;
  std::atomic<bool> written{false};
};

/// ZeroMQ's free function: runs when the message is closed, received or dropped with a socket, on any thread.
void free_shared_block(void*, void* hint) {
  const std::unique_ptr<shared_block> block{static_cast<shared_block*>(hint)};
  static_cast<void>(block->written.load(std::memory_order_acquire));
  drop_shared_frame(block->bytes);
}

void make_shared_message(engine::frame&& f, topology_instance topology, zmq_msg_t* out) {
  auto block = std::make_unique_for_overwrite<shared_block>();
  const std::size_t size = write_shared_frame(std::move(f), topology, block->bytes);
  block->written.store(true, std::memory_order_release);
  if (zmq_msg_init_data(out, block->bytes.data(), size, free_shared_block, block.get()) != 0) {
    drop_shared_frame(block->bytes);
    throw std::bad_alloc{};  // the only way ZeroMQ can fail here
  }
  static_cast<void>(block.release());
}

void copy_to_message(bytes_view bytes, zmq_msg_t* out) {
  if (zmq_msg_init_size(out, bytes.size()) != 0) {
    throw std::bad_alloc{};
  }
  std::memcpy(zmq_msg_data(out), bytes.data(), bytes.size());
}

/// Sends what `raw` holds and closes it when nobody takes it: the other end is gone.
[[nodiscard]] bool hand_over(void* socket, zmq_msg_t* raw) noexcept {
  while (zmq_msg_send(raw, socket, ZMQ_DONTWAIT) < 0) {
    if (zmq_errno() != EINTR) {
      zmq_msg_close(raw);
      return false;
    }
  }
  return true;
}

/// Takes a message that was announced: ZeroMQ has it, so the call need not wait. False only when the other end has
/// closed its socket meanwhile, which drops what is on the way.
[[nodiscard]] bool take_announced(void* socket, message& m) noexcept {
  while (zmq_msg_recv(m.raw(), socket, ZMQ_DONTWAIT) < 0) {
    if (zmq_errno() != EINTR) {
      return false;
    }
  }
  return true;
}

class inproc_sender final : public engine::channel_sender {
public:
  inproc_sender(socket_handle socket, std::shared_ptr<lanes> shared, inproc_channel_options options, bell_ptr bell)
      : socket_{std::move(socket)}, lanes_{std::move(shared)}, options_{std::move(options)}, bell_{std::move(bell)} {}

  std::uint64_t send(engine::frame&& f) override {
    zmq_msg_t raw;
    std::uint64_t bytes = f.body ? f.body->bytes() : 0;
    if (options_.payload == payload_mode::shared) {
      make_shared_message(std::move(f), options_.topology, &raw);
    } else {
      encode_frame(f, options_.topology, *options_.type, encoded_);
      copy_to_message(encoded_.view(), &raw);
      bytes = encoded_.size();
    }
    if (hand_over(socket_.get(), &raw)) {
      lanes_->frames.announce(bell_.get());
    }
    return bytes;
  }

  bool take_credit(engine::credit& out) override {
    bool any = false;
    while (lanes_->credits.has_more_than(taken_)) {
      message m;
      if (!take_announced(socket_.get(), m)) {
        return any;
      }
      ++taken_;
      wire::field_reader r{m.data() + 1};
      out.batches += r.field<std::uint32_t>("batches");
      out.bytes += r.field<std::uint64_t>("bytes");
      any = true;
    }
    return any;
  }

private:
  socket_handle socket_;
  std::shared_ptr<lanes> lanes_;
  inproc_channel_options options_;
  bell_ptr bell_;
  byte_buffer encoded_;
  std::uint64_t taken_ = 0;
};

class inproc_receiver final : public engine::channel_receiver {
public:
  inproc_receiver(socket_handle socket, std::shared_ptr<lanes> shared, inproc_channel_options options, bell_ptr bell)
      : socket_{std::move(socket)}, lanes_{std::move(shared)}, options_{std::move(options)}, bell_{std::move(bell)} {}

  engine::receive_status receive(engine::frame& out) override {
    if (failed_) {
      return engine::receive_status::broken;
    }
    if (!lanes_->frames.has_more_than(taken_)) {
      return engine::receive_status::empty;
    }
    message m;
    if (!take_announced(socket_.get(), m)) {
      return broken("a frame was announced and never came");
    }
    ++taken_;
    const std::uint64_t encoded_bytes = m.size();
    if (auto read = read_frame(m, out); !read) {
      return broken(read.error().message);
    }
    out.bytes = options_.payload == payload_mode::encoded ? encoded_bytes : out.body ? out.body->bytes() : 0;
    if (out.channel != options_.channel || out.incarnation != options_.incarnation) {
      return broken("frame of channel " + std::to_string(out.channel.value) + ", generation " +
                    std::to_string(out.incarnation.value));
    }
    next_ = out.first.value + out.count;
    return engine::receive_status::received;
  }

  void give_credit(engine::credit c) override {
    std::array<std::byte, credit_bytes> bytes;
    wire::field_writer w{bytes.data()};
    w.byte(wire::array_of_2);
    w.field(c.batches);
    w.field(c.bytes);
    zmq_msg_t raw;
    copy_to_message(bytes, &raw);
    if (hand_over(socket_.get(), &raw)) {
      lanes_->credits.announce(bell_.get());
    }
  }

  [[nodiscard]] std::string failure() const override { return failure_; }

private:
  result<void> read_frame(message& m, engine::frame& out) {
    return options_.payload == payload_mode::shared ? take_shared_frame(m.bytes(), options_.topology, out)
                                                    : decode_frame(m.bytes(), options_.topology, *options_.type, out);
  }

  engine::receive_status broken(const std::string& why) {
    failed_ = true;
    failure_ = "channel " + std::to_string(options_.channel.value) + ", generation " +
               std::to_string(options_.incarnation.value) + ", at sequence " + std::to_string(next_) + ": " + why;
    return engine::receive_status::broken;
  }

  socket_handle socket_;
  std::shared_ptr<lanes> lanes_;
  inproc_channel_options options_;
  bell_ptr bell_;
  std::uint64_t taken_ = 0;
  std::uint64_t next_ = 0;
  bool failed_ = false;
  std::string failure_;
};

result<socket_handle> open_pair_socket(zmq_context& context, const std::string& endpoint) {
  socket_handle socket{zmq_socket(context.native(), ZMQ_PAIR)};
  // Credit is the bound: a finite high-water mark makes a send fail while there is credit.
  if (socket && set_option(socket.get(), ZMQ_LINGER, 0) && set_option(socket.get(), ZMQ_SNDHWM, 0) &&
      set_option(socket.get(), ZMQ_RCVHWM, 0)) {
    return socket;
  }
  return fatal_error(errc::limit_exceeded, "cannot open a socket for " + endpoint + ": " + zmq_strerror(zmq_errno()) +
                                               "; open the context for the number of channels the topology has");
}

result<void> join(void* binding, void* connecting, const std::string& endpoint) {
  if (zmq_bind(binding, endpoint.c_str()) != 0) {
    return fatal_error(
        zmq_errno() == EADDRINUSE ? errc::already_exists : errc::failed,
        "cannot open " + endpoint + ": " + zmq_strerror(zmq_errno()) + "; a new incarnation needs a new generation");
  }
  if (zmq_connect(connecting, endpoint.c_str()) != 0) {
    return fatal_error(errc::failed, "cannot connect " + endpoint + ": " + zmq_strerror(zmq_errno()));
  }
  // The bound end learns of its peer from a command it only reads on its next call: read it now, so that its first
  // message finds the pipe.
  int events = 0;
  std::size_t size = sizeof events;
  zmq_getsockopt(binding, ZMQ_EVENTS, &events, &size);
  return {};
}

}  // namespace

std::string inproc_endpoint(topology_instance topology, channel_id channel, generation incarnation) {
  return "inproc://millrace/" + std::to_string(topology.value) + "/channel/" + std::to_string(channel.value) +
         "/generation/" + std::to_string(incarnation.value);
}

result<inproc_channel> make_inproc_channel(zmq_context& context, const inproc_channel_options& options,
                                           bell_ptr sender_bell, bell_ptr receiver_bell) {
  if (options.payload == payload_mode::encoded && !options.type) {
    return user_error(errc::invalid_argument, "channel " + std::to_string(options.channel.value) +
                                                  " encodes its records and has no record type");
  }
  const std::string endpoint = inproc_endpoint(options.topology, options.channel, options.incarnation);
  auto receiving = open_pair_socket(context, endpoint);
  if (!receiving) {
    return std::move(receiving).error();
  }
  auto sending = open_pair_socket(context, endpoint);
  if (!sending) {
    return std::move(sending).error();
  }
  if (auto joined = join(receiving->get(), sending->get(), endpoint); !joined) {
    return std::move(joined).error();
  }
  auto shared = std::make_shared<lanes>();
  // Each end rings the other one's bell.
  return inproc_channel{
      std::make_unique<inproc_sender>(std::move(*sending), shared, options, std::move(receiver_bell)),
      std::make_unique<inproc_receiver>(std::move(*receiving), shared, options, std::move(sender_bell))};
}

}  // namespace millrace::transport
