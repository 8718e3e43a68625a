#pragma once

#include <string>

#include "library/processors/field_rules.hpp"
#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Holds events to rules of their fields: what keeps them goes to `out`, what does not to `rejected` with the reason,
/// or through the failure policy.
class schema_check final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record);

  in<record_view> in_{this, "in", &schema_check::on_record};
  out<record_view> out_{this, "out"};
  out<record_view> rejected_{this, "rejected", {.optional = true}};
  param<std::string> rules_text_{
      this,
      "rules",
      "",
      {.required = true,
       .help = "Rules, separated by semicolons: f required; f >= 0; f in a|b; f matches RE2; f length 1..20."}};
  param<std::string> violations_{this,
                                 "violations",
                                 "reject",
                                 {.choices = {"reject", "fail"},
                                  .help = "reject: to the output 'rejected'; fail: through the failure policy, which "
                                          "may make dead letters of them."}};

  field_rules rules_;
};

}  // namespace millrace::library
