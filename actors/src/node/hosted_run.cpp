#include <utility>

#include "millrace/validation.hpp"
#include "node/hosted_topology.hpp"
#include "node/steering_answer.hpp"

// How a hosted topology's run comes, is steered, and goes.
namespace millrace::node {

namespace {

constexpr std::chrono::milliseconds sample_interval{100};

/// The first error of a topology that does not validate.
std::string first_error(const validation& checked) {
  for (const auto& p : checked.problems) {
    if (p.level == problem::severity::error) return to_string(p);
  }
  return "it does not validate";
}

}  // namespace

void hosted_topology::advance(clock::time_point now) {
  if (at_work_.is_busy() || follow(now)) return;
  std::optional<deployment> due;
  std::vector<savepoint_wish> wishes;
  {
    const std::lock_guard lock{mutex_};
    if (next_) {
      deployment_ = *std::exchange(next_, std::nullopt);
      is_done_ = false;
      phase_ = phase::stopped;
    }
    if (hold_.is_held() && !hold_.hangs()) return;
    wishes.swap(savepoint_wishes_);
    if (!hold_.is_held() && deployment_.is_wanted && !is_done_) due = deployment_;
  }
  if (hold_.hangs()) {
    for (const auto& w : wishes) kept_->end(w.id, check_free().error());
    return;
  }
  if (wishes.empty() && !due) return;
  at_work_.start([this, due = std::move(due), w = std::move(wishes)] {
    const std::lock_guard folder{folder_};
    keep_newest(w);
    if (!due) return;
    try {
      begin(*due);
    } catch (...) {
      // A constructor of a user's actor, say. The other topologies have nothing to do with that.
      fail("it cannot be started: " + engine::current_failure());
    }
  });
}

/// Looks after the run. False: there is none.
bool hosted_topology::follow(clock::time_point now) {
  const auto run = current();
  if (!run) return false;
  if (const auto outcome = run->wait(std::chrono::milliseconds{0})) {
    sample(now);
    end(*outcome);
    return true;
  }
  if (now - sampled_ >= sample_interval) sample(now);
  const std::lock_guard lock{mutex_};
  const bool is_unwanted = !deployment_.is_wanted || next_;
  if (is_unwanted && !is_stop_sent_) {
    is_stop_sent_ = true;
    phase_ = phase::stopping;
    run->stop();
  }
  return true;
}

/// Nobody has the data folder now.
void hosted_topology::begin(const deployment& d) {
  auto t = parse_topology(d.text, d.name);
  if (!t) return fail(t.error().message);
  t->base_folder = d.base_folder;
  const auto checked = validate(*t);
  if (!checked.ok()) return fail(first_error(checked));
  auto where = place_(d, *checked.plan);
  if (!where) return fail(where.error().message);
  if (auto back = go_back(d, *checked.plan, *where); !back) return fail(back.error().message);
  history_ = {};
  {
    const std::lock_guard lock{mutex_};
    newest_ = {};
  }
  is_stop_sent_ = false;
  auto options = options_;
  options.where = *std::move(where);
  options.steering = {d.paused_since, d.muted};
  auto run = runtime::topology_run::start(checked.plan, std::move(options));
  if (!run) return fail(run.error().message);
  {
    const std::lock_guard lock{mutex_};
    run_ = hold_.keep(*std::move(run));
    desk_ = std::make_shared<look_desk>(*run_);
    phase_ = phase::running;
    message_.clear();
  }
  catch_up(d);
}

/// What was wanted of the run while it was being started.
void hosted_topology::catch_up(const deployment& begun) {
  const std::lock_guard steering{steering_};
  std::shared_ptr<runtime::topology_run> run;
  deployment wanted;
  bool is_to_go = false;
  std::vector<savepoint_wish> wishes;
  {
    const std::lock_guard lock{mutex_};
    run = run_;
    is_to_go = next_.has_value();
    wanted = is_to_go ? *next_ : deployment_;
    wishes.swap(savepoint_wishes_);
  }
  for (auto& w : wishes) keep_in(*run, std::move(w));
  auto done = apply(run->steering(), wanted);
  // What is about to come in its place may not have these parameters.
  if (!is_to_go) {
    for (auto& c : settings_between(begun.text, wanted.text)) {
      if (done) done = run->steering().set(c.actor, c.param, std::move(c.value));
    }
  }
  if (!done) options_.log(log_level::error, done.error().message);
}

void hosted_topology::sample(clock::time_point now) {
  sampled_ = now;
  const auto run = current();
  history_.add(run->status(), now);
  traces_.look(*run, now);
  auto view = history_.view();
  const std::lock_guard lock{mutex_};
  newest_ = std::move(view);
}

void hosted_topology::end(const runtime::run_outcome& outcome) {
  using kind = runtime::run_outcome::kind;
  is_escalated_ = is_escalated_ || outcome.escalated;
  if (outcome.has_left_behind) {
    hold_.note_left_behind();
    options_.log(log_level::warning, check_free().error().message);
  }
  {
    const std::lock_guard lock{mutex_};
    phase_ = phase::stopping;
    message_ = outcome.message;
    is_done_ = outcome.how == kind::failed || outcome.how == kind::finished;
  }
  const auto then = outcome.how == kind::failed     ? phase::failed
                    : outcome.how == kind::finished ? phase::finished
                                                    : phase::stopped;
  // It may still be writing a savepoint.
  at_work_.start([this, then] { part(then); });
}

/// What it is from then on is told when its data is free.
void hosted_topology::part(phase then) {
  const std::lock_guard folder{folder_};
  std::shared_ptr<runtime::topology_run> run;
  std::shared_ptr<look_desk> desk;
  {
    const std::lock_guard lock{mutex_};
    run = std::move(run_);
    desk = std::move(desk_);
  }
  desk.reset();
  run.reset();
  const std::lock_guard lock{mutex_};
  phase_ = then;
}

void hosted_topology::fail(std::string why) {
  options_.log(log_level::error, why);
  const std::lock_guard lock{mutex_};
  phase_ = phase::failed;
  message_ = std::move(why);
  is_done_ = true;
}

void hosted_topology::steer(const deployment& d) {
  const std::lock_guard steering{steering_};
  std::shared_ptr<runtime::topology_run> run;
  {
    const std::lock_guard lock{mutex_};
    for (auto* mine : {&deployment_, next_ ? &*next_ : &deployment_}) {
      mine->paused_since = d.paused_since;
      mine->muted = d.muted;
    }
    (next_ ? *next_ : deployment_).text = d.text;
    run = run_;
  }
  if (!run) return;
  if (auto done = apply(run->steering(), d); !done) options_.log(log_level::error, done.error().message);
}

result<void> hosted_topology::set(const std::string& actor, const std::string& param, const param_value& value) {
  const std::lock_guard steering{steering_};
  std::shared_ptr<runtime::topology_run> run;
  {
    const std::lock_guard lock{mutex_};
    // The run of what is about to be replaced may not have it at all.
    if (!next_) run = run_;
  }
  return run ? run->steering().set(actor, param, value) : result<void>{};
}

}  // namespace millrace::node
