#pragma once

#include <QTemporaryDir>
#include <chrono>
#include <memory>
#include <stdexcept>

#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"
#include "node/status_view.hpp"
#include "trial_actors.hpp"

namespace millrace::trial {

/// A real run that is looked at as a process does that hosts it. Ends with the object.
class watched_run {
public:
  explicit watched_run(const shape& s, runtime::run_options options = {}) {
    const auto checked = validate(made(s));
    if (!checked.ok()) throw std::runtime_error{to_string(checked.problems.front())};
    options.data_dir = folder_.path().toStdString();
    auto started = runtime::topology_run::start(checked.plan, std::move(options));
    if (!started) throw std::runtime_error{started.error().message};
    run_ = *std::move(started);
  }
  ~watched_run() {
    is_hanging = false;
    is_hanging.notify_all();
    run_->stop();
    (void)run_->wait(std::chrono::seconds{30});
  }
  watched_run(const watched_run&) = delete;
  watched_run& operator=(const watched_run&) = delete;

  /// The last second, with a status taken now.
  [[nodiscard]] node::status_view look() {
    history_.add(run_->status(), std::chrono::steady_clock::now());
    return history_.view();
  }
  [[nodiscard]] const node::task_view& task(const node::status_view& v, const std::string& name) const {
    for (const auto& t : v.tasks) {
      if (t.now.name == name) return t;
    }
    throw std::runtime_error{"there is no task " + name};
  }
  [[nodiscard]] runtime::topology_run& run() { return *run_; }

private:
  QTemporaryDir folder_;
  std::unique_ptr<runtime::topology_run> run_;
  node::status_history history_;
};

}  // namespace millrace::trial
