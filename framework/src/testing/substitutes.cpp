#include "testing/substitutes.hpp"

#include <charconv>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "millrace/context.hpp"
#include "millrace/routers.hpp"

namespace millrace::testing {

namespace {

struct slots {
  std::mutex guard;
  std::deque<actor_registry::factory> makes;
  std::vector<std::size_t> free;
};
slots& all_slots() {
  static slots s;
  return s;
}

std::string id_of(std::size_t slot) {
  return "millrace.testing.substitute_" + std::to_string(slot);
}

std::unique_ptr<actor> make_in(std::size_t slot) {
  auto& s = all_slots();
  const std::scoped_lock lock{s.guard};
  return s.makes[slot]();
}

/// An output of any type, one record after the other.
class scripted_output final : public output_base {
public:
  scripted_output(actor* owner, std::string name, record_type_ptr type)
      : output_base(owner, std::move(name), std::move(type)) {}
  void emit(const batch& from, std::uint32_t row) {
    if (builder() == nullptr) return;
    builder()->append_from(from, row);
    if (builder()->is_full()) full();
  }
};

class scripted_source final : public producer {
public:
  explicit scripted_source(std::shared_ptr<const script> s) : script_{std::move(s)} {
    out_ = std::make_unique<scripted_output>(this, script_->port, script_->type);
    for (const auto& [name, type] : script_->other_ports) {
      others_.push_back(std::make_unique<scripted_output>(this, name, type));
    }
  }

  poll_result poll(context& c, std::size_t) override {
    if (c.partition() >= script_->partitions.size()) return poll_result::end();
    const auto& all = *script_->partitions[c.partition()];
    auto want = 1 + c.random().below(records_per_poll);
    for (; want != 0 && next_ < all.size(); --want) out_->emit(all, next_++);
    if (next_ >= all.size()) return poll_result::end();
    return script_->pause.count() > 0 ? poll_result::wait(script_->pause) : poll_result::more();
  }
  void save_position(msgpack::writer& out) const override { out.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return "record " + std::to_string(next_); }
  std::chrono::nanoseconds disorder() const override { return script_->disorder; }

private:
  std::shared_ptr<const script> script_;
  std::unique_ptr<scripted_output> out_;
  std::vector<std::unique_ptr<scripted_output>> others_;
  std::uint32_t next_ = 0;
};

class collecting_sink;

class collecting_input final : public input_base {
public:
  collecting_input(collecting_sink* owner, const input_shape& shape);
  accepts what() const noexcept override { return what_; }
  std::shared_ptr<const record_type> type() const override { return type_; }
  void process(engine::batch_run& run) override;

private:
  collecting_sink* sink_;
  accepts what_;
  record_type_ptr type_;
};

class collecting_sink final : public sink {
public:
  collecting_sink(const std::vector<input_shape>& inputs, std::function<collection&()> current)
      : current_{std::move(current)} {
    for (const auto& shape : inputs) inputs_.push_back(std::make_unique<collecting_input>(this, shape));
  }

  delivery delivers() const noexcept override { return delivery::transactional; }
  bool can_withdraw() const noexcept override { return true; }

  void take(context& c, const batch& records, std::uint32_t row) {
    pending_.add({batch_ptr{records}, row, c.partition()});
  }
  result<std::string> prepare(context& c, epoch_id epoch) override {
    if (pending_.empty()) return std::string{};
    files(c).prepared[epoch] = std::exchange(pending_, {});
    return std::to_string(epoch.value);
  }
  result<void> commit(context& c, epoch_id epoch, const std::string&) override {
    auto& f = files(c);
    if (f.committed.contains(epoch)) return {};
    const auto at = f.prepared.find(epoch);
    if (at == f.prepared.end()) return fatal_error(errc::corrupt, "what was prepared is gone");
    f.committed[epoch] = std::move(at->second);
    f.prepared.erase(at);
    return {};
  }
  result<void> recover(context& c, epoch_id restored, const std::vector<prepared>& handles) override {
    for (const auto& h : handles) {
      if (auto done = commit(c, h.epoch, h.handle); !done) return done;
    }
    auto& f = files(c);
    f.prepared.clear();
    std::erase_if(f.committed, [&](const auto& file) { return file.first > restored; });
    return {};
  }

private:
  collection::files& files(const context& c) { return current_().of_task[{c.actor_name(), c.partition()}]; }

  std::function<collection&()> current_;
  std::vector<std::unique_ptr<collecting_input>> inputs_;
  collected pending_;
};

collecting_input::collecting_input(collecting_sink* owner, const input_shape& shape)
    : input_base(owner, shape.name), sink_{owner}, what_{shape.what}, type_{shape.type} {
  key_ = shape.key;
  key_by(shape.key_fields);
}

void collecting_input::process(engine::batch_run& run) {
  for (; run.cursor < run.records.size(); ++run.cursor) sink_->take(run.ctx, run.records, run.cursor);
}

template <class Router>
void provide(const char* id, const char* title) {
  auto& registry = actor_registry::instance();
  if (registry.find(id) != nullptr) return;
  registry.add({.id = id, .title = title}, [] { return std::unique_ptr<actor>{std::make_unique<Router>()}; });
}

}  // namespace

borrowed_type::borrowed_type(actor_registry::factory make) {
  auto& s = all_slots();
  const std::scoped_lock lock{s.guard};
  if (!s.free.empty()) {
    slot_ = s.free.back();
    s.free.pop_back();
    s.makes[slot_] = std::move(make);
    return;
  }
  slot_ = s.makes.size();
  s.makes.push_back(std::move(make));
  actor_registry::instance().add({.id = id(), .title = "Part of a test"}, [slot = slot_] { return make_in(slot); });
}

borrowed_type::~borrowed_type() {
  auto& s = all_slots();
  const std::scoped_lock lock{s.guard};
  s.makes[slot_] = nullptr;
  s.free.push_back(slot_);
}

std::string borrowed_type::id() const {
  return id_of(slot_);
}

void provide_routers() {
  provide<routers::by_key>("millrace.by_key", "By key");
  provide<routers::round_robin>("millrace.round_robin", "Round robin");
  provide<routers::broadcast>("millrace.broadcast", "Broadcast");
}

std::unique_ptr<actor> make_scripted(std::shared_ptr<const script> s) {
  return std::make_unique<scripted_source>(std::move(s));
}

std::unique_ptr<actor> make_collecting(const std::vector<input_shape>& inputs, std::function<collection&()> current) {
  return std::make_unique<collecting_sink>(inputs, std::move(current));
}

collected collection::of(const std::string& actor_name) const {
  collected all;
  for (const auto& [task, kept] : of_task) {
    if (task.first != actor_name) continue;
    for (const auto& [epoch, records] : kept.committed) all.append(records);
  }
  return all;
}

}  // namespace millrace::testing
