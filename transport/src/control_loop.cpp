#include "control_loop.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

namespace millrace::transport {
namespace {

/// Requests in a row, and the time they may take, before new connections and subscriptions are looked at again.
constexpr int requests_per_round = 256;
constexpr std::chrono::milliseconds round_time_max{200};
constexpr std::chrono::milliseconds wait_max{1000};
/// How soon answers that found no room are tried again: ZeroMQ does not say when one client has room.
constexpr std::chrono::milliseconds unsent_interval{5};
/// What the names of clients begin with: ZeroMQ's names are unique for each socket only.
constexpr char local_mark = 'l';
constexpr char remote_mark = 'r';

}  // namespace

control_server::loop::loop(std::string address, std::filesystem::path path, control_service service,
                           router_socket socket, std::optional<remote_side> remote)
    : address_{std::move(address)},
      path_{std::move(path)},
      service_{std::move(service)},
      socket_{std::move(socket)},
      remote_{std::move(remote)} {}

result<void> control_server::loop::start() {
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd_ < 0) {
    return fatal_error(errc::limit_exceeded, std::string{"cannot make an eventfd: "} + std::strerror(errno));
  }
  // Signals are for the program's own threads: a handler must not run in the middle of an answer.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread{[this] { run(); }};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return {};
}

void control_server::loop::stop() {
  if (thread_.joinable()) {
    is_stopping_.store(true);
    static_cast<void>(::eventfd_write(wake_fd_, 1));
    thread_.join();
    ::unlink(path_.c_str());
  }
  if (wake_fd_ >= 0) {
    ::close(std::exchange(wake_fd_, -1));
  }
}

void control_server::loop::run() {
  auto arrived = clock::now();
  bool is_drained = true;
  while (wait()) {
    ++turns_;
    // A request found in a socket that was left unread may be as old as the last time it was seen empty.
    if (is_drained) arrived = clock::now();
    if (has_unsent_) send_unsent();
    publish_due(clock::now());
    is_drained = answer_requests(arrived);
  }
}

/// Until a request comes or a subscription is due; false when the server stops.
bool control_server::loop::wait() {
  auto timeout = wait_max;
  if (const auto due = sessions_.next_due()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - clock::now());
    timeout = std::clamp(left, std::chrono::milliseconds{0}, wait_max);
  }
  if (has_unsent_) timeout = std::min(timeout, unsent_interval);
  std::array<zmq_pollitem_t, 4> items{{{socket_.native(), 0, ZMQ_POLLIN, 0}, {nullptr, wake_fd_, ZMQ_POLLIN, 0}}};
  int count = 2;
  if (remote_) {
    for (void* socket : {remote_->socket.native(), remote_->known_keys.native()}) {
      items[static_cast<std::size_t>(count++)] = {socket, 0, ZMQ_POLLIN, 0};
    }
  }
  zmq_poll(items.data(), count, timeout.count());
  if (remote_) remote_->known_keys.answer();
  return !is_stopping_.load();
}

/// True when no request is left.
bool control_server::loop::answer_requests(clock::time_point arrived) {
  const bool is_local_done = answer_requests(socket_, arrived);
  return (!remote_ || answer_requests(remote_->socket, arrived)) && is_local_done;
}

bool control_server::loop::answer_requests(router_socket& socket, clock::time_point arrived) {
  const auto end = clock::now() + round_time_max;
  for (int i = 0; i < requests_per_round && !is_stopping_.load() && clock::now() < end; ++i) {
    auto raw = socket.receive();
    if (!raw) return true;
    raw->client.insert(raw->client.begin(), &socket == &socket_ ? local_mark : remote_mark);
    answer(*raw, arrived);
    ++turns_;
  }
  return false;
}

void control_server::loop::answer(const raw_request& raw, clock::time_point arrived) {
  control_answer answer;
  const std::string* again = nullptr;
  answer.outcome = serve(raw, answer.id, arrived, again);
  if (again != nullptr) {
    outgoing_.clear();
    outgoing_.append(as_bytes(*again));
  } else {
    encode_answer(answer, outgoing_);
  }
  const auto session = sessions_.all().find(raw.client);
  const bool is_known = session != sessions_.all().end();
  if (is_known && again == nullptr && is_numbered_) {
    control_sessions::remember(session->second, answer.id, raw.bytes.view(), outgoing_.view());
  }
  const auto status = !is_known || session->second.unsent.empty() ? send(raw.client) : send_status::full;
  if (status == send_status::gone) {
    sessions_.leave(raw.client, clock::now());
  } else if (status == send_status::full && is_known) {
    // Whoever leaves even more unread misses this one, and hears of that by its own deadline.
    has_unsent_ = control_sessions::keep(session->second, outgoing_.view()) || has_unsent_;
  }
}

/// Sends what is in `outgoing_`.
send_status control_server::loop::send(const std::string& client) {
  return send(client, outgoing_.view());
}

send_status control_server::loop::send(const std::string& client, bytes_view bytes) {
  auto& socket = client.front() == local_mark ? socket_ : remote_->socket;
  return socket.send(client.substr(1), bytes);
}

void control_server::loop::send_unsent() {
  has_unsent_ = false;
  std::vector<std::string> gone;
  for (auto& [client, session] : sessions_.all()) {
    const auto status = send_unsent(client, session);
    has_unsent_ = has_unsent_ || status == send_status::full;
    if (status == send_status::gone) gone.push_back(client);
  }
  for (const auto& client : gone) sessions_.leave(client, clock::now());
}

/// `sent` when nothing is left.
send_status control_server::loop::send_unsent(const std::string& client, control_session& session) {
  while (!session.unsent.empty()) {
    const auto status = send(client, as_bytes(session.unsent.front()));
    if (status != send_status::sent) return status;
    session.unsent_bytes -= session.unsent.front().size();
    session.unsent.pop_front();
  }
  return send_status::sent;
}

}  // namespace millrace::transport
