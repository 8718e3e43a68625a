#include <sys/random.h>

#include <algorithm>
#include <array>
#include <utility>

#include "control_loop.hpp"
#include "guarded.hpp"

// What becomes of a request: whose it is, which session it belongs to, and what is done about it.
namespace millrace::transport {
namespace {

using nlohmann::json;

constexpr std::int64_t interval_ms_default = 250;
constexpr std::size_t bytes_read_of_refused = 4'096;
/// A map that clients pass over; sent to learn who is still there.
const json probe{{"v", control_version}, {"probe", true}};

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

}  // namespace

/// `again`: set when this was served before, to what it was answered with.
result<json> control_server::loop::serve(const raw_request& raw, std::uint64_t& id, clock::time_point arrived,
                                         const std::string*& again) {
  is_numbered_ = false;
  if (auto may = rate_.take({raw.key}, arrived); !may) {
    // Of a large one the number is not worth the work: that is what is limited.
    const auto request = raw.bytes.size() > bytes_read_of_refused
                             ? result<control_request>{user_error(errc::limit_exceeded, "")}
                             : decode_request(raw.bytes.view(), id);
    if (rate_.is_news({raw.key}, arrived)) refused(raw, request ? request->verb : "(unreadable)");
    return std::move(may).error();
  }
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
  if (!state) {
    if (state.error().code == errc::denied) refused(raw, "subscribe");
    return state.error();
  }
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
  if (service_.on_hello) {
    auto known = guarded("'hello'", [&] { return service_.on_hello(who); });
    if (!known) {
      if (known.error().code == errc::denied) refused(raw, "hello");
      return known.error();
    }
  }
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

}  // namespace millrace::transport
