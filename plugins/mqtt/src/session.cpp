#include "session.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "millrace/without_sigpipe.hpp"

namespace millrace::mqtt {

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr int keepalive_s = 60;
constexpr auto answer_time_max = 10s;
constexpr int session_present = 1;
constexpr int subscription_failed = 0x80;

session& of(void* self) {
  return *static_cast<session*>(self);
}

bool is_among(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

}  // namespace

void session::on_connect(mosquitto*, void* self, int code, int flags) {
  of(self).answer_ = code;
  of(self).was_kept_ = (flags & session_present) != 0;
}

void session::on_subscribe(mosquitto*, void* self, int, int count, const int* granted) {
  of(self).granted_.insert(of(self).granted_.end(), granted, granted + count);
}

/// The only place where the library tells that a message is sent again. Should it ever say so in other words, messages
/// count as new.
void session::on_log(mosquitto*, void* self, int level, const char* text) {
  if (level == MOSQ_LOG_ERR) of(self).last_error_ = text;
  if (const std::string_view line{text}; line.find(" received PUBLISH (d") != std::string_view::npos)
    of(self).comes_again_ = line.find(" received PUBLISH (d1,") != std::string_view::npos;
}

void session::on_message(mosquitto*, void* self, const mosquitto_message* m) {
  auto& s = of(self);
  const auto bytes = static_cast<std::size_t>(m->payloadlen);
  std::string payload;
  if (bytes != 0) payload.assign(static_cast<const char*>(m->payload), bytes);
  const auto number = m->qos == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(m->mid);
  s.inbox_.push_back({m->topic, std::move(payload), number, s.comes_again_});
  s.inbox_bytes_ += bytes;
}

error session::lost(int code) {
  auto why = text_of(code);  // before the system's word is another one
  if (!last_error_.empty()) why += ": " + std::exchange(last_error_, {});
  close();
  return away(at_, why);
}

result<void> session::open() {
  if (is_open()) return {};
  inbox_.clear();
  inbox_bytes_ = 0;
  answer_.reset();
  asked_for_.clear();
  granted_.clear();
  auto done = connect();
  if (!done) close();
  return done;
}

result<void> session::connect() {
  auto made = make_client(at_, id_, true, this);
  if (!made) return std::move(made).error();
  client_ = std::move(made).value();
  mosquitto_connect_with_flags_callback_set(client_.get(), on_connect);
  mosquitto_subscribe_callback_set(client_.get(), on_subscribe);
  mosquitto_log_callback_set(client_.get(), on_log);
  mosquitto_message_callback_set(client_.get(), on_message);
  const without_sigpipe guard;
  if (const int rc = mosquitto_connect(client_.get(), at_.host.c_str(), at_.port, keepalive_s); rc != MOSQ_ERR_SUCCESS)
    return lost(rc);
  if (auto ok = write_all(); !ok) return ok;
  if (auto ok = wait_for_answer(); !ok) return ok;
  if (*answer_ != 0) return refused(at_, *answer_);
  return subscribe();
}

/// One that was kept knows what it was subscribed to, and asking again would bring what is retained once more.
result<void> session::subscribe() {
  if (!was_kept_) subscribed_.clear();
  const auto has_gone = [&](const std::string& f) { return !is_among(filters_, f); };
  for (const auto& f : subscribed_) {
    if (has_gone(f)) (void)mosquitto_unsubscribe(client_.get(), nullptr, f.c_str());
  }
  std::erase_if(subscribed_, has_gone);
  for (const auto& f : filters_) {
    if (is_among(subscribed_, f)) continue;
    if (const int rc = mosquitto_subscribe(client_.get(), nullptr, f.c_str(), qos_); rc != MOSQ_ERR_SUCCESS)
      return lost(rc);
    asked_for_.push_back(f);
  }
  // Messages that came with the answer wait to be acknowledged, and this leaves with that.
  return inbox_.empty() ? write_all() : result<void>{};
}

result<void> session::check_grants() {
  for (const int granted : std::exchange(granted_, {})) {
    if (asked_for_.empty()) break;
    const auto f = asked_for_.front();
    asked_for_.erase(asked_for_.begin());
    if (granted >= qos_ && granted < subscription_failed) {
      subscribed_.push_back(f);
      continue;
    }
    close();
    return fatal_error(errc::failed, "the MQTT server " + at_.name() + " does not grant the subscription to '" + f +
                                         "'" + (granted < qos_ ? " with acknowledgements (QoS 1)" : ""));
  }
  return {};
}

result<void> session::wait_for_answer() {
  const auto end = steady::now() + answer_time_max;
  while (!answer_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - steady::now());
    if (left <= 0ms) {
      close();
      return away(at_, "no answer to CONNECT");
    }
    // While TLS begins it is all written later.
    const bool for_writing = mosquitto_want_write(client_.get()) && inbox_.empty();
    if (!wait_for(*client_, left, for_writing)) continue;
    if (for_writing) {
      if (auto ok = write_all(); !ok) return ok;
    }
    const int rc = mosquitto_loop_read(client_.get(), 1);
    // A refusal comes with the end of the connection.
    if (rc != MOSQ_ERR_SUCCESS && !answer_) return lost(rc);
  }
  return {};
}

result<void> session::write_all() {
  const int rc = mosquitto_loop_write(client_.get(), 1);
  return rc == MOSQ_ERR_SUCCESS ? result<void>{} : result<void>{lost(rc)};
}

result<std::vector<message>> session::receive(std::size_t max, std::size_t bytes_max) {
  const without_sigpipe guard;
  while (inbox_.size() < max && inbox_bytes_ < bytes_max && wait_for(*client_, 0ms, false)) {
    const int rc = mosquitto_loop_read(client_.get(), 1);
    if (rc == MOSQ_ERR_SUCCESS) continue;
    auto why = lost(rc);
    if (inbox_.empty()) return why;
    break;
  }
  if (auto ok = check_grants(); !ok) return ok.error();
  inbox_bytes_ = 0;
  return std::exchange(inbox_, {});
}

void session::acknowledge() {
  if (!is_open()) return;
  const without_sigpipe guard;
  // Asks the server for a sign of life now and then.
  if (const int rc = mosquitto_loop_misc(client_.get()); rc != MOSQ_ERR_SUCCESS) return close();
  // Not ready: the next call writes on.
  if (mosquitto_want_write(client_.get()) && mosquitto_loop_write(client_.get(), 1) != MOSQ_ERR_SUCCESS) close();
}

}  // namespace millrace::mqtt
