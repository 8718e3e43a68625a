#include "millrace/transport/control_client.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "control_client_connection.hpp"

// Requests, their answers, and the session they belong to.
namespace millrace::transport {

using nlohmann::json;
using std::chrono::milliseconds;

error no_answer(const std::string& verb, milliseconds deadline) {
  return retryable_error(errc::timeout, "no answer to '" + verb + "' within " + std::to_string(deadline.count()) +
                                            " ms: the process may be busy, stopped or gone");
}

/// A session of the server's, and in it the subscriptions that there were in the one before.
result<void> control_client::begin_session(clock::time_point until) {
  session_.clear();
  const auto answer = exchange("hello", json::object(), until);
  if (!answer) return answer.error();
  const auto id = answer->find("session");
  if (id == answer->end() || !id->is_string()) {
    return fatal_error(errc::parse_error, connection_->address + " answered 'hello' without a session");
  }
  session_ = id->get<std::string>();
  for (auto& s : subscriptions_) {
    const auto again = ask_for(s, until);
    if (!again) return again.error();
    s.id_there = *again;
  }
  return {};
}

result<json> control_client::call(const std::string& verb, const json& args, milliseconds deadline) {
  deadline = std::clamp(deadline, milliseconds{1}, control_deadline_max);
  const auto until = clock::now() + deadline;
  if (verb == "unsubscribe") return unsubscribe(args, until);
  auto answer = exchange(verb, args, until);
  if (answer || answer.error().code != errc::fenced || session_.empty()) {
    return !answer && answer.error().code == errc::timeout && answer.error().message.empty() ? no_answer(verb, deadline)
                                                                                             : std::move(answer);
  }
  // The server has begun anew: it was not done there. Nor before, unless it was under way when the connection was cut.
  if (is_repeated_) {
    return retryable_error(errc::timeout, "the connection was cut while '" + verb + "' was under way, and " +
                                              connection_->address +
                                              " has been started again since: whether it was done is not known; look, "
                                              "and ask again if it was not");
  }
  if (auto begun = begin_session(until); !begun) return std::move(begun).error();
  return exchange(verb, args, until);
}

/// One request and its answer. When the connection is made anew meanwhile, the same bytes go out again: the server does
/// nothing twice. Error: `timeout` without a message when nothing came.
result<json> control_client::exchange(const std::string& verb, const json& args, clock::time_point until) {
  const auto id = ++last_id_;
  const auto left =
      std::clamp(std::chrono::ceil<milliseconds>(until - clock::now()), milliseconds{1}, control_deadline_max);
  encode_request({.id = id, .verb = verb, .args = args, .deadline = left, .session = session_}, outgoing_);
  if (outgoing_.size() > control_message_bytes_max) {
    return user_error(errc::limit_exceeded, "request '" + verb + "' has " + std::to_string(outgoing_.size()) +
                                                " bytes, a message may have " +
                                                std::to_string(control_message_bytes_max));
  }
  is_repeated_ = false;
  (void)was_connected();
  // What is sent while there is no connection waits in ZeroMQ for the next one.
  bool is_waiting = !is_up_;
  for (bool is_sent = false;;) {
    if (!is_sent && !send(until)) {
      return retryable_error(errc::unavailable, connection_->address + " takes no requests (" +
                                                    zmq_strerror(zmq_errno()) + "): the process may be gone");
    }
    is_sent = true;
    auto received = receive(until);
    if (!received) {
      return received.error().code == errc::timeout ? error{errc::timeout, error_class::retryable, ""}
                                                    : std::move(received).error();
    }
    if (std::holds_alternative<reconnected>(*received)) {
      is_sent = std::exchange(is_waiting, false);
      is_repeated_ = is_repeated_ || !is_sent;
      continue;
    }
    auto& message = std::get<control_message>(*received);
    if (auto* const answer = std::get_if<control_answer>(&message); answer != nullptr && answer->id == id) {
      return std::move(answer->outcome);
    }
    if (auto* const event = std::get_if<control_event>(&message)) {
      keep(std::move(*event));
    }
  }
}

}  // namespace millrace::transport
