#include "millrace/actor.hpp"

#include <algorithm>
#include <stdexcept>

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

late_outputs::late_outputs(actor* owner, const std::string& name) {
  const auto& inputs = engine::actor_access::inputs(*owner);
  if (inputs.empty()) throw std::logic_error("'" + name + "' stands before the actor's input: declare the input first");
  const auto is_taken = [&](const std::string& n) {
    return std::ranges::any_of(engine::actor_access::outputs(*owner), [&](const auto* o) { return o->name() == n; });
  };
  for (const auto* input : inputs) {
    const auto plain = inputs.size() == 1 ? std::string{"late"} : "late_" + input->name();
    outputs_.push_back(std::make_unique<late_output>(owner, *input, is_taken(plain) ? name + "_" + plain : plain));
  }
}

void output_base::throw_closed() const {
  throw std::logic_error("something was emitted on '" + name_ +
                         "' while the key is salted: handlers of events may then only add to windows and running "
                         "totals, and what is emitted comes from the handlers of results");
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
