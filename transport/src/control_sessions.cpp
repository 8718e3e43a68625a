#include "control_sessions.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace millrace::transport {

namespace {

std::size_t digest_of(bytes_view bytes) {
  return std::hash<std::string_view>{}(as_text(bytes));
}

error full(const std::string& who, std::size_t most) {
  return retryable_error(errc::limit_exceeded,
                         std::to_string(most) + " clients" + who + " are connected, which is the limit: close one");
}

}  // namespace

result<void> control_sessions::room_for(const control_caller& who) const {
  if (sessions_.size() >= sessions_max) return full("", sessions_max);
  if (who.is_local()) return {};
  const auto remote = std::ranges::count_if(sessions_, [](const auto& s) { return !s.second.who.is_local(); });
  const auto same = std::ranges::count_if(sessions_, [&](const auto& s) { return s.second.who == who; });
  if (static_cast<std::size_t>(remote) >= remote_sessions_max) return full(" of other machines", remote_sessions_max);
  if (static_cast<std::size_t>(same) >= sessions_of_key_max) return full(" with this key", sessions_of_key_max);
  return {};
}

void control_sessions::open(const std::string& client, control_caller who, std::string id) {
  control_session made;
  made.who = std::move(who);
  made.id = std::move(id);
  sessions_.insert_or_assign(client, std::move(made));
}

void control_sessions::leave(const std::string& client, clock::time_point now) {
  const auto known = sessions_.find(client);
  if (known == sessions_.end()) return;
  if (known->second.id.empty()) {
    sessions_.erase(known);
  } else if (!known->second.gone_since) {
    known->second.gone_since = now;
    known->second.unsent.clear();
    known->second.unsent_bytes = 0;
  }
}

void control_sessions::forget_gone(clock::time_point now) {
  std::erase_if(sessions_,
                [&](const auto& s) { return s.second.gone_since && now - *s.second.gone_since >= gone_max; });
}

result<control_session*> control_sessions::resume(const std::string& client, const control_caller& who,
                                                  const std::string& id) {
  const auto found = std::ranges::find(sessions_, id, [](const auto& s) { return s.second.id; });
  if (id.empty() || found == sessions_.end()) {
    return retryable_error(errc::fenced,
                           "this session is not known here, or not any more: begin another one with 'hello'");
  }
  if (found->second.who != who) return user_error(errc::denied, "this session is another client's");
  if (found->first == client) return &found->second;
  // A new connection of the same client: what was on its way on the old one is asked for again.
  auto moved = sessions_.extract(found);
  moved.key() = client;
  moved.mapped().gone_since.reset();
  moved.mapped().unsent.clear();
  moved.mapped().unsent_bytes = 0;
  sessions_.erase(client);
  return &sessions_.insert(std::move(moved)).position->second;
}

result<const std::string*> control_sessions::check_number(control_session& session, std::uint64_t number,
                                                          bytes_view request) {
  if (number > session.newest_request) {
    session.newest_request = number;
    return nullptr;
  }
  const auto known = std::ranges::find(session.served, number, &served_request::id);
  if (known == session.served.end()) {
    return user_error(errc::denied, "request " + std::to_string(number) + " of this session was served long ago");
  }
  if (known->digest != digest_of(request)) {
    return user_error(errc::denied, "number " + std::to_string(number) + " of this session was another request's");
  }
  // What is too long to be kept is what was asked for, not what was done: it is asked for again.
  return known->answer.empty() ? nullptr : &known->answer;
}

void control_sessions::remember(control_session& session, std::uint64_t number, bytes_view request, bytes_view answer) {
  // One that was too long to be kept is served again: it is there already, and holds no bytes.
  std::erase_if(session.served, [&](const served_request& s) { return s.id == number; });
  served_request made{number, digest_of(request), {}};
  if (answer.size() <= served_bytes_max) made.answer = as_text(answer);
  session.served_bytes += made.answer.size();
  session.served.push_back(std::move(made));
  while (session.served.size() > served_max || session.served_bytes > served_bytes_max) {
    session.served_bytes -= session.served.front().answer.size();
    session.served.pop_front();
  }
}

result<std::uint64_t> control_sessions::subscribe(const std::string& client, std::string topic, nlohmann::json choice,
                                                  std::chrono::milliseconds interval, clock::time_point now) {
  if (interval < interval_min || interval > interval_max) {
    return user_error(errc::invalid_argument, "interval_ms is " + std::to_string(interval.count()) + ", allowed are " +
                                                  std::to_string(interval_min.count()) + " to " +
                                                  std::to_string(interval_max.count()));
  }
  if (choice.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).size() > choice_bytes_max) {
    return user_error(errc::limit_exceeded, "subscribe: what is wanted of a topic has to fit into " +
                                                std::to_string(choice_bytes_max) + " bytes");
  }
  auto& subscriptions = sessions_.at(client).subscriptions;
  if (subscriptions.size() >= subscriptions_max) {
    return user_error(errc::limit_exceeded, "a client may have " + std::to_string(subscriptions_max) +
                                                " subscriptions: unsubscribe one first");
  }
  subscriptions.push_back(
      {.id = ++last_id_, .topic = std::move(topic), .choice = std::move(choice), .interval = interval, .due = now});
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
    if (session.gone_since) continue;
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
