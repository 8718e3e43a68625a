#include "control_sessions.hpp"

#include <algorithm>
#include <utility>

namespace millrace::transport {

result<std::uint64_t> control_sessions::subscribe(const std::string& client, std::string topic,
                                                  std::chrono::milliseconds interval, clock::time_point now) {
  if (interval < interval_min || interval > interval_max) {
    return user_error(errc::invalid_argument, "interval_ms is " + std::to_string(interval.count()) + ", allowed are " +
                                                  std::to_string(interval_min.count()) + " to " +
                                                  std::to_string(interval_max.count()));
  }
  auto& subscriptions = sessions_.at(client).subscriptions;
  if (subscriptions.size() >= subscriptions_max) {
    return user_error(errc::limit_exceeded, "a client may have " + std::to_string(subscriptions_max) +
                                                " subscriptions: unsubscribe one first");
  }
  subscriptions.push_back({.id = ++last_id_, .topic = std::move(topic), .interval = interval, .due = now});
  return last_id_;
}

result<void> control_sessions::unsubscribe(const std::string& client, std::uint64_t id) {
  if (std::erase_if(sessions_.at(client).subscriptions, [id](const subscription& s) { return s.id == id; }) == 0) {
    return user_error(errc::not_found, "this client has no subscription " + std::to_string(id));
  }
  return {};
}

bool control_sessions::keep(control_session& session, bytes_view answer) {
  if (session.unsent.size() >= unsent_max || session.unsent_bytes + answer.size() > unsent_bytes_max) return false;
  session.unsent.emplace_back(as_text(answer));
  session.unsent_bytes += answer.size();
  return true;
}

std::optional<control_sessions::clock::time_point> control_sessions::next_due() const {
  std::optional<clock::time_point> next;
  for (const auto& [client, session] : sessions_) {
    for (const auto& s : session.subscriptions) {
      next = next ? std::min(*next, s.due) : s.due;
    }
  }
  return next;
}

void control_sessions::advance(subscription& s, clock::time_point now) noexcept {
  s.due += s.interval;
  if (s.due <= now) {
    s.due = now + s.interval;
  }
}

}  // namespace millrace::transport
