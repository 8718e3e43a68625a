// A program outside the tree: one record, one actor, one topology. The README shows the same text.
#include <millrace/param.hpp>
#include <millrace/port.hpp>
#include <millrace/record.hpp>
#include <millrace/registry.hpp>
#include <millrace/run.hpp>
#include <millrace/state.hpp>

struct Payment {
  std::int64_t key{};
  double value{};
  millrace::event_time at{};
};
MILLRACE_RECORD(Payment, 1, key, value, at)

struct Alert {
  std::int64_t account{};
  double total{};
};
MILLRACE_RECORD(Alert, 1, account, total)

struct SpendingCheck : millrace::processor {
  millrace::in<Payment> payments{this, "in", &SpendingCheck::on_payment, {.key = &Payment::key}};
  millrace::out<Alert> alerts{this, "out"};
  millrace::keyed_value<double> total{this, "total"};  // one for each key, part of every snapshot
  millrace::param<double> limit{this, "limit", 1000.0, {.unit = "EUR", .min = 0}};

  void on_payment(millrace::context&, const Payment& p) {
    const bool was_below = *total <= *limit;
    *total += p.value;
    if (was_below && *total > *limit) alerts.emit({p.key, *total});
  }
};
MILLRACE_ACTOR(SpendingCheck, {.id = "acme.spending", .title = "Spending check", .category = "Fraud"});

int main(int argc, char** argv) {
  millrace::topology t;
  t.name = "spending";
  t.add("payments", "millrace.generator", {{"count", 10'000}, {"keys", 100}});
  t.add("by_account", "millrace.by_key");
  t.add("check", "acme.spending", {{"limit", 400'000.0}}, 2);
  t.add("alerts", "millrace.file_sink", {{"path", "alerts"}});
  t.connect("payments", "by_account").connect("by_account", "check").connect("check", "alerts");
  return millrace::run(std::move(t), argc, argv);
}
