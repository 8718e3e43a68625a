#include "millrace/engine/partials.hpp"

#include <stdexcept>

#include "millrace/engine/mergeable.hpp"

namespace millrace::engine {

namespace {

class key_inside final : public key_extractor {
public:
  key_inside(std::string description, std::string key_type)
      : key_extractor{std::move(description), std::move(key_type)} {}

  bool hashes(const batch& b, std::uint64_t* out) const override {
    for (const auto& p : rows<partial>(b)) *out++ = key_hash(p.key);
    return true;
  }
  bool keys(const batch& b, key_bytes* out) const override {
    for (const auto& p : rows<partial>(b)) *out++ = key_bytes{p.key};
    return true;
  }
  result<void> key(const batch& b, std::uint32_t row, key_bytes& out) const override {
    out = key_bytes{rows<partial>(b)[row].key};
    return {};
  }
};

out<partial>& partials_of(actor& a) {
  return static_cast<out<partial>&>(*actor_access::partials_out(a));
}

}  // namespace

key_ptr partial_key(const key_extractor& collected) {
  return std::make_shared<key_inside>(collected.description(), collected.key_type());
}

partials_input::partials_input(actor* owner) : input_base(owner, partials_port) {
  key_ = std::make_shared<key_inside>("key", "?");  // until it is known what is collected
}

void partials_input::process(batch_run& run) {
  const auto records = rows<partial>(run.records);
  const auto& states = actor_access::mergeables(*owner_);
  for (; run.cursor < run.end && !*run.pause; ++run.cursor) {
    const auto& p = records[run.cursor];
    const auto number = static_cast<std::size_t>(p.state);
    if (number >= states.size()) throw std::logic_error("a partial result of a state that the actor does not have");
    run.state.select(run.hashes[run.cursor], run.keys[run.cursor],
                     run.hints == nullptr ? no_row : run.hints[run.cursor]);
    states[number]->merge_partial(run.ctx, p.at, p.content);
  }
  run.state.deselect();
}

mergeable::mergeable(actor* owner, std::string state_name) : actor_{owner}, state_name_{std::move(state_name)} {
  auto& all = actor_access::mergeables(*owner);
  number_ = static_cast<std::uint32_t>(all.size());
  all.push_back(this);
}

void mergeable::send(std::int64_t at, bytes_view content) {
  if (loses_) return;
  const auto key = actor_access::state(*actor_).key().view();
  partials_of(*actor_).emit({{key.begin(), key.end()}, number_, at, {content.begin(), content.end()}});
}

void mergeable::refuse() const {
  throw std::logic_error("a partial result of '" + state_name_ + "' cannot be read");
}

void take_salt_role(actor& a, salt_role role) {
  actor_access::role(a) = role;
  if (role == salt_role::collects) {
    for (auto* o : actor_access::outputs(a)) {
      if (o != actor_access::outputs(a)[actor_access::dead_index] && o->passes() == nullptr) o->close();
    }
    actor_access::partials_out(a) = std::make_unique<out<partial>>(&a, partials_port);
  }
  if (role == salt_role::merges) actor_access::partials_in(a) = std::make_unique<partials_input>(&a);
  for (auto* m : actor_access::mergeables(a)) m->take_role(role);
}

}  // namespace millrace::engine
