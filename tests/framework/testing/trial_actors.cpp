#include "trial_actors.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <unordered_set>

#include "millrace/context.hpp"
#include "millrace/port.hpp"
#include "millrace/registry.hpp"

namespace trial {

using namespace millrace;

std::vector<payment> payments(std::int64_t count, std::uint64_t seed) {
  random_source random{seed};
  std::vector<payment> out;
  for (std::int64_t i = 0; i < count; ++i) {
    out.push_back({"account-" + std::to_string(random.below(9)), i, 100 + static_cast<std::int64_t>(random.below(5000)),
                   event_time{i * 1'000'000 + static_cast<std::int64_t>(random.below(3'000'000))}});
  }
  return out;
}

topology fraud(const std::string& check) {
  topology t;
  t.name = "fraud";
  t.add("payments", "somewhere.else", {}, 2);
  t.add("by_account", "millrace.by_key", {}, 2);
  t.add("check", check, {}, 3);
  t.add("alerts", "somewhere.else_again", {}, 3);
  return t.connect("payments", "by_account").connect("by_account", "check").connect("check", "alerts");
}

/// Bug: the state is a plain member, so a recovery forgets it.
class forgetful final : public processor {
public:
  in<payment> payments{this, "in", &forgetful::on_payment, {.key = &payment::account}};
  out<alert> alerts{this, "out"};
  void on_payment(context&, const payment& p) { cents_[p.account] += p.cents; }
  void on_end_of_input(context&) override {
    for (const auto& [account, cents] : cents_) alerts.emit({account, -1, cents});
  }

private:
  std::map<std::string, std::int64_t> cents_;
};
MILLRACE_ACTOR(forgetful, {.id = "trial.forgetful", .title = "Bug: plain member"})

/// Bug: the wall clock decides.
class clock_reader final : public processor {
public:
  in<payment> payments{this, "in", &clock_reader::on_payment, {.key = &payment::account}};
  out<alert> alerts{this, "out"};
  void on_payment(context&, const payment& p) {
    // Changes once a day: two runs within the same minute would never differ by themselves.
    const auto day =
        std::chrono::duration_cast<std::chrono::hours>(std::chrono::system_clock::now().time_since_epoch());
    alerts.emit({p.account, p.number, day.count() / 24});
  }
};
MILLRACE_ACTOR(clock_reader, {.id = "trial.clock_reader", .title = "Bug: wall clock"})

/// Bug: dice of its own.
class gambler final : public processor {
public:
  in<payment> payments{this, "in", &gambler::on_payment, {.key = &payment::account}};
  out<alert> alerts{this, "out"};
  void on_payment(context&, const payment& p) {
    alerts.emit({p.account, p.number, static_cast<std::int64_t>(std::random_device{}() % 6)});
  }
};
MILLRACE_ACTOR(gambler, {.id = "trial.gambler", .title = "Bug: random device"})

/// Bug: the order of its output is that of addresses.
class pointer_order final : public processor {
public:
  in<payment> payments{this, "in", &pointer_order::on_payment, {.key = &payment::account}};
  out<alert> alerts{this, "out"};
  void on_payment(context&, const payment& p) {
    held_.push_back(std::make_unique<payment>(p));
    if (held_.size() < 8) return;
    std::unordered_set<const payment*> all;
    for (const auto& h : held_) all.insert(h.get());
    for (const auto* h : all) alerts.emit({h->account, h->number, h->cents});
    held_.clear();
  }

private:
  std::vector<std::unique_ptr<payment>> held_;
};
MILLRACE_ACTOR(pointer_order, {.id = "trial.pointer_order", .title = "Bug: order of pointers"})

}  // namespace trial
