#include "control_loop.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <iterator>
#include <utility>
#include <vector>

namespace millrace::transport {
namespace {

using nlohmann::json;

/// Requests in a row before subscriptions are looked at again.
constexpr int requests_per_round = 256;
constexpr std::chrono::milliseconds wait_max{1000};
/// How soon answers that found no room are tried again: ZeroMQ does not say when one client has room.
constexpr std::chrono::milliseconds unsent_interval{5};
constexpr std::int64_t interval_ms_default = 250;
/// A map that clients pass over; sent to learn who is still there.
const json probe{{"v", control_version}, {"probe", true}};
/// What the names of clients begin with: ZeroMQ's names are unique for each socket only.
constexpr char local_mark = 'l';
constexpr char remote_mark = 'r';

/// 128 random bits as hex digits; empty when there are none to be had.
std::string make_session_id() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return {};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto b : bytes) {
    text += digits[b >> 4U];
    text += digits[b & 0xfU];
  }
  return text;
}

/// Runs what the service's owner wrote; nothing it throws may end the control thread.
template <class Call>
result<json> guarded(const std::string& what, Call call) {
  try {
    return call();
  } catch (const std::exception& e) {
    return fatal_error(errc::failed, what + " failed: " + e.what());
  } catch (...) {
    return fatal_error(errc::failed, what + " failed with an exception of unknown type");
  }
}

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
  for (int i = 0; i < requests_per_round && !is_stopping_.load(); ++i) {
    auto raw = socket.receive();
    if (!raw) return true;
    raw->client.insert(raw->client.begin(), &socket == &socket_ ? local_mark : remote_mark);
    answer(*raw, arrived);
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

/// `again`: set when this was served before, to what it was answered with.
result<json> control_server::loop::serve(const raw_request& raw, std::uint64_t& id, clock::time_point arrived,
                                         const std::string*& again) {
  is_numbered_ = false;
  if (!raw.is_whole) {
    refused(raw, "(unreadable)");
    return user_error(errc::parse_error, "control request: a request is one message of one part");
  }
  const auto request = decode_request(raw.bytes.view(), id);
  if (!request) {
    refused(raw, "(unreadable)");
    return request.error();
  }
  if (request->verb == "hello") return hello(raw);
  const auto served = admit(raw, *request);
  if (!served) {
    if (served.error().code == errc::denied) refused(raw, request->verb);
    return served.error();
  }
  again = *served;
  if (again != nullptr) return json{};
  if (clock::now() - arrived > request->deadline) {
    return retryable_error(errc::timeout,
                           "'" + request->verb + "' was not executed: the node was busy until its deadline had passed");
  }
  return dispatch(raw, *request);
}

void control_server::loop::refused(const raw_request& raw, const std::string& verb) {
  if (service_.on_refused) service_.on_refused({raw.key}, verb);
}

result<json> control_server::loop::dispatch(const raw_request& raw, const control_request& request) {
  if (request.verb == "ping") return json{{"v", control_version}};
  if (request.verb == "subscribe") return subscribe(raw, request.args);
  if (request.verb == "unsubscribe") return unsubscribe(raw.client, request.args);
  return guarded("'" + request.verb + "'", [&] { return service_.on_request({raw.key}, request.verb, request.args); });
}

result<json> control_server::loop::subscribe(const raw_request& raw, const json& args) {
  const auto topic = args.find("topic");
  if (topic == args.end() || !topic->is_string() ||
      std::ranges::find(service_.topics, topic->get_ref<const std::string&>()) == service_.topics.end()) {
    return user_error(errc::not_found, "subscribe: argument 'topic' is none of " + json(service_.topics).dump());
  }
  const auto interval = args.find("interval_ms");
  if (interval != args.end() && !interval->is_number_unsigned()) {
    return user_error(errc::invalid_argument, "subscribe: argument 'interval_ms' is no number of milliseconds");
  }
  const std::chrono::milliseconds every{interval == args.end() ? interval_ms_default : interval->get<std::int64_t>()};
  // Who may not see it hears that now instead of losing the session.
  auto choice = args;
  choice.erase("topic");
  choice.erase("interval_ms");
  // Not kept with the states of this round, which subscriptions bound in number.
  const auto state = guarded("topic " + topic->dump(),
                             [&] { return service_.on_topic({raw.key}, topic->get<std::string>(), choice); });
  if (!state) return state.error();
  const auto id = sessions_.subscribe(raw.client, topic->get<std::string>(), std::move(choice), every, clock::now());
  if (!id) {
    return id.error();
  }
  return json{{"subscription", *id}};
}

result<json> control_server::loop::unsubscribe(const std::string& client, const json& args) {
  const auto id = args.find("subscription");
  if (id == args.end() || !id->is_number_unsigned()) {
    return user_error(errc::invalid_argument, "unsubscribe: argument 'subscription' is no number of a subscription");
  }
  if (auto removed = sessions_.unsubscribe(client, id->get<std::uint64_t>()); !removed) {
    return std::move(removed).error();
  }
  return json::object();
}

/// Opens a session with an id of its own.
result<json> control_server::loop::hello(const raw_request& raw) {
  const control_caller who{raw.key};
  sessions_.close(raw.client);
  if (auto room = make_room(who); !room) return std::move(room).error();
  auto id = make_session_id();
  if (id.empty()) return fatal_error(errc::io_error, "the system has no random numbers for the id of a session");
  sessions_.open(raw.client, who, id);
  return json{{"v", control_version}, {"session", std::move(id)}};
}

/// Which session a request belongs to. Those of other machines all have one with an id; local ones may do without.
/// Returns what the request was answered with, should it come again.
result<const std::string*> control_server::loop::admit(const raw_request& raw, const control_request& request) {
  const control_caller who{raw.key};
  if (!request.session.empty()) {
    const auto session = sessions_.resume(raw.client, who, request.session);
    if (!session) return session.error();
    auto served = control_sessions::check_number(**session, request.id, raw.bytes.view());
    is_numbered_ = served.has_value();
    return served;
  }
  if (!who.is_local()) {
    return user_error(errc::denied, "'" + request.verb + "' came without a session: begin one with 'hello'");
  }
  const auto known = sessions_.all().find(raw.client);
  if (known != sessions_.all().end() && known->second.id.empty()) return nullptr;
  if (known != sessions_.all().end()) {
    return user_error(errc::denied, "'" + request.verb + "' came without the session of its connection");
  }
  if (auto room = make_room(who); !room) return std::move(room).error();
  sessions_.open(raw.client, who, "");
  return nullptr;
}

/// When all places are taken, those whose client has gone are given away: ZeroMQ says so only when something is sent.
result<void> control_server::loop::make_room(const control_caller& who) {
  if (sessions_.room_for(who)) return {};
  outgoing_.clear();
  json_to_msgpack(probe, outgoing_);
  std::erase_if(sessions_.all(),
                [&](const auto& s) { return s.second.gone_since || send(s.first) == send_status::gone; });
  return sessions_.room_for(who);
}

void control_server::loop::publish_due(clock::time_point now) {
  states_.clear();
  sessions_.forget_gone(now);
  auto& all = sessions_.all();
  std::vector<std::string> gone;
  for (auto at = all.begin(); at != all.end();) {
    const auto status = at->second.gone_since ? publishing::fine : publish_due_of(at->first, at->second, now);
    if (status == publishing::gone) gone.push_back(at->first);
    at = status == publishing::denied ? all.erase(at) : std::next(at);
  }
  for (const auto& client : gone) sessions_.leave(client, now);
}

control_server::loop::publishing control_server::loop::publish_due_of(const std::string& client,
                                                                      control_session& session, clock::time_point now) {
  for (auto& s : session.subscriptions) {
    if (s.due > now) continue;
    control_sessions::advance(s, now);
    if (const auto status = publish(client, session.who, s); status != publishing::fine) return status;
  }
  return publishing::fine;
}

control_server::loop::publishing control_server::loop::publish(const std::string& client, const control_caller& who,
                                                               subscription& s) {
  const auto& state = state_of(who, s.topic, s.choice);
  const bool is_denied = !state && state.error().code == errc::denied;
  encode_event({s.id, s.topic, s.skipped, state ? *state : json{{"error", state.error().message}}}, outgoing_);
  if (outgoing_.size() > control_message_bytes_max) {
    encode_event({s.id, s.topic, s.skipped, json{{"error", "the state is larger than a message may be"}}}, outgoing_);
  }
  const auto status = send(client);
  s.skipped = status == send_status::full ? s.skipped + 1 : 0;
  return is_denied ? publishing::denied : status == send_status::gone ? publishing::gone : publishing::fine;
}

const result<json>& control_server::loop::state_of(const control_caller& who, const std::string& topic,
                                                   const json& choice) {
  const auto known = states_.find({who, topic, choice});
  if (known != states_.end()) {
    return known->second;
  }
  auto state = guarded("topic '" + topic + "'", [&] { return service_.on_topic(who, topic, choice); });
  return states_.insert_or_assign(state_key{who, topic, choice}, std::move(state)).first->second;
}

}  // namespace millrace::transport
