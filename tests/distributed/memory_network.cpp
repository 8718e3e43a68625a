#include "memory_network.hpp"

#include <chrono>
#include <utility>

#include "millrace/transport/frame_codec.hpp"

namespace millrace::distributed {

using runtime::exchange;

/// One channel: frames one way, credit the other.
struct memory_network::pipe {
  std::mutex mutex;
  std::set<std::string> ends;
  std::deque<byte_buffer> frames;
  engine::credit credit;
  bool has_credit = false;
  bool is_broken = false;
  std::shared_ptr<engine::doorbell> sender_bell;
  std::shared_ptr<engine::doorbell> receiver_bell;

  void break_up() {
    const std::lock_guard lock{mutex};
    is_broken = true;
    frames.clear();
  }
};

struct memory_network::pipe_sender final : engine::channel_sender {
  pipe_sender(std::shared_ptr<pipe> in, transport::topology_instance instance, record_type_ptr type)
      : in_{std::move(in)}, instance_{instance}, type_{std::move(type)} {}

  std::uint64_t send(engine::frame&& f) override {
    byte_buffer bytes;
    transport::encode_frame(f, instance_, *type_, bytes);
    const auto size = bytes.size();
    const std::lock_guard lock{in_->mutex};
    if (in_->is_broken) return size;
    in_->frames.push_back(std::move(bytes));
    if (in_->receiver_bell) in_->receiver_bell->ring();
    return size;
  }
  bool take_credit(engine::credit& out) override {
    const std::lock_guard lock{in_->mutex};
    if (!std::exchange(in_->has_credit, false)) return false;
    const auto given = std::exchange(in_->credit, {});
    out.batches += given.batches;
    out.bytes += given.bytes;
    return true;
  }

private:
  std::shared_ptr<pipe> in_;
  transport::topology_instance instance_;
  record_type_ptr type_;
};

struct memory_network::pipe_receiver final : engine::channel_receiver {
  pipe_receiver(std::shared_ptr<pipe> in, transport::topology_instance instance, record_type_ptr type)
      : in_{std::move(in)}, instance_{instance}, type_{std::move(type)} {}

  engine::receive_status receive(engine::frame& out) override {
    byte_buffer bytes;
    {
      const std::lock_guard lock{in_->mutex};
      if (in_->frames.empty()) return engine::receive_status::empty;
      bytes = std::move(in_->frames.front());
      in_->frames.pop_front();
    }
    if (!transport::decode_frame(bytes.view(), instance_, *type_, out)) return engine::receive_status::broken;
    out.bytes = bytes.size();
    out.arrived_ns = std::chrono::steady_clock::now().time_since_epoch().count();
    return engine::receive_status::received;
  }
  void give_credit(engine::credit c) override {
    const std::lock_guard lock{in_->mutex};
    in_->credit.batches += c.batches;
    in_->credit.bytes += c.bytes;
    in_->has_credit = true;
    if (in_->sender_bell) in_->sender_bell->ring();
  }
  std::string failure() const override { return "a frame cannot be read"; }

private:
  std::shared_ptr<pipe> in_;
  transport::topology_instance instance_;
  record_type_ptr type_;
};

class memory_exchange final : public exchange {
public:
  memory_exchange(memory_network& in, std::string name) : network_{in}, name_{std::move(name)} {
    const std::lock_guard lock{network_.mutex_};
    network_.nodes_[name_] = this;
  }
  ~memory_exchange() override {
    const std::lock_guard lock{network_.mutex_};
    network_.nodes_.erase(name_);
  }

  const std::string& name() const override { return name_; }

  result<void> send(const std::string& node, bytes_view message, urgency) override {
    if (!is_reachable(node)) return retryable_error(errc::unavailable, "no connection to " + node);
    switch (network_.fate_of(name_, node, message)) {
      case memory_network::fate::lost:
        return {};
      case memory_network::fate::refused:
        return retryable_error(errc::unavailable, "no room for " + node);
      case memory_network::fate::sent:
        break;
    }
    auto kept = std::make_shared<byte_buffer>();
    kept->append(message);
    network_.post([this, node, kept] {
      memory_exchange* to = nullptr;
      {
        const std::lock_guard lock{network_.mutex_};
        const auto at = network_.nodes_.find(node);
        if (at != network_.nodes_.end() && !network_.away_.contains(node) && !network_.away_.contains(name_)) {
          to = at->second;
        }
      }
      if (to != nullptr) to->deliver(name_, kept->view());
    });
    return {};
  }

  bool is_reachable(const std::string& node) const override { return network_.are_joined(name_, node); }

  result<std::unique_ptr<engine::channel_sender>> open_sender(const std::string& node,
                                                              transport::topology_instance instance,
                                                              const engine::plan_channel& channel,
                                                              generation incarnation,
                                                              std::shared_ptr<engine::doorbell> bell) override {
    auto in = network_.pipe_between(name_, node, {instance.value, channel.id.value, incarnation.value});
    const std::lock_guard lock{in->mutex};
    in->sender_bell = std::move(bell);
    return std::unique_ptr<engine::channel_sender>{
        std::make_unique<memory_network::pipe_sender>(in, instance, channel.type)};
  }
  result<std::unique_ptr<engine::channel_receiver>> open_receiver(const std::string& node,
                                                                  transport::topology_instance instance,
                                                                  const engine::plan_channel& channel,
                                                                  generation incarnation,
                                                                  std::shared_ptr<engine::doorbell> bell) override {
    auto in = network_.pipe_between(name_, node, {instance.value, channel.id.value, incarnation.value});
    const std::lock_guard lock{in->mutex};
    in->receiver_bell = std::move(bell);
    return std::unique_ptr<engine::channel_receiver>{
        std::make_unique<memory_network::pipe_receiver>(in, instance, channel.type)};
  }

  using exchange::lose;

private:
  memory_network& network_;
  std::string name_;
};

memory_network::memory_network() : postman_{[this] { deliver_all(); }} {}

memory_network::~memory_network() {
  {
    const std::lock_guard lock{mutex_};
    stop_ = true;
  }
  posted_.notify_all();
  postman_.join();
}

std::shared_ptr<exchange> memory_network::join(const std::string& node) {
  return std::make_shared<memory_exchange>(*this, node);
}

void memory_network::post(std::function<void()> what) {
  {
    const std::lock_guard lock{mutex_};
    mail_.push_back(std::move(what));
  }
  posted_.notify_all();
}

void memory_network::deliver_all() {
  for (;;) {
    std::function<void()> next;
    {
      std::unique_lock lock{mutex_};
      posted_.wait(lock, [this] { return stop_ || !mail_.empty(); });
      if (stop_) return;
      next = std::move(mail_.front());
      mail_.pop_front();
    }
    next();
  }
}

void memory_network::meddle(std::function<fate(const std::string&, const std::string&, bytes_view)> with) {
  const std::lock_guard lock{mutex_};
  meddler_ = std::move(with);
}

memory_network::fate memory_network::fate_of(const std::string& from, const std::string& to, bytes_view message) {
  const std::lock_guard lock{mutex_};
  return meddler_ ? meddler_(from, to, message) : fate::sent;
}

bool memory_network::are_joined(const std::string& a, const std::string& b) {
  const std::lock_guard lock{mutex_};
  return nodes_.contains(b) && !away_.contains(a) && !away_.contains(b);
}

std::shared_ptr<memory_network::pipe> memory_network::pipe_between(const std::string& a, const std::string& b,
                                                                   const pipe_key& key) {
  const std::lock_guard lock{mutex_};
  auto known = pipes_[key].lock();
  if (!known) {
    known = std::make_shared<pipe>();
    known->ends = {a, b};
    known->is_broken = away_.contains(a) || away_.contains(b);
    pipes_[key] = known;
  }
  return known;
}

void memory_network::cut(const std::string& node) {
  std::vector<std::shared_ptr<pipe>> broken;
  {
    const std::lock_guard lock{mutex_};
    away_.insert(node);
    for (auto& [key, weak] : pipes_) {
      if (auto p = weak.lock(); p && p->ends.contains(node)) broken.push_back(std::move(p));
    }
  }
  for (const auto& p : broken) p->break_up();
  post([this, node] {
    std::vector<std::pair<memory_exchange*, std::string>> heard;
    {
      const std::lock_guard lock{mutex_};
      const auto self = nodes_.find(node);
      for (const auto& [name, other] : nodes_) {
        if (name == node) continue;
        heard.emplace_back(other, node);
        if (self != nodes_.end()) heard.emplace_back(self->second, name);
      }
    }
    for (const auto& [who, lost] : heard) who->lose(lost, "it was cut off");
  });
}

void memory_network::heal(const std::string& node) {
  const std::lock_guard lock{mutex_};
  away_.erase(node);
}

}  // namespace millrace::distributed
