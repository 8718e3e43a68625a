#include "millrace/testing/topology_harness.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "millrace/validation.hpp"
#include "testing/substitutes.hpp"

namespace millrace::testing {

namespace {

constexpr std::chrono::milliseconds default_interval{10};
constexpr int snapshots_wanted = 12;

std::string actor_of(const std::string& port) {
  return port.substr(0, port.find('.'));
}
std::string port_of(const std::string& port) {
  const auto dot = port.find('.');
  return dot == std::string::npos ? std::string{} : port.substr(dot + 1);
}

/// The pause between polls with which the longest partition takes about `whole`.
std::chrono::nanoseconds spread_over(std::chrono::nanoseconds whole, const script& s) {
  std::uint32_t longest = 0;
  for (const auto& p : s.partitions) longest = std::max(longest, p->size());
  return whole / std::max<std::int64_t>(longest / (records_per_poll / 2), 1);
}

/// The actor as the topology sets it up; nullptr when its type is not in this program.
std::unique_ptr<actor> probe_of(const actor_spec& spec) {
  const auto* entry = actor_registry::instance().find(spec.type);
  if (entry == nullptr) return nullptr;
  auto made = entry->make();
  for (auto* p : engine::actor_access::params(*made)) {
    // What does not fit is said by validation, where the actor stays; here nothing depends on it.
    if (const auto at = spec.params.find(p->name()); at != spec.params.end()) (void)p->set(at->second);
  }
  return made;
}

std::set<std::string> ports_from(const topology& t, const std::string& actor_name) {
  std::set<std::string> out;
  for (const auto& s : t.streams) {
    if (s.from_actor == actor_name && s.from_port != "dead") out.insert(s.from_port);
  }
  return out;
}

std::vector<input_shape> shapes_of(const topology& t, const actor_spec& spec, actor* probe) {
  std::vector<input_shape> out;
  if (probe == nullptr) {
    std::set<std::string> names;
    for (const auto& s : t.streams) {
      if (s.to_actor == spec.name) names.insert(s.to_port);
    }
    for (const auto& n : names) out.push_back({.name = n, .what = input_base::accepts::any});
    return out;
  }
  for (const auto* in : engine::actor_access::inputs(*probe)) {
    const auto what = in->what() == input_base::accepts::typed ? in->what() : input_base::accepts::any;
    out.push_back({in->name(), what, in->type(), in->key(), in->key_fields()});
  }
  return out;
}

}  // namespace

struct topology_harness::parts {
  explicit parts(topology t) : spec{std::move(t)} {}

  void build();
  void replace_producer(actor_spec& a, const script& s);
  void replace_sink(topology& t, actor_spec& a);
  void add_collector(topology& t, const std::string& port);
  void make_collector(actor_spec& a, std::vector<input_shape> shapes);
  actor_spec& find(topology& t, const std::string& name);
  std::shared_ptr<script> script_for(const std::string& port, record_type_ptr type, std::vector<batch_ptr> partitions,
                                     feed_options o);

  topology spec;
  std::map<std::string, std::shared_ptr<script>> scripts;
  std::set<std::string> kept;
  std::set<std::string> also_collected;
  std::map<std::string, comparison> comparisons;
  std::chrono::milliseconds interval = default_interval;

  std::vector<std::unique_ptr<borrowed_type>> types;
  std::set<std::string> collecting;  // names of sinks
  std::map<std::string, equality> equal;
  std::shared_ptr<const engine::plan> plan;
  collection* disk = nullptr;  // of the run at hand
};

actor_spec& topology_harness::parts::find(topology& t, const std::string& name) {
  const auto at = std::ranges::find(t.actors, name, &actor_spec::name);
  if (at == t.actors.end()) throw std::invalid_argument("topology '" + t.name + "' has no actor '" + name + "'");
  return *at;
}

std::shared_ptr<script> topology_harness::parts::script_for(const std::string& port, record_type_ptr type,
                                                            std::vector<batch_ptr> partitions, feed_options o) {
  auto s = std::make_shared<script>();
  const auto& a = find(spec, actor_of(port));
  const auto probe = probe_of(a);
  const auto used = ports_from(spec, a.name);
  s->port = port_of(port);
  if (s->port.empty()) s->port = used.size() == 1 ? *used.begin() : "out";
  if (o.disorder) {
    s->disorder = *o.disorder;
  } else if (const auto* p = dynamic_cast<const producer*>(probe.get()); p != nullptr) {
    s->disorder = p->disorder();
  }
  for (const auto& other : used) {
    if (other != s->port) s->other_ports[other] = type;
  }
  if (probe != nullptr) {
    for (const auto* out : engine::actor_access::outputs(*probe)) {
      if (out->type() != nullptr && s->other_ports.contains(out->name())) s->other_ports[out->name()] = out->type();
    }
  }
  s->type = std::move(type);
  s->partitions = std::move(partitions);
  s->pause = o.pause.value_or(spread_over(snapshots_wanted * interval, *s));
  return s;
}

void topology_harness::parts::replace_producer(actor_spec& a, const script& s) {
  types.push_back(std::make_unique<borrowed_type>([shared = scripts.at(a.name)] { return make_scripted(shared); }));
  a.type = types.back()->id();
  a.params.clear();
  a.parallelism = static_cast<std::uint32_t>(s.partitions.size());
}

void topology_harness::parts::make_collector(actor_spec& a, std::vector<input_shape> shapes) {
  types.push_back(std::make_unique<borrowed_type>([this, shapes = std::move(shapes)] {
    return make_collecting(shapes, [this]() -> collection& { return *disk; });
  }));
  a.type = types.back()->id();
  a.params.clear();
  collecting.insert(a.name);
}

void topology_harness::parts::replace_sink(topology& t, actor_spec& a) {
  const auto probe = probe_of(a);
  const bool is_end = std::ranges::none_of(t.streams, [&](const auto& s) { return s.from_actor == a.name; });
  if (probe == nullptr ? is_end : probe->kind() == actor_kind::sink) make_collector(a, shapes_of(t, a, probe.get()));
}

void topology_harness::parts::add_collector(topology& t, const std::string& port) {
  auto name = port;
  std::ranges::replace(name, '.', '_');
  make_collector(t.add(name, {}), {{.name = "in", .what = input_base::accepts::any}});
  t.connect(port, name);
}

void topology_harness::parts::build() {
  if (plan != nullptr) return;
  provide_routers();
  types.clear();
  collecting.clear();
  auto t = spec;
  t.settings.snapshot_interval = interval;
  for (auto& a : t.actors) {
    if (const auto fed = scripts.find(a.name); fed != scripts.end()) {
      replace_producer(a, *fed->second);
    } else if (!kept.contains(a.name)) {
      replace_sink(t, a);
    }
  }
  for (const auto& port : also_collected) add_collector(t, port);
  const auto checked = validate(t);
  if (!checked.ok()) {
    std::string text = "the topology is not valid";
    for (const auto& p : checked.problems) text += "\n  " + to_string(p);
    throw std::invalid_argument(text);
  }
  equal.clear();
  for (const auto& g : checked.guarantees) equal[g.sink] = g.compares;
  plan = checked.plan;
}

topology_harness::topology_harness(topology t) : parts_{std::make_unique<parts>(std::move(t))} {}
topology_harness::topology_harness(topology_harness&&) noexcept = default;
topology_harness& topology_harness::operator=(topology_harness&&) noexcept = default;
topology_harness::~topology_harness() = default;

topology_harness& topology_harness::feed(const std::string& port, record_type_ptr type,
                                         std::vector<batch_ptr> partitions, feed_options o) {
  parts_->scripts[actor_of(port)] = parts_->script_for(port, std::move(type), std::move(partitions), o);
  parts_->plan = nullptr;
  return *this;
}

topology_harness& topology_harness::keep(const std::string& sink) {
  parts_->kept.insert(parts_->find(parts_->spec, sink).name);
  parts_->plan = nullptr;
  return *this;
}

topology_harness& topology_harness::collect(const std::string& port) {
  (void)parts_->find(parts_->spec, actor_of(port));
  parts_->also_collected.insert(port_of(port).empty() ? port + ".out" : port);
  parts_->plan = nullptr;
  return *this;
}

topology_harness& topology_harness::compare(const std::string& sink, comparison as) {
  parts_->comparisons[sink] = std::move(as);
  return *this;
}

topology_harness& topology_harness::snapshot_every(std::chrono::milliseconds interval) {
  parts_->interval = interval;
  parts_->plan = nullptr;
  return *this;
}

std::size_t topology_harness::parallelism_of(const std::string& port) const {
  return std::max(parts_->find(parts_->spec, actor_of(port)).parallelism, 1U);
}

const engine::plan& topology_harness::plan() const {
  parts_->build();
  return *parts_->plan;
}

run_result topology_harness::run(const run_options& o) const {
  parts_->build();
  collection disk;
  parts_->disk = &disk;
  simulation sim{parts_->plan,
                 {.seed = o.seed,
                  .batches = o.batches,
                  .batch_events = o.batch_events,
                  .credit = o.credit,
                  .on_frame = o.on_frame,
                  .protect = o.protect}};
  faulty_run driver{sim, o.faults};
  run_result out;
  const bool over = driver.run(o.steps_max);
  out.finished = over && sim.now_is() == simulation::phase::finished;
  out.message = over ? sim.message() : driver.message();
  out.dead_letters = sim.dead_letters();
  out.hits = driver.hits();
  out.trace = sim.trace();
  out.steps = sim.steps();
  out.snapshots = sim.snapshots();
  out.crashes = driver.crashes();
  out.restarts = driver.restarts();
  out.log = sim.log();
  for (const auto& name : parts_->collecting) out.sinks[name] = disk.of(name);
  return out;
}

std::string topology_harness::difference(const run_result& expected, const run_result& got) const {
  if (!got.finished) return "the run does not finish: " + got.message;
  for (const auto& [name, records] : expected.sinks) {
    comparison as;
    if (const auto own = parts_->comparisons.find(name); own != parts_->comparisons.end()) {
      as = own->second;
    } else if (const auto at = parts_->equal.find(name); at != parts_->equal.end()) {
      as.how = at->second;
    }
    const auto found = got.sinks.find(name);
    static const collected nothing;
    auto wrong = testing::difference(records, found == got.sinks.end() ? nothing : found->second, as);
    if (!wrong.empty()) return "sink '" + name + "': " + wrong;
  }
  return {};
}

}  // namespace millrace::testing
