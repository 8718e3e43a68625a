#include "testing/simulated_channels.hpp"

#include <deque>
#include <string>

namespace millrace::testing {

namespace {

/// One direction: what is under way, what has arrived.
template <class T>
struct pipe {
  std::deque<T> under_way;
  std::deque<T> arrived;
  bool is_rung = false;
  std::function<void()> ring;

  void deliver() {
    arrived.push_back(std::move(under_way.front()));
    under_way.pop_front();
    if (!std::exchange(is_rung, true)) ring();
  }
  bool take(T& out) {
    if (arrived.empty()) {
      is_rung = false;
      return false;
    }
    out = std::move(arrived.front());
    arrived.pop_front();
    return true;
  }
};

struct parcel {
  engine::frame head;
  byte_buffer encoded;
  std::vector<late_mark> late;
};

struct connection {
  seeded_scheduler& scheduler;
  simulated_channels::lines lines;
  payload batches;
  std::shared_ptr<const record_type> type;
  pipe<parcel> frames;
  pipe<engine::credit> credit;
};

class sender final : public engine::channel_sender {
public:
  explicit sender(std::shared_ptr<connection> c) : c_{std::move(c)} {}

  std::uint64_t send(engine::frame&& f) override {
    parcel p{std::move(f), {}, {}};
    p.head.bytes = p.head.body ? p.head.body->bytes() : 0;
    if (c_->batches == payload::encoded && p.head.body) {
      c_->type->encode(*p.head.body, p.encoded);
      p.late.assign(p.head.body->late_marks().begin(), p.head.body->late_marks().end());
      p.head.body = nullptr;
      p.head.bytes = p.encoded.size();
    }
    const auto bytes = p.head.bytes;
    c_->frames.under_way.push_back(std::move(p));
    c_->scheduler.post(c_->lines.frames, [weak = std::weak_ptr{c_}] {
      const auto c = weak.lock();
      if (!c) return;
      const auto& head = c->frames.under_way.front().head;
      c->scheduler.trace(static_cast<std::uint64_t>(head.kind) << 60 ^ std::uint64_t{head.channel.value} << 48 ^
                         head.epoch.value << 32 ^ head.first.value << 16 ^ head.count);
      c->frames.deliver();
    });
    return bytes;
  }
  bool take_credit(engine::credit& out) override { return c_->credit.take(out); }

private:
  std::shared_ptr<connection> c_;
};

class receiver final : public engine::channel_receiver {
public:
  explicit receiver(std::shared_ptr<connection> c) : c_{std::move(c)} {}

  engine::receive_status receive(engine::frame& out) override {
    parcel p;
    if (!c_->frames.take(p)) return engine::receive_status::empty;
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
  void give_credit(engine::credit c) override {
    c_->credit.under_way.push_back(c);
    c_->scheduler.post(c_->lines.credit, [weak = std::weak_ptr{c_}] {
      if (const auto to = weak.lock()) to->credit.deliver();
    });
  }
  [[nodiscard]] std::string failure() const override { return failure_; }

private:
  std::shared_ptr<connection> c_;
  std::string failure_;
};

}  // namespace

result<engine::channel_factory::ends> simulated_channels::make(const engine::plan_channel& channel, generation) {
  auto c =
      std::make_shared<connection>(connection{scheduler_, lines_[channel.id.value], batches_, channel.type, {}, {}});
  c->frames.ring = bells_(channel.target);
  c->credit.ring = bells_(channel.source);
  return ends{std::make_unique<sender>(c), std::make_unique<receiver>(c)};
}

}  // namespace millrace::testing
