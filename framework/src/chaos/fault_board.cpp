#include "millrace/chaos/fault_board.hpp"

#include <algorithm>

#include "millrace/chaos/node_target.hpp"

namespace millrace::chaos {

namespace {

constexpr std::size_t active_max = 64;
constexpr std::size_t remembered_max = 200;
// Every strike of a fault that strikes often would drown the log.
constexpr std::uint64_t hits_logged = 3;

std::string seconds(std::chrono::nanoseconds d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
}

std::string name_of(const armed_fault& f) {
  return "fault " + std::to_string(f.id()) + " (" + entry_of(f.kind()).name + ")";
}

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > shown ? out + " and " + std::to_string(names.size() - shown) + " more" : out;
}

}  // namespace

struct fault_board::voice {
  std::mutex mutex;
  std::function<void(log_level, const std::string&)> log;
  std::function<void(std::int64_t)> sweep_at;

  void say(const std::string& text) {
    const std::lock_guard lock{mutex};
    if (log) log(log_level::warning, text);
  }
  void on_hit(const armed_fault& f, const std::string& place, std::uint64_t hit) {
    if (hit == *f.request().hits_max) {
      const std::lock_guard lock{mutex};
      if (sweep_at) sweep_at(f.begun_ns());  // it is spent: as soon as can be, by another thread
    }
    if (hit > hits_logged) return;
    const bool is_last_told = hit == hits_logged && *f.request().hits_max == 0;
    say(name_of(f) + ": struck " + place + ", hit " + std::to_string(hit) +
        (is_last_told ? "; later ones are only counted" : ""));
  }
};

fault_board::fault_board(surroundings s)
    : around_{std::move(s)},
      voice_{std::make_shared<voice>()},
      tasks_(around_.plan->tasks.size()),
      channels_(around_.plan->channels.size()) {
  voice_->log = around_.log;
  voice_->sweep_at = around_.sweep_at;
}

fault_board::~fault_board() {
  close();
  const std::lock_guard lock{voice_->mutex};
  voice_->log = nullptr;
  voice_->sweep_at = nullptr;
}

void fault_board::say(const std::string& text) const {
  voice_->say(text);
}

result<std::uint64_t> fault_board::inject(fault_request r) {
  auto complete = completed(std::move(r));
  if (!complete) return std::move(complete).error();
  auto places = places_of(*complete);
  if (!places) return std::move(places).error();
  const auto elsewhere = places_elsewhere(*complete, *places);
  if (!elsewhere) return elsewhere.error();
  auto f = arm(0, *std::move(complete), *std::move(places));
  if (!f) return std::move(f).error();
  if (auto sent = send(*f, *elsewhere); !sent) {
    (void)clear((*f)->id());
    return std::move(sent).error();
  }
  const bool is_only_elsewhere = is_of_node((*f)->kind()) && !elsewhere->empty();
  if (!is_only_elsewhere) attach(*f);
  around_.sweep_at((*f)->ends_ns());
  return (*f)->id();
}

/// `id` 0: the next one.
result<fault_board::fault_ptr> fault_board::arm(std::uint64_t id, fault_request r, fault_places places) {
  sweep();
  fault_ptr f;
  {
    const std::lock_guard lock{mutex_};
    if (is_closed_) return user_error(errc::unavailable, "the run is ending");
    if (active_.size() >= active_max) {
      return user_error(errc::limit_exceeded,
                        "there are " + std::to_string(active_max) + " faults at work; clear some first");
    }
    if (active_.contains(id)) return user_error(errc::in_use, "fault " + std::to_string(id) + " is at work already");
    f = std::make_shared<armed_fault>(id == 0 ? next_id_++ : id, std::move(r), std::move(places), around_.time,
                                      [to = voice_](const armed_fault& of, const std::string& place,
                                                    std::uint64_t hit) { to->on_hit(of, place, hit); });
    active_.emplace(f->id(), f);
  }
  say(name_of(*f) + ": injected at " + joined(f->places().names) + ", for " +
      (f->request().duration.count() == 0 ? "as long as its lease is renewed, every "
                                          : seconds(f->request().duration) + ", lease ") +
      seconds(f->request().lease));
  return f;
}

bool fault_board::is_here(const armed_fault& f, std::uint32_t index) const {
  const bool is_channel = entry_of(f.kind()).place == fault_place::channel;
  return around_.is_here(is_channel ? around_.plan->channels[index].target : task_id{index});
}

void fault_board::attach(const fault_ptr& f) {
  switch (entry_of(f->kind()).place) {
    case fault_place::task:
    case fault_place::producer:
    case fault_place::handler:
      for (const auto i : f->places().indexes) {
        if (is_here(*f, i)) tasks_[i].add(f);
      }
      return;
    case fault_place::channel:
      for (const auto i : f->places().indexes) {
        if (is_here(*f, i)) channels_[i].add(f);
      }
      return;
    case fault_place::clock:
      clock_.add(f);
      return;
    case fault_place::disk:
    case fault_place::process:
      around_.afflict(f);
      return;
  }
}

void fault_board::detach(const armed_fault& f) {
  const auto place = entry_of(f.kind()).place;
  if (place == fault_place::clock) clock_.remove(f);
  for (const auto i : f.places().indexes) (place == fault_place::channel ? channels_ : tasks_)[i].remove(f);
}

result<void> fault_board::renew(std::uint64_t id) {
  {
    const std::lock_guard lock{mutex_};
    const auto found = active_.find(id);
    if (found == active_.end() || !found->second->is_active()) {
      return user_error(errc::not_found, "there is no fault " + std::to_string(id) + " at work");
    }
    found->second->renew();
  }
  pass_on(fault_order::act::renew, id);
  return {};
}

result<std::size_t> fault_board::clear(std::uint64_t id) {
  sweep();
  std::vector<fault_ptr> wanted;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [known, f] : active_) {
      if (id == 0 || known == id) wanted.push_back(f);
    }
  }
  if (id != 0 && wanted.empty()) {
    return user_error(errc::not_found,
                      "there is no fault " + std::to_string(id) + " at work; see 'millrace chaos list'");
  }
  for (const auto& f : wanted) {
    f->clear();
    end(f);
  }
  return wanted.size();
}

void fault_board::close() {
  {
    const std::lock_guard lock{mutex_};
    is_closed_ = true;
  }
  (void)clear(0);
}

void fault_board::sweep() {
  std::vector<fault_ptr> ended;
  std::int64_t next = 0;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, f] : active_) {
      if (!f->is_active()) {
        ended.push_back(f);
      } else if (next == 0 || f->ends_ns() < next) {
        next = f->ends_ns();
      }
    }
  }
  for (const auto& f : ended) end(f);
  if (next != 0) around_.sweep_at(next);
}

/// Of two threads that see the end, one tells.
void fault_board::end(const fault_ptr& f) {
  {
    const std::lock_guard lock{mutex_};
    if (active_.erase(f->id()) == 0) return;
    ended_.push_back(report_of(*f));
    if (ended_.size() > remembered_max) {
      elsewhere_.erase(ended_.front().id);
      ended_.pop_front();
    }
  }
  detach(*f);
  pass_on(fault_order::act::clear, f->id());
  const auto hits = f->hits();
  say(name_of(*f) + ": " +
      (f->state() == fault_state::healed ? "healed, for its lease was not renewed" : to_string(f->state())) +
      ", hits: " + std::to_string(hits));
}

std::vector<fault_report> fault_board::list() const {
  const std::lock_guard lock{mutex_};
  std::vector<fault_report> out{ended_.begin(), ended_.end()};
  for (const auto& [id, f] : active_) out.push_back(report_of(*f));
  std::ranges::sort(out, {}, &fault_report::id);
  return out;
}

fault_report fault_board::report_of(const armed_fault& f) const {
  const auto now = around_.time->steady_ns();
  fault_report out{
      f.id(), f.request(), f.places().names, f.state(), f.hits(), std::chrono::nanoseconds{now - f.begun_ns()}, {}};
  if (out.state == fault_state::active)
    out.left = std::chrono::nanoseconds{std::max<std::int64_t>(0, f.ends_ns() - now)};
  return out;
}

std::vector<std::string> fault_board::names_of(const fault_switch& s) {
  std::vector<std::string> out;
  if (!s.is_on()) return out;
  for (const auto& f : s.faults()) {
    if (f->is_active())
      out.push_back(std::string{entry_of(f->kind()).name} + " (fault " + std::to_string(f->id()) + ")");
  }
  return out;
}

}  // namespace millrace::chaos
