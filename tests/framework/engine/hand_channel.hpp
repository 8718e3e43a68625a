#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "millrace/engine/assembly.hpp"

namespace sample {

/// A channel whose frames and credit a test moves by hand.
struct hand_wire {
  std::deque<millrace::engine::frame> frames;
  std::deque<millrace::engine::credit> credit;
  std::function<millrace::batch_ptr(const millrace::batch_ptr&)> on_the_way;  ///< what the receiver gets for a batch
  std::string broken;  ///< what the receiver's end reports instead of a frame
};

class hand_sender final : public millrace::engine::channel_sender {
public:
  explicit hand_sender(std::shared_ptr<hand_wire> w) : wire_{std::move(w)} {}
  std::uint64_t send(millrace::engine::frame&& f) override {
    f.bytes = f.body ? f.body->bytes() : 0;
    if (wire_->on_the_way && f.body) f.body = wire_->on_the_way(f.body);
    wire_->frames.push_back(std::move(f));
    return wire_->frames.back().bytes;
  }
  bool take_credit(millrace::engine::credit& out) override {
    if (wire_->credit.empty()) return false;
    out = wire_->credit.front();
    wire_->credit.pop_front();
    return true;
  }

private:
  std::shared_ptr<hand_wire> wire_;
};

class hand_receiver final : public millrace::engine::channel_receiver {
public:
  explicit hand_receiver(std::shared_ptr<hand_wire> w) : wire_{std::move(w)} {}
  millrace::engine::receive_status receive(millrace::engine::frame& out) override {
    if (!wire_->broken.empty()) return millrace::engine::receive_status::broken;
    if (wire_->frames.empty()) return millrace::engine::receive_status::empty;
    out = std::move(wire_->frames.front());
    wire_->frames.pop_front();
    return millrace::engine::receive_status::received;
  }
  void give_credit(millrace::engine::credit c) override { wire_->credit.push_back(c); }
  [[nodiscard]] std::string failure() const override { return wire_->broken; }

private:
  std::shared_ptr<hand_wire> wire_;
};

}  // namespace sample
