#include <iterator>
#include <utility>
#include <vector>

#include "control_loop.hpp"
#include "guarded.hpp"

// What goes to subscribers when it is due.
namespace millrace::transport {

using nlohmann::json;

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
