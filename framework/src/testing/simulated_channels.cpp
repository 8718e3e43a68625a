#include "testing/simulated_channels.hpp"

#include <string>

namespace millrace::testing {

namespace {

struct parcel {
  engine::frame head;
  byte_buffer encoded;
  std::vector<late_mark> late;
};

/// Both directions of a channel: when one is down, so is the other.
struct connection {
  std::shared_ptr<link<parcel>> frames;
  std::shared_ptr<link<engine::credit>> credit;
  std::shared_ptr<const record_type> type;
  payload batches;
  simulated_channels::frame_observer on_frame;
};

std::uint64_t print_of(const engine::frame& f) {
  return static_cast<std::uint64_t>(f.kind) << 60 ^ std::uint64_t{f.channel.value} << 48 ^ f.epoch.value << 32 ^
         f.first.value << 16 ^ f.count;
}

class sender final : public engine::channel_sender {
public:
  explicit sender(std::shared_ptr<connection> c) : c_{std::move(c)} {}

  std::uint64_t send(engine::frame&& f) override {
    if (c_->on_frame) c_->on_frame(f);
    parcel p{std::move(f), {}, {}};
    p.head.bytes = p.head.body ? p.head.body->bytes() : 0;
    if (c_->batches == payload::encoded && p.head.body) {
      c_->type->encode(*p.head.body, p.encoded);
      p.late.assign(p.head.body->late_marks().begin(), p.head.body->late_marks().end());
      p.head.body = nullptr;
      p.head.bytes = p.encoded.size();
    }
    const auto bytes = p.head.bytes;
    c_->frames->send(std::move(p));
    return bytes;
  }
  bool take_credit(engine::credit& out) override { return c_->credit->take(out); }

private:
  std::shared_ptr<connection> c_;
};

class receiver final : public engine::channel_receiver {
public:
  explicit receiver(std::shared_ptr<connection> c) : c_{std::move(c)} {}

  engine::receive_status receive(engine::frame& out) override {
    parcel p;
    if (!c_->frames->take(p)) {
      if (!c_->frames->is_down()) return engine::receive_status::empty;
      failure_ = "the link was down for longer than it tries again";
      return engine::receive_status::broken;
    }
    out = std::move(p.head);
    if (p.encoded.empty()) return engine::receive_status::received;
    auto body = c_->type->decode(p.encoded.view(), out.count);
    if (!body) {
      failure_ = body.error().message;
      return engine::receive_status::broken;
    }
    out.body = std::move(body).value();
    if (!p.late.empty()) batch_builder::mark_late(out.body, std::move(p.late));
    return engine::receive_status::received;
  }
  void give_credit(engine::credit c) override { c_->credit->send(c); }
  [[nodiscard]] std::string failure() const override { return failure_; }

private:
  std::shared_ptr<connection> c_;
  std::string failure_;
};

}  // namespace

result<engine::channel_factory::ends> simulated_channels::make(const engine::plan_channel& channel, generation) {
  const auto& on = lines_[channel.id.value];
  auto& weather = weather_[channel.id.value];
  auto frames = std::make_shared<link<parcel>>(scheduler_, on.frames, weather, bells_(channel.target),
                                               [&s = scheduler_](const parcel& p) { s.trace(print_of(p.head)); });
  auto credit = std::make_shared<link<engine::credit>>(scheduler_, on.credit, weather, bells_(channel.source), nullptr);
  // Credit that cannot come back leaves the sender waiting: the receiver's end is the one that can say so.
  credit->on_down([weak = std::weak_ptr{frames}] {
    if (const auto to = weak.lock()) to->take_down();
  });
  auto c =
      std::make_shared<connection>(connection{std::move(frames), std::move(credit), channel.type, batches_, on_frame_});
  return ends{std::make_unique<sender>(c), std::make_unique<receiver>(c)};
}

}  // namespace millrace::testing
