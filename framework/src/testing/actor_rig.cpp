#include "millrace/testing/actor_rig.hpp"

#include <algorithm>
#include <deque>

#include "millrace/engine/assembly.hpp"
#include "millrace/testing/memory_store.hpp"
#include "millrace/validation.hpp"
#include "testing/seeded_scheduler.hpp"
#include "testing/substitutes.hpp"

namespace millrace::testing {

namespace {

// The harness takes what comes out at once, so credit is never the bound.
constexpr engine::credit_window unlimited{1U << 30, std::uint64_t{1} << 60};
constexpr const char* under_test = "actor";

struct wire {
  std::deque<engine::frame> frames;
};

class wire_sender final : public engine::channel_sender {
public:
  explicit wire_sender(std::shared_ptr<wire> w) : wire_{std::move(w)} {}
  std::uint64_t send(engine::frame&& f) override {
    f.bytes = f.body ? f.body->bytes() : 0;
    const auto bytes = f.bytes;
    wire_->frames.push_back(std::move(f));
    return bytes;
  }
  bool take_credit(engine::credit&) override { return false; }

private:
  std::shared_ptr<wire> wire_;
};

class wire_receiver final : public engine::channel_receiver {
public:
  explicit wire_receiver(std::shared_ptr<wire> w) : wire_{std::move(w)} {}
  engine::receive_status receive(engine::frame& out) override {
    if (wire_->frames.empty()) return engine::receive_status::empty;
    out = std::move(wire_->frames.front());
    wire_->frames.pop_front();
    return engine::receive_status::received;
  }
  void give_credit(engine::credit) override {}
  [[nodiscard]] std::string failure() const override { return {}; }

private:
  std::shared_ptr<wire> wire_;
};

class wire_factory final : public engine::channel_factory {
public:
  explicit wire_factory(std::vector<std::shared_ptr<wire>>& wires) : wires_{wires} {}
  result<ends> make(const engine::plan_channel& c, generation) override {
    auto w = wires_[c.id.value] = std::make_shared<wire>();
    return ends{std::make_unique<wire_sender>(w), std::make_unique<wire_receiver>(w)};
  }

private:
  std::vector<std::shared_ptr<wire>>& wires_;
};

/// What the task asks of its host: everything is answered at once.
struct rig_host final : engine::task_host {
  void wake_at(std::int64_t steady_ns) override { alarm = alarm ? std::min(*alarm, steady_ns) : steady_ns; }
  engine::epoch_target target_of(epoch_id epoch) override { return {epoch, 0, true, false}; }
  void snapshot_taken(engine::task_snapshot&& part) override { taken = std::move(part); }
  void snapshot_failed(epoch_id, const error& why) override { refusal = why.message; }
  void ended() override {}
  void log(log_level, std::string message) override { lines.push_back(std::move(message)); }

  std::optional<std::int64_t> alarm;
  std::optional<engine::task_snapshot> taken;
  std::string refusal;
  std::vector<std::string> lines;
};

bool is_late(const batch& records, std::uint32_t row, std::uint32_t field, event_time watermark) {
  byte_buffer scratch;
  const auto at = records.type().value_at(records, row, field, scratch);
  return at.kind() == value_kind::event_time && at.as_time() <= watermark;
}

/// As a producer's task marks what comes behind its own watermark.
batch_ptr with_late_marks(const batch_ptr& records, event_time watermark) {
  const auto field = records->type().schema().event_time_field;
  if (!field || watermark == event_time::min()) return records;
  std::vector<late_mark> late;
  for (std::uint32_t i = 0; i < records->size(); ++i) {
    if (is_late(*records, i, static_cast<std::uint32_t>(*field), watermark)) late.push_back({i, watermark});
  }
  if (late.empty()) return records;
  const auto copy = records->type().make_builder(records->size());
  for (std::uint32_t i = 0; i < records->size(); ++i) copy->append_from(*records, i);
  auto fresh = copy->finish();
  batch_builder::mark_late(fresh, std::move(late));
  return fresh;
}

value value_of(const field_content& c) {
  return std::visit(
      [](const auto& v) -> value {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::nullptr_t>) return {};
        if constexpr (std::is_same_v<T, std::string>) return value::of(std::string_view{v});
        if constexpr (!std::is_same_v<T, std::nullptr_t> && !std::is_same_v<T, std::string>) return value::of(v);
      },
      c);
}

}  // namespace

struct actor_snapshot::content {
  epoch_id epoch;
  byte_buffer meta;
  std::vector<std::pair<std::uint32_t, byte_buffer>> pages;
  std::map<std::string, std::pair<sequence, event_time>> inputs;  ///< where the harness' ends stood

  [[nodiscard]] engine::task::restored view() const {
    engine::task::restored out{.epoch = epoch, .meta = meta.view()};
    for (std::size_t i = 0; i < pages.size(); ++i) out.pieces.push_back({i, 1});
    out.read = [this](const engine::page_piece& piece, const auto& visit) {
      const auto& [number, page] = pages.at(piece.where);
      return visit(number, page.view());
    };
    return out;
  }
};

std::size_t actor_snapshot::bytes() const noexcept {
  std::size_t sum = content_->meta.size();
  for (const auto& [number, page] : content_->pages) sum += page.size();
  return sum;
}

struct actor_rig::parts {
  struct input {
    const engine::plan_channel* channel = nullptr;
    sequence next{};
    event_time watermark = event_time::min();
  };

  parts(factory m, actor_options o) : make{std::move(m)}, options{std::move(o)} {}

  void plan_topology();
  void add_inputs(topology& t, actor& probe);
  void add_outputs(topology& t, actor& probe);
  void start(const actor_snapshot::content* from);
  void settle();
  void drain();
  void send(input& to, engine::frame f);
  engine::frame frame_for(const input& to, engine::frame_kind kind) const;
  input& input_named(const std::string& port);
  std::string output_named(const std::string& port) const;
  void expect_alive() const;

  factory make;
  actor_options options;
  std::vector<std::unique_ptr<borrowed_type>> types;
  collection unused;  // of the sinks that stand for the downstream and never run
  std::shared_ptr<const engine::plan> plan;
  std::uint32_t actor_index = 0;

  memory_event_log event_log;
  virtual_clock clock;
  rig_host host;
  std::vector<std::shared_ptr<wire>> wires;
  std::map<std::string, input> inputs;  // by port
  std::unique_ptr<engine::task> task;
  generation incarnation{};
  epoch_id epoch{};
  std::map<std::string, collected> outputs;  // by port
  event_time output_watermark = event_time::min();
  bool ended = false;
};

void actor_rig::parts::add_inputs(topology& t, actor& probe) {
  for (const auto* in : engine::actor_access::inputs(probe)) {
    auto s = std::make_shared<script>();
    const auto given = options.inputs.find(in->name());
    s->type = given != options.inputs.end() ? given->second : in->type();
    if (s->type == nullptr) {
      throw std::invalid_argument("input '" + in->name() +
                                  "' takes any record: name the type of what is pushed in actor_options::inputs");
    }
    types.push_back(std::make_unique<borrowed_type>([s] { return make_scripted(s); }));
    t.add("from_" + in->name(), types.back()->id());
    t.connect("from_" + in->name() + ".out", std::string{under_test} + "." + in->name());
  }
}

void actor_rig::parts::add_outputs(topology& t, actor& probe) {
  const bool is_router = probe.kind() == actor_kind::router;
  for (const auto* out : engine::actor_access::outputs(probe)) {
    const bool is_dealt = is_router && out->name() == "out";
    const input_shape shape{
        .name = "in", .what = input_base::accepts::any, .key = is_dealt ? options.router_key : nullptr};
    types.push_back(std::make_unique<borrowed_type>(
        [this, shape] { return make_collecting({shape}, [this]() -> collection& { return unused; }); }));
    t.add("to_" + out->name(), types.back()->id(), {}, is_dealt ? options.partitions : 1);
    t.connect(std::string{under_test} + "." + out->name(), "to_" + out->name());
  }
}

void actor_rig::parts::plan_topology() {
  topology t;
  t.name = "test";
  types.push_back(std::make_unique<borrowed_type>(make));
  auto& spec = t.add(under_test, types.back()->id(), options.params);
  spec.on_failure = options.on_failure;
  const auto probe = make();
  add_inputs(t, *probe);
  add_outputs(t, *probe);
  const auto checked = validate(t);
  if (!checked.ok()) {
    std::string text = "the actor cannot be set up like this";
    for (const auto& p : checked.problems) text += "\n  " + to_string(p);
    throw std::invalid_argument(text);
  }
  plan = checked.plan;
  for (const auto& c : plan->channels) {
    if (c.target.value != 0) continue;
    inputs[engine::actor_access::inputs(*probe)[c.input]->name()].channel = &c;
  }
}

void actor_rig::parts::start(const actor_snapshot::content* from) {
  task.reset();
  wires.assign(plan->channels.size(), nullptr);
  host.alarm.reset();
  ++incarnation.value;
  ended = false;
  wire_factory channels{wires};
  const engine::task_environment environment{&clock,
                                             [this](task_id) -> engine::task_host& { return host; },
                                             [](task_id) { return std::make_shared<engine::task_stats>(); },
                                             options.batch_events,
                                             {},
                                             unlimited,
                                             &event_log};
  auto made = engine::assemble(*plan, 0, incarnation, channels, environment);
  if (!made) throw std::runtime_error(made.error().message);
  task = std::move(made->front());  // in order of id: the actor was added first
  for (auto& [port, in] : inputs) {
    const auto at = from == nullptr ? std::pair{sequence{}, event_time::min()} : from->inputs.at(port);
    in.next = at.first;
    in.watermark = at.second;
  }
  const auto done = task->restore(from == nullptr ? engine::task::restored{} : from->view());
  if (!done) throw actor_failed(done.error().message);
  settle();
}

void actor_rig::parts::settle() {
  for (;;) {
    const auto r = task->step();
    drain();
    if (r == engine::step_result::again) continue;
    if (r == engine::step_result::failed) throw actor_failed(task->failure().what.message);
    return;
  }
}

void actor_rig::parts::drain() {
  for (const auto& c : plan->channels) {
    if (c.source.value != 0) continue;
    auto& frames = wires[c.id.value]->frames;
    for (; !frames.empty(); frames.pop_front()) {
      const auto& f = frames.front();
      if (f.kind == engine::frame_kind::end) ended = true;
      if (f.kind != engine::frame_kind::barrier) output_watermark = std::max(output_watermark, f.watermark);
      if (f.kind != engine::frame_kind::data) continue;
      const auto& port = engine::actor_access::outputs(task->behavior())[c.output]->name();
      for (std::uint32_t i = 0; i < f.count; ++i) outputs[port].add({f.body, i, c.lane});
    }
  }
}

engine::frame actor_rig::parts::frame_for(const input& to, engine::frame_kind kind) const {
  engine::frame f;
  f.kind = kind;
  f.channel = to.channel->id;
  f.source = to.channel->source;
  f.target = to.channel->target;
  f.incarnation = incarnation;
  f.first = to.next;
  f.watermark = to.watermark;
  f.ingest_ns = clock.steady_ns();
  return f;
}

void actor_rig::parts::send(input& to, engine::frame f) {
  expect_alive();
  (void)wire_sender{wires[to.channel->id.value]}.send(std::move(f));
}

actor_rig::parts::input& actor_rig::parts::input_named(const std::string& port) {
  if (port.empty() && inputs.size() == 1) return inputs.begin()->second;
  const auto at = inputs.find(port);
  if (at == inputs.end()) {
    throw std::invalid_argument(port.empty() ? "the actor has several inputs: name one"
                                             : "the actor has no input '" + port + "'");
  }
  return at->second;
}

std::string actor_rig::parts::output_named(const std::string& port) const {
  std::vector<std::string> own;
  for (const auto* out : engine::actor_access::outputs(task->behavior())) {
    if (out->name() == port) return port;
    if (out->name() != "dead" && out->name() != "late") own.push_back(out->name());
  }
  if (port.empty() && own.size() == 1) return own.front();
  throw std::invalid_argument(port.empty() ? "the actor has not one output: name one"
                                           : "the actor has no output '" + port + "'");
}

void actor_rig::parts::expect_alive() const {
  if (task == nullptr) throw actor_failed("the actor has not been started: restore it");
}

actor_rig::actor_rig(factory make, actor_options options)
    : parts_{std::make_unique<parts>(std::move(make), std::move(options))} {
  provide_routers();
  parts_->plan_topology();
  parts_->start(nullptr);
}
actor_rig::~actor_rig() = default;

void actor_rig::push_batch(const std::string& port, const batch_ptr& records) {
  auto& p = *parts_;
  auto& in = p.input_named(port);
  auto body = records;
  if (&body->type() != in.channel->type.get()) {
    const auto made = make_converter(record_type_ptr{record_type_ptr{}, &records->type()}, in.channel->type);
    if (!made) throw std::invalid_argument(made.error().message);
    body = made->convert(*records);
  }
  auto f = p.frame_for(in, engine::frame_kind::data);
  f.body = with_late_marks(body, in.watermark);
  f.count = body->size();
  in.next.value += f.count;
  p.send(in, std::move(f));
  p.settle();
}

void actor_rig::push_fields(const std::string& port,
                            std::initializer_list<std::pair<const char*, field_content>> fields) {
  const auto& type = parts_->input_named(port).channel->type;
  const auto row = type->make_builder(1);
  row->begin_row();
  for (const auto& [name, content] : fields) {
    const auto at = type->schema().find(name);
    if (!at || !row->set(*at, value_of(content))) {
      throw std::invalid_argument(std::string{"field '"} + name + "' is not in " + type->schema().name +
                                  " or does not take this value");
    }
  }
  push_batch(port, row->finish());
}

void actor_rig::watermark(event_time t) {
  for (auto& [port, in] : parts_->inputs) watermark(port, t);
}

void actor_rig::watermark(const std::string& port, event_time t) {
  auto& p = *parts_;
  auto& in = p.input_named(port);
  in.watermark = std::max(in.watermark, t);
  p.send(in, p.frame_for(in, engine::frame_kind::watermark));
  p.settle();
}

void actor_rig::advance(std::chrono::nanoseconds d) {
  auto& p = *parts_;
  p.expect_alive();
  const auto until = p.clock.steady_ns() + d.count();
  while (p.host.alarm && *p.host.alarm <= until) {
    p.clock.move_to(*std::exchange(p.host.alarm, std::nullopt));
    p.settle();
  }
  p.clock.move_to(until);
  p.settle();
}

void actor_rig::end_of_input() {
  auto& p = *parts_;
  for (auto& [port, in] : p.inputs) {
    in.watermark = event_time::max();
    p.send(in, p.frame_for(in, engine::frame_kind::end));
  }
  p.settle();
}

void actor_rig::poll(std::size_t steps) {
  auto& p = *parts_;
  p.expect_alive();
  for (; steps != 0; --steps) {
    const auto r = p.task->step();
    p.drain();
    if (r == engine::step_result::failed) throw actor_failed(p.task->failure().what.message);
    if (r == engine::step_result::idle) return;
  }
}

void actor_rig::set_param(const std::string& name, const param_value& v) {
  parts_->expect_alive();
  for (auto* param : engine::actor_access::params(behavior())) {
    if (param->name() != name) continue;
    if (auto ok = param->set(v); !ok) throw std::invalid_argument(ok.error().message);
    return;
  }
  throw std::invalid_argument("the actor has no parameter '" + name + "'");
}

collected actor_rig::take(const std::string& port) {
  return std::exchange(parts_->outputs[parts_->output_named(port)], {});
}
event_time actor_rig::output_watermark() const noexcept {
  return parts_->output_watermark;
}
bool actor_rig::has_ended() const noexcept {
  return parts_->ended;
}
const std::vector<std::string>& actor_rig::log() const noexcept {
  return parts_->host.lines;
}
processing_time actor_rig::now() const noexcept {
  return parts_->clock.now();
}

std::size_t actor_rig::key_count() const noexcept {
  return engine::actor_access::state(behavior()).rows().size();
}

actor_snapshot actor_rig::snapshot() {
  auto& p = *parts_;
  p.expect_alive();
  ++p.epoch.value;
  p.host.taken.reset();
  p.host.refusal.clear();
  p.task->inject_barrier(p.host.target_of(p.epoch));
  for (auto& [port, in] : p.inputs) {
    auto f = p.frame_for(in, engine::frame_kind::barrier);
    f.epoch = p.epoch;
    p.send(in, std::move(f));
  }
  p.inputs.empty() ? poll() : p.settle();
  if (!p.host.taken) {
    throw std::runtime_error(p.host.refusal.empty() ? "the actor took no snapshot" : p.host.refusal);
  }
  auto content = std::make_shared<actor_snapshot::content>();
  content->epoch = p.epoch;
  content->meta = std::move(p.host.taken->meta);
  for (const auto& page : p.host.taken->rows.pages) {
    byte_buffer encoded;
    if (auto ok = page.encode(encoded); !ok) throw std::runtime_error(ok.error().message);
    content->pages.emplace_back(page.number, std::move(encoded));
  }
  for (const auto& [port, in] : p.inputs) content->inputs[port] = {in.next, in.watermark};
  actor_snapshot out;
  out.content_ = std::move(content);
  return out;
}

void actor_rig::complete() {
  parts_->expect_alive();
  if (auto done = parts_->task->epoch_complete(parts_->epoch, parts_->epoch); !done)
    throw std::runtime_error(done.error().message);
}

void actor_rig::restore(const actor_snapshot& from) {
  parts_->start(from.content_.get());
}
void actor_rig::restart() {
  parts_->start(nullptr);
}

actor& actor_rig::behavior() const noexcept {
  return parts_->task->behavior();
}

void actor_rig::with_key(const key_bytes& key, const std::function<void()>& look) const {
  auto& state = engine::actor_access::state(behavior());
  state.select(key_hash(key.view()), key);
  look();
  state.deselect();
}

}  // namespace millrace::testing
