#include <algorithm>
#include <utility>

#include "control_client_connection.hpp"

// Subscriptions, and the events that come of them.
namespace millrace::transport {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t events_max = 256;
/// To find the session again after the connection was cut.
constexpr milliseconds session_patience{5000};

}  // namespace

/// What a subscription says to the server.
json control_client::arguments_of(const wish& s) {
  auto args = s.choice;
  args["topic"] = s.topic;
  args["interval_ms"] = s.interval.count();
  return args;
}

result<std::uint64_t> control_client::ask_for(const wish& s, clock::time_point until) {
  const auto answer = exchange("subscribe", arguments_of(s), until);
  if (!answer) {
    return answer.error();
  }
  const auto id = answer->find("subscription");
  if (id == answer->end() || !id->is_number_unsigned()) {
    return fatal_error(errc::parse_error, connection_->address + " answered 'subscribe' without a subscription");
  }
  return id->get<std::uint64_t>();
}

result<std::uint64_t> control_client::subscribe(const std::string& topic, milliseconds interval, milliseconds deadline,
                                                const json& choice) {
  wish wanted{topic, choice, interval, 0, 0};
  const auto answer = call("subscribe", arguments_of(wanted), deadline);
  if (!answer) {
    return answer.error();
  }
  const auto id = answer->find("subscription");
  if (id == answer->end() || !id->is_number_unsigned()) {
    return fatal_error(errc::parse_error, connection_->address + " answered 'subscribe' without a subscription");
  }
  wanted.id = wanted.id_there = id->get<std::uint64_t>();
  subscriptions_.push_back(std::move(wanted));
  return subscriptions_.back().id;
}

result<json> control_client::unsubscribe(const json& args, clock::time_point until) {
  auto renamed = args;
  const auto named = args.is_object() ? args.find("subscription") : args.end();
  auto known = subscriptions_.end();
  if (args.is_object() && named != args.end() && named->is_number_unsigned()) {
    known = std::ranges::find(subscriptions_, named->get<std::uint64_t>(), &wish::id);
  }
  if (known != subscriptions_.end()) {
    renamed["subscription"] = known->id_there;
    subscriptions_.erase(known);
  }
  return exchange("unsubscribe", renamed, until);
}

result<void> control_client::unsubscribe(std::uint64_t subscription, milliseconds deadline) {
  auto answer = call("unsubscribe", {{"subscription", subscription}}, deadline);
  if (!answer) return std::move(answer).error();
  // What came before the server heard of it is of no use any more.
  std::erase_if(events_, [&](const control_event& e) { return e.subscription == subscription; });
  return {};
}

result<control_event> control_client::newest_event(std::uint64_t subscription, milliseconds timeout) {
  const auto until = clock::now() + timeout;
  const auto is_its = [&](const control_event& e) { return e.subscription == subscription; };
  for (;;) {
    // What has come by now is read, also when there is one already.
    const bool has_one = std::ranges::any_of(events_, is_its);
    auto more = take_in(has_one ? clock::now() : until);
    if (!more && has_one && more.error().code == errc::timeout) break;
    if (!more) return std::move(more).error();
  }
  control_event newest;
  std::uint64_t overtaken = 0;
  for (auto& e : events_) {
    if (!is_its(e)) continue;
    overtaken = e.skipped + (newest.subscription == subscription ? overtaken + 1 : 0);
    newest = std::move(e);
    e.subscription = subscription;  // moved from, and taken out below
  }
  newest.skipped = overtaken;
  std::erase_if(events_, is_its);
  return newest;
}

result<control_event> control_client::next_event(milliseconds timeout) {
  const auto until = clock::now() + timeout;
  while (events_.empty()) {
    if (auto more = take_in(until); !more) return std::move(more).error();
  }
  auto event = std::move(events_.front());
  events_.pop_front();
  return event;
}

/// Receives one message, and keeps it when it is an event. Error: `timeout`.
result<void> control_client::take_in(clock::time_point until) {
  auto received = receive(until);
  if (!received) return std::move(received).error();
  if (std::holds_alternative<reconnected>(*received)) {
    // The server does not know yet where its session is now.
    if (auto back = call("ping", json::object(), session_patience); !back) return std::move(back).error();
    return {};
  }
  if (auto* const event = std::get_if<control_event>(&std::get<control_message>(*received))) keep(std::move(*event));
  return {};
}

void control_client::keep(control_event event) {
  const auto known = std::ranges::find(subscriptions_, event.subscription, &wish::id_there);
  if (known != subscriptions_.end()) event.subscription = known->id;
  if (events_.size() == events_max) {
    events_.pop_front();
  }
  events_.push_back(std::move(event));
}

}  // namespace millrace::transport
