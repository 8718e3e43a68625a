#include "node/placing/guest_keeper.hpp"

#include <utility>

#include "millrace/topology.hpp"
#include "node/looking/guest_looks.hpp"
#include "node/own_folder.hpp"

namespace millrace::node {

guest_keeper::guest_keeper(options o) : options_{std::move(o)} {
  options_.nodes->listen_to_strangers({[this](const std::string& from, std::shared_ptr<const byte_buffer> bytes) {
                                         const std::lock_guard lock{mutex_};
                                         if (asked_.size() < asked_max) asked_.push_back({from, std::move(bytes)});
                                       },
                                       {}});
}

guest_keeper::~guest_keeper() {
  options_.nodes->listen_to_strangers({});
  for (auto& [where, guest] : guests_) guest->end();
}

void guest_keeper::advance() {
  std::vector<message> asked;
  std::vector<std::shared_ptr<runtime::guest_run>> over;
  {
    const std::lock_guard lock{mutex_};
    asked.swap(asked_);
    for (auto at = guests_.begin(); at != guests_.end();) {
      if (at->second->is_over()) {
        over.push_back(std::move(at->second));
        at = guests_.erase(at);
      } else {
        ++at;
      }
    }
  }
  over.clear();
  for (const auto& m : asked) take_up(m);
}

void guest_keeper::take_up(const message& m) {
  const auto wanted = runtime::guest_run::read(m.bytes->view());
  // Words about a run that has ended here already are nothing to answer.
  if (!wanted || !is_valid_name(wanted->topology)) return;
  const place where{m.from, wanted->topology};
  std::shared_ptr<runtime::guest_run> before;
  {
    const std::lock_guard lock{mutex_};
    const auto known = guests_.find(where);
    if (known != guests_.end() && known->second->instance() == wanted->instance && !known->second->is_over()) {
      known->second->take(m.bytes->view());
      return;
    }
    if (known != guests_.end()) {
      before = std::move(known->second);
      guests_.erase(known);
    }
  }
  before.reset();  // waits for its tasks: the new ones may write the same files
  auto made = runtime::guest_run::start(
      {.nodes = options_.nodes,
       .lead = m.from,
       .data_dir = (options_.folder / "guests" / m.from / wanted->topology).string(),
       .threads = options_.threads,
       .admits = [own = options_.folder](const topology& t) { return stay_outside(t, own); },
       .protect = options_.protect,
       .log = [log = options_.log, name = wanted->topology](log_level level,
                                                            const std::string& text) { log(level, name, text); },
       .looks =
           [](inspect::watch_board& board, const engine::plan& plan, std::function<bool(task_id)> is_here) {
             return [desk = std::make_shared<guest_looks>(board, plan, std::move(is_here))](
                        const std::string& question) { return desk->answer(question); };
           }},
      m.bytes->view());
  const bool is_denied = !made && made.error().code == errc::denied;
  if (options_.noted && (made || is_denied)) {
    options_.noted(m.from, wanted->topology, made ? "ok" : to_string(errc::denied));
  }
  if (!made) {
    options_.log(log_level::warning, wanted->topology, "tasks for node " + m.from + ": " + made.error().message);
    return;
  }
  const std::lock_guard lock{mutex_};
  guests_[where] = *std::move(made);
}

nlohmann::json guest_keeper::status() const {
  auto out = nlohmann::json::array();
  const std::lock_guard lock{mutex_};
  for (const auto& [where, guest] : guests_) {
    out.push_back({{"topology", where.second}, {"lead", where.first}, {"tasks", guest->tasks()}});
  }
  return out;
}

}  // namespace millrace::node
