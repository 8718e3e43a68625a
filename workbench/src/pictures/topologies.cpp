#include "pictures/picture_session.hpp"

namespace millrace::workbench {

topology chains(int count) {
  topology t;
  t.name = "nodes-" + std::to_string(count);
  for (int i = 0; static_cast<int>(t.actors.size()) < count; ++i) {
    const auto n = std::to_string(i);
    t.add("orders-" + n, "millrace.generator", {{"rate", 500.0}, {"seed", i}});
    t.add("spread-" + n, "millrace.by_key");
    t.add("sum-" + n, "millrace.window", {{"key", std::string{"key"}}, {"size", std::string{"1s"}}}, 2);
    t.add("large-" + n, "millrace.filter",
          {{"field", std::string{"count"}}, {"value", std::string{"1"}}, {"comparison", std::string{">="}}});
    t.connect("orders-" + n, "spread-" + n).connect("spread-" + n, "sum-" + n).connect("sum-" + n, "large-" + n);
    if (i % 2 == 0) t.add("out-" + n, "millrace.null_sink");
    t.connect("large-" + n, "out-" + std::to_string(i - i % 2));
  }
  return t;
}

topology jammed() {
  topology t;
  t.name = "jammed";
  t.add("orders", "millrace.generator", {{"keys", 5000}});
  t.add("spread", "millrace.by_key");
  t.add("quantiles", "millrace.quantiles",
        {{"key", std::string{"key"}}, {"value", std::string{"value"}}, {"size", std::string{"1s"}}}, 2);
  t.add("out", "millrace.null_sink");
  return t.connect("orders", "spread").connect("spread", "quantiles").connect("quantiles", "out");
}

topology ruled() {
  topology t;
  t.name = "payments";
  t.settings.snapshot_interval = std::chrono::milliseconds{500};
  t.add("payments", "millrace.generator", {{"rate", 400.0}});
  auto& rule = t.add("rule", "millrace.flat_map",
                     {{"body", std::string{"if e.number % 100 == 7 then error('no price for ' .. e.key) end "
                                           "if e.number % 200 == 0 then ctx:log('payment ' .. e.number) end "
                                           "ctx:emit(e)"}}});
  rule.on_failure.action = failure_action::resume;
  t.add("audit", "millrace.sample", {{"fraction", 0.1}});
  t.add("out", "millrace.null_sink");
  t.add("audited", "millrace.null_sink");
  return t.connect("payments", "rule").connect("rule", "out").connect("rule", "audit").connect("audit", "audited");
}

}  // namespace millrace::workbench
