#include "node/placing/link_exchange.hpp"

#include <utility>

namespace millrace::node {

namespace {

// What waits for a node before pieces of snapshots wait too: messages that are urgent pass them.
constexpr std::size_t bulk_bytes_max = std::size_t{8} << 20;
// The hub takes no larger ones.
constexpr std::size_t message_bytes_max = std::size_t{8} << 20;

/// A receiver that falls silent when its peer is lost, instead of failing its task: the peer's loss is told to whoever
/// leads the run, once, and no actor's restarts are used up. A frame that cannot be read stays a failure.
class silent_receiver final : public engine::channel_receiver {
public:
  silent_receiver(const transport::link_hub& hub, std::string peer, std::unique_ptr<engine::channel_receiver> in)
      : hub_{hub}, peer_{std::move(peer)}, losses_{hub.statistics(peer_).losses}, in_{std::move(in)} {}

  engine::receive_status receive(engine::frame& out) override {
    const auto got = in_->receive(out);
    if (got != engine::receive_status::broken) return got;
    const auto now = hub_.statistics(peer_);
    return now.losses != losses_ || !now.is_reached ? engine::receive_status::empty : got;
  }
  void give_credit(engine::credit c) override { in_->give_credit(c); }
  std::string failure() const override { return in_->failure(); }

private:
  const transport::link_hub& hub_;
  std::string peer_;
  std::uint64_t losses_;
  std::unique_ptr<engine::channel_receiver> in_;
};

transport::link_channel address_of(const std::string& node, transport::topology_instance instance,
                                   const engine::plan_channel& channel, generation incarnation) {
  return {instance, channel.id, incarnation, node, channel.type};
}

}  // namespace

result<std::shared_ptr<link_exchange>> link_exchange::open(options o) {
  std::shared_ptr<link_exchange> made{new link_exchange{o.name}};
  transport::link_options hub;
  hub.name = std::move(o.name);
  hub.listen = std::move(o.listen);
  hub.keys = std::move(o.keys);
  hub.compress = o.is_compressed;
  transport::link_events events;
  events.on_message = [self = made.get()](const std::string& node, bytes_view m) { self->deliver(node, m); };
  events.on_lost = [self = made.get()](const std::string& node, const std::string& why) { self->lose(node, why); };
  auto opened = transport::link_hub::open(std::move(hub), std::move(events));
  if (!opened) return std::move(opened).error();
  made->hub_ = *std::move(opened);
  return made;
}

std::string link_exchange::follow(const peer_registry& peers) {
  const auto revision = peers.revision() + 1;
  if (revision == revision_) return {};
  revision_ = revision;
  std::map<std::string, transport::link_peer> wanted;
  for (const auto& p : peers.list()) {
    if (!p.link_address.empty()) wanted[p.name] = {p.name, p.link_address, p.server_key};
  }
  std::string problems;
  for (auto at = dialled_.begin(); at != dialled_.end();) {
    const auto now = wanted.find(at->first);
    const bool is_same = now != wanted.end() && now->second.address == at->second.address &&
                         now->second.server_key == at->second.server_key;
    if (is_same) {
      wanted.erase(now);
      ++at;
      continue;
    }
    hub_->remove_peer(at->first);
    lose(at->first, now == wanted.end() ? "it is no peer any more" : "it has moved to " + now->second.address);
    at = dialled_.erase(at);
  }
  for (auto& [name, p] : wanted) {
    if (auto added = hub_->add_peer(p); !added) {
      problems += (problems.empty() ? "" : "; ") + std::string{"no link to "} + name + ": " + added.error().message;
    } else {
      dialled_[name] = std::move(p);
    }
  }
  return problems;
}

result<void> link_exchange::send(const std::string& node, bytes_view message, urgency how) {
  const auto now = hub_->statistics(node);
  if (!now.is_reached) {
    return retryable_error(errc::unavailable,
                           "no connection to node " + node + (now.problem.empty() ? "" : ": " + now.problem));
  }
  if (how == urgency::bulk && now.bytes_queued > bulk_bytes_max) {
    return retryable_error(errc::unavailable, "much waits for node " + node + " already");
  }
  byte_buffer kept;
  kept.append(message);
  auto sent = hub_->send(node, std::move(kept));
  if (!sent && sent.error().code == errc::limit_exceeded && message.size() <= message_bytes_max) {
    return retryable_error(errc::unavailable, sent.error().message);  // the queue is full, which passes
  }
  return sent;
}

result<std::unique_ptr<engine::channel_sender>> link_exchange::open_sender(const std::string& node,
                                                                           transport::topology_instance instance,
                                                                           const engine::plan_channel& channel,
                                                                           generation incarnation,
                                                                           std::shared_ptr<engine::doorbell> bell) {
  return hub_->open_sender(address_of(node, instance, channel, incarnation), std::move(bell));
}

result<std::unique_ptr<engine::channel_receiver>> link_exchange::open_receiver(const std::string& node,
                                                                               transport::topology_instance instance,
                                                                               const engine::plan_channel& channel,
                                                                               generation incarnation,
                                                                               std::shared_ptr<engine::doorbell> bell) {
  auto made = hub_->open_receiver(address_of(node, instance, channel, incarnation), std::move(bell));
  if (!made) return std::move(made).error();
  return std::unique_ptr<engine::channel_receiver>{std::make_unique<silent_receiver>(*hub_, node, *std::move(made))};
}

}  // namespace millrace::node
