#include "publisher.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "millrace/without_sigpipe.hpp"

namespace millrace::mqtt {

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr int keepalive_s = 60;
constexpr auto look_every = 100ms;
constexpr std::size_t payload_bytes_max = 268'435'455;

publisher& of(void* self) {
  return *static_cast<publisher*>(self);
}

}  // namespace

void publisher::on_connect(mosquitto*, void* self, int code) {
  of(self).answer_ = code;
}

void publisher::on_publish(mosquitto*, void* self, int number) {
  auto& p = of(self);
  p.early_.insert(number);
  while (!p.unacknowledged_.empty() && p.early_.erase(p.unacknowledged_.front().number) != 0) {
    p.unacknowledged_.pop_front();
  }
}

void publisher::on_log(mosquitto*, void* self, int level, const char* text) {
  if (level == MOSQ_LOG_ERR) of(self).last_error_ = text;
}

void publisher::close() noexcept {
  client_.reset();
  unacknowledged_.clear();
  early_.clear();
}

error publisher::lost(int code) {
  auto why = text_of(code);  // before the system's word is another one
  if (!last_error_.empty()) why += ": " + std::exchange(last_error_, {});
  client_.reset();
  return away(at_, why);
}

result<void> publisher::publish(context& c, std::string topic, std::string payload, bool retain) {
  if (payload.size() > payload_bytes_max) {
    return fatal_error(errc::limit_exceeded, "a message of " + std::to_string(payload.size()) + " bytes for '" + topic +
                                                 "': MQTT carries " + std::to_string(payload_bytes_max));
  }
  // Before the message is taken: when this fails it is still the caller's.
  if (auto ok = wait_until(c, in_flight_max_ - 1); !ok) return ok;
  unacknowledged_.push_back({std::move(topic), std::move(payload), retain});
  // What goes wrong here the next call finds and mends.
  if (client_ && send_waiting()) (void)turn(0ms);
  return {};
}

result<void> publisher::finish(context& c) {
  return wait_until(c, 0);
}

result<void> publisher::wait_until(context& c, std::size_t left_max) {
  std::optional<steady::time_point> away_since;
  auto done = unacknowledged_.size();
  auto progress = steady::now();
  for (bool first = true;; first = false) {
    auto ok = open();
    if (ok) ok = send_waiting();
    // Even when nothing has to be waited for: acknowledgements, and the signs of life both sides ask for.
    if (ok) ok = turn(first || unacknowledged_.size() <= left_max ? 0ms : look_every);
    if (ok && unacknowledged_.size() <= left_max) return {};
    const auto now = steady::now();
    if (std::exchange(done, unacknowledged_.size()) != unacknowledged_.size()) progress = now;
    if (ok && now - progress >= retry_) {
      return fatal_error(errc::timeout, "the MQTT server " + at_.name() + " acknowledged nothing for " +
                                            std::to_string(retry_.count()) + " s ('retry')");
    }
    if (ok) {
      if (answer_) away_since.reset();
      continue;
    }
    if (ok.error().kind != error_class::retryable) return ok;
    if (!away_since) {
      away_since = now;
      c.log(log_level::warning, ok.error().message + "; trying again");
    }
    if (now - *away_since >= retry_) {
      return fatal_error(ok.error().code,
                         ok.error().message + "; given up after " + std::to_string(retry_.count()) + " s ('retry')");
    }
    std::this_thread::sleep_for(backoff_.next());
  }
}

result<void> publisher::open() {
  if (client_) return {};
  answer_.reset();
  early_.clear();
  for (auto& m : unacknowledged_) m.number = 0;
  auto made = make_client(at_, id_, false, this);
  if (!made) return std::move(made).error();
  client_ = std::move(made).value();
  mosquitto_connect_callback_set(client_.get(), on_connect);
  mosquitto_publish_callback_set(client_.get(), on_publish);
  mosquitto_log_callback_set(client_.get(), on_log);
  // We count ourselves.
  (void)mosquitto_max_inflight_messages_set(client_.get(), 0);
  const without_sigpipe guard;
  if (const int rc = mosquitto_connect(client_.get(), at_.host.c_str(), at_.port, keepalive_s); rc != MOSQ_ERR_SUCCESS)
    return lost(rc);
  return {};
}

result<void> publisher::send_waiting() {
  if (!answer_) return {};
  const auto waiting = std::ranges::find(unacknowledged_, 0, &message::number);
  for (auto m = waiting; m != unacknowledged_.end(); ++m) {
    const int rc = mosquitto_publish(client_.get(), &m->number, m->topic.c_str(), static_cast<int>(m->payload.size()),
                                     m->payload.data(), 1, m->retain);
    if (rc == MOSQ_ERR_SUCCESS) continue;
    m->number = 0;
    return lost(rc);
  }
  return {};
}

result<void> publisher::turn(std::chrono::milliseconds limit) {
  const without_sigpipe guard;
  auto& m = *client_;
  if (int rc = mosquitto_loop_misc(&m); rc != MOSQ_ERR_SUCCESS) return lost(rc);
  const bool for_writing = mosquitto_want_write(&m);
  if (!wait_for(m, limit, for_writing)) return {};
  if (for_writing) {
    if (const int rc = mosquitto_loop_write(&m, 1); rc != MOSQ_ERR_SUCCESS) return lost(rc);
  }
  while (wait_for(m, 0ms, false)) {
    const int rc = mosquitto_loop_read(&m, 1);
    if (answer_ && *answer_ != 0) {
      client_.reset();
      return refused(at_, *answer_);
    }
    if (rc != MOSQ_ERR_SUCCESS) return lost(rc);
  }
  if (answer_) backoff_.reset();
  return {};
}

}  // namespace millrace::mqtt
