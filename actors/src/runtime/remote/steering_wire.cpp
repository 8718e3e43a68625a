#include "runtime/remote/steering_wire.hpp"

#include <set>
#include <utility>
#include <variant>

#include "runtime/remote/exchange.hpp"

namespace millrace::runtime::remote {

namespace {

setting to_wire(const changed_parameter& c) {
  setting out{c.actor, c.param, c.from, static_cast<std::uint32_t>(c.value.index()), 0, 0, {}};
  if (const auto* flag = std::get_if<bool>(&c.value)) out.integer = *flag ? 1 : 0;
  if (const auto* integer = std::get_if<std::int64_t>(&c.value)) out.integer = *integer;
  if (const auto* number = std::get_if<double>(&c.value)) out.number = *number;
  if (const auto* text = std::get_if<std::string>(&c.value)) out.text = *text;
  return out;
}

param_value value_of(const setting& s) {
  switch (s.type) {
    case 0:
      return s.integer != 0;
    case 1:
      return s.integer;
    case 2:
      return s.number;
    default:
      return s.text;
  }
}

}  // namespace

bool tell_steering(run_shared& shared, const std::string& node) {
  steer_request out;
  out.is_paused = shared.steering.paused_since().ns != 0;
  for (const auto& actor : shared.steering.muted()) out.muted.push_back(actor);
  for (const auto& c : shared.steering.given()) out.settings.push_back(to_wire(c));
  return shared.options.where.nodes->send(node, to_bytes(shared.instance, {}, out).view()).has_value();
}

result<void> adopt(run_steering& steering, const steer_request& m) {
  std::vector<changed_parameter> changed;
  for (const auto& s : m.settings) changed.push_back({s.actor, s.param, value_of(s), s.from});
  return steering.adopt(m.is_paused, {m.muted.begin(), m.muted.end()}, std::move(changed));
}

}  // namespace millrace::runtime::remote
