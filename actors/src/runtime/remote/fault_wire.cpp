#include "runtime/remote/fault_wire.hpp"

#include <chrono>

namespace millrace::runtime::remote {

using chaos::fault_order;

fault_message to_wire(const fault_order& o) {
  fault_message out;
  out.act = static_cast<std::uint8_t>(o.what);
  out.id = o.id;
  if (o.what != fault_order::act::inject) return out;
  const auto& r = o.request;
  out.name = chaos::entry_of(r.kind).name;
  out.target = r.target;
  for (const auto& [name, value] : r.parameters) out.parameters.push_back({name, value});
  out.duration_ns = r.duration.count();
  out.lease_ns = r.lease.count();
  out.seed = r.seed;
  out.probability = r.probability;
  out.after_events = r.after_events;
  out.hits_max = r.hits_max.value_or(0);
  out.indexes = o.indexes;
  return out;
}

result<fault_order> from_wire(const fault_message& m) {
  if (m.act > static_cast<std::uint8_t>(fault_order::act::clear)) {
    return fatal_error(errc::parse_error, "an order about faults that is not known here");
  }
  fault_order out;
  out.what = static_cast<fault_order::act>(m.act);
  out.id = m.id;
  if (out.what != fault_order::act::inject) return out;
  const auto kind = chaos::fault_kind_of(m.name);
  if (!kind) return kind.error();
  auto& r = out.request;
  r.kind = *kind;
  r.target = m.target;
  for (const auto& p : m.parameters) r.parameters[p.name] = p.value;
  r.duration = std::chrono::nanoseconds{m.duration_ns};
  r.lease = std::chrono::nanoseconds{m.lease_ns};
  r.seed = m.seed;
  r.probability = m.probability;
  r.after_events = m.after_events;
  r.hits_max = m.hits_max;
  out.indexes = m.indexes;
  return out;
}

}  // namespace millrace::runtime::remote
