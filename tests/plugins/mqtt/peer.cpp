#include "peer.hpp"

#include <utility>

namespace mqtt_tests {

namespace {

constexpr int keepalive_s = 60;

}  // namespace

peer::peer(const broker& at, const std::string& id) : at_{&at} {
  mosquitto_lib_init();
  m_ = mosquitto_new(id.c_str(), false, this);
  mosquitto_connect_callback_set(
      m_, [](mosquitto*, void* self, int code) { static_cast<peer*>(self)->is_connected_ = code == 0; });
  mosquitto_publish_callback_set(
      m_, [](mosquitto*, void* self, int number) { static_cast<peer*>(self)->acknowledged_.insert(number); });
  mosquitto_subscribe_callback_set(
      m_, [](mosquitto*, void* self, int, int, const int*) { static_cast<peer*>(self)->is_subscribed_ = true; });
  mosquitto_message_callback_set(m_, [](mosquitto*, void* self, const mosquitto_message* m) {
    std::string payload(static_cast<const char*>(m->payload), static_cast<std::size_t>(m->payloadlen));
    static_cast<peer*>(self)->seen_.push_back({m->topic, std::move(payload), m->retain});
  });
  connect();
}

peer::~peer() {
  mosquitto_destroy(m_);
}

void peer::connect() {
  is_connected_ = false;
  wait_until("no connection to the server", [&] {
    if (mosquitto_socket(m_) < 0) (void)mosquitto_connect(m_, "127.0.0.1", at_->port(), keepalive_s);
    (void)mosquitto_loop(m_, 20, 1);
    return is_connected_;
  });
}

void peer::turn(int limit_ms) {
  if (mosquitto_loop(m_, limit_ms, 1) != MOSQ_ERR_SUCCESS) connect();
}

void peer::publish(const std::string& topic, const std::string& payload, bool retain) {
  int number = 0;
  wait_until("the server does not take a message", [&] {
    if (mosquitto_publish(m_, &number, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 1, retain) ==
        MOSQ_ERR_SUCCESS)
      return true;
    connect();
    return false;
  });
  // The library publishes it again over the next connection.
  wait_until("a message is not acknowledged", [&] {
    turn(20);
    return acknowledged_.erase(number) != 0;
  });
}

void peer::subscribe(const std::string& filter) {
  is_subscribed_ = false;
  (void)mosquitto_subscribe(m_, nullptr, filter.c_str(), 1);
  wait_until("no answer to a subscription", [&] {
    turn(20);
    return is_subscribed_;
  });
}

std::vector<seen_message> peer::take() {
  turn(0);
  return std::exchange(seen_, {});
}

}  // namespace mqtt_tests
