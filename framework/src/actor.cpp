#include "millrace/actor.hpp"

#include "millrace/dead_letter.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/sink.hpp"

namespace millrace {

actor::actor() : dead_{std::make_unique<out<dead_letter>>(this, "dead")} {}

actor::~actor() = default;

out<dead_letter>& engine::actor_access::dead(actor& a) noexcept {
  return static_cast<out<dead_letter>&>(*a.dead_);
}

const char* to_string(actor_kind k) noexcept {
  switch (k) {
    case actor_kind::producer:
      return "producer";
    case actor_kind::router:
      return "router";
    case actor_kind::processor:
      return "processor";
    case actor_kind::sink:
      return "sink";
  }
  return "actor";
}

const char* to_string(replay r) noexcept {
  switch (r) {
    case replay::replayable:
      return "replayable";
    case replay::logged:
      return "logged";
    case replay::live:
      return "live";
  }
  return "unknown";
}

const char* to_string(delivery d) noexcept {
  switch (d) {
    case delivery::transactional:
      return "transactional";
    case delivery::idempotent:
      return "idempotent";
    case delivery::at_least_once:
      return "at least once";
  }
  return "unknown";
}

}  // namespace millrace
