#include "link/core.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

#include "millrace/transport/message_socket.hpp"

namespace millrace::transport {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t name_bytes_max = 255;
/// A dialling socket, the monitor's two ends.
constexpr std::size_t sockets_per_peer = 3;

error wrong(const std::string& what) {
  return user_error(errc::invalid_argument, what);
}

result<void> check_options(const link_options& o) {
  if (o.name.empty() || o.name.size() > name_bytes_max) return wrong("a node's name has 1 to 255 bytes");
  if (!o.listen.starts_with("tcp://")) {
    return wrong("'" + o.listen + "' is no address to listen at: give tcp://HOST:PORT");
  }
  if (!o.keys && !o.is_insecure) {
    return wrong("a node without keys does not link to others: make a pair with 'millrace key create'");
  }
  if (o.keys && (!is_curve_key(o.keys->public_key) || !is_curve_key(o.keys->secret_key))) {
    return wrong("the node's own keys are none: 40 characters as 'millrace key create' writes them");
  }
  if (o.lost_after < 100ms) return wrong("a peer cannot be lost after less than 100 ms of silence");
  return {};
}

}  // namespace

result<std::unique_ptr<link_core>> link_core::open(link_options options, link_events events) {
  if (auto checked = check_options(options); !checked) return std::move(checked).error();
  auto calls = link::waker::open();
  if (!calls) return std::move(calls).error();
  auto context = zmq_context::open(options.limits.peers_max * sockets_per_peer);
  if (!context) return std::move(context).error();
  std::unique_ptr<link_core> core{
      new link_core{*std::move(context), *std::move(calls), std::move(options), std::move(events)}};
  if (auto listening = core->listen(); !listening) return std::move(listening).error();
  core->start();
  return core;
}

link_core::link_core(zmq_context context, std::shared_ptr<link::waker> calls, link_options options, link_events events)
    : options_{std::move(options)},
      events_{std::move(events)},
      context_{std::move(context)},
      calls_{std::move(calls)},
      around_{context_, options_, events_, *ends_} {}

link_core::~link_core() {
  if (thread_.joinable()) {
    is_stopping_.store(true);
    calls_->call();
    thread_.join();
  }
  for (const auto& [name, side] : sides_) side->out.close();
  ends_->break_all("this node's links were closed");
}

/// The door comes before the socket that needs it, and a stranger before everybody else.
result<void> link_core::listen() {
  if (options_.keys) {
    auto door = authentication::open(context_, [this](const std::string& key) { return name_of_key(key); });
    if (!door) return std::move(door).error();
    door_.emplace(*std::move(door));
  }
  auto router = link::open_router(context_, options_.keys);
  if (!router) return std::move(router).error();
  router_ = *std::move(router);
  auto bound = link::bind_router(router_.get(), options_.listen);
  if (!bound) return std::move(bound).error();
  address_ = *std::move(bound);
  around_.router = router_.get();
  if (!options_.keys) return {};
  auto tried = link::try_stranger(context_, *options_.keys, address_, *door_);
  // That one was of this node itself.
  (void)take_strangers();
  return tried;
}

std::vector<std::string> link_core::take_strangers() {
  const std::lock_guard lock{mutex_};
  return std::exchange(strangers_, {});
}

void link_core::start() {
  // Signals are for the program's own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread{[this] { run(); }};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "millrace-link");
}

result<void> link_core::check(const link_peer& peer) const {
  if (peer.name.empty() || peer.name.size() > name_bytes_max) return wrong("a peer's name has 1 to 255 bytes");
  if (peer.name == options_.name) return wrong("'" + peer.name + "' is this node itself");
  const bool is_tcp = peer.address.starts_with("tcp://");
  if (const auto checked = message_socket::check(peer.address, false); !is_tcp || !checked) {
    return wrong("peer '" + peer.name + "': " +
                 (is_tcp ? checked.error().message : "'" + peer.address + "' is no address: give tcp://HOST:PORT"));
  }
  if (options_.keys && !is_curve_key(peer.server_key)) {
    return wrong("peer '" + peer.name + "' needs its public key: 40 characters as 'millrace key create' writes them");
  }
  return {};
}

result<void> link_core::add(link_peer peer) {
  if (auto checked = check(peer); !checked) return checked;
  const auto name = peer.name;
  {
    const std::lock_guard lock{mutex_};
    if (sides_.size() >= options_.limits.peers_max) {
      return user_error(errc::limit_exceeded,
                        "this node has " + std::to_string(sides_.size()) + " peers, which is as many as it may");
    }
    auto side = std::make_shared<link::side>(peer, calls_, options_.limits);
    if (!sides_.try_emplace(name, side).second) {
      return user_error(errc::already_exists, "there is a peer '" + name + "'; remove it first");
    }
    newcomers_.push_back({std::move(peer), std::move(side)});
  }
  calls_->call();
  return {};
}

void link_core::remove(const std::string& name) {
  {
    const std::lock_guard lock{mutex_};
    const auto found = sides_.find(name);
    if (found == sides_.end()) return;
    found->second->is_removed.store(true);
    found->second->out.close();
    leavers_.push_back(std::move(found->second));
    sides_.erase(found);
  }
  ends_->break_all(name, "'" + name + "' is no longer a peer of this node");
  calls_->call();
}

result<std::shared_ptr<link::side>> link_core::find(const std::string& name) const {
  const std::lock_guard lock{mutex_};
  const auto found = sides_.find(name);
  if (found != sides_.end()) return found->second;
  return user_error(errc::not_found, "this node knows no peer '" + name + "'");
}

}  // namespace millrace::transport
