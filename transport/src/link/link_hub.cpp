#include "millrace/transport/link_hub.hpp"

#include <utility>

#include "link/core.hpp"

namespace millrace::transport {

result<std::unique_ptr<link_hub>> link_hub::open(link_options options, link_events events) {
  auto core = link_core::open(std::move(options), std::move(events));
  if (!core) return std::move(core).error();
  return std::unique_ptr<link_hub>{new link_hub{*std::move(core)}};
}

link_hub::link_hub(std::unique_ptr<link_core> core) : core_{std::move(core)} {}
link_hub::~link_hub() = default;

std::string link_hub::address() const {
  return core_->address();
}

result<void> link_hub::add_peer(link_peer peer) {
  return core_->add(std::move(peer));
}

void link_hub::remove_peer(const std::string& name) {
  core_->remove(name);
}

result<void> link_hub::send(const std::string& peer, byte_buffer message) {
  const auto to = core_->find(peer);
  if (!to) return to.error();
  auto pushed = (*to)->out.push_message(message);
  if (!pushed) return error{pushed.error().code, pushed.error().kind, "to '" + peer + "': " + pushed.error().message};
  return {};
}

result<std::unique_ptr<engine::channel_sender>> link_hub::open_sender(const link_channel& channel,
                                                                      std::shared_ptr<engine::doorbell> own_bell) {
  auto to = core_->find(channel.peer);
  if (!to) return std::move(to).error();
  return link::make_sender(core_->ends(), *std::move(to), channel, std::move(own_bell));
}

result<std::unique_ptr<engine::channel_receiver>> link_hub::open_receiver(const link_channel& channel,
                                                                          std::shared_ptr<engine::doorbell> own_bell) {
  auto from = core_->find(channel.peer);
  if (!from) return std::move(from).error();
  return link::make_receiver(core_->ends(), *std::move(from), channel, std::move(own_bell),
                             core_->options().limits.channel_bytes_max);
}

std::vector<std::string> link_hub::take_strangers() {
  return core_->take_strangers();
}

link_statistics link_hub::statistics(const std::string& peer) const {
  const auto found = core_->find(peer);
  return found ? (*found)->figures() : link_statistics{};
}

}  // namespace millrace::transport
