#pragma once

#include <memory>
#include <string>

#include "library/lua/lua_formula.hpp"
#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Parts a stream by an expression over the record's fields: what it is true for goes to `out`, everything else to
/// `rest`. An expression that fails goes through the failure policy.
class filter_by final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record);

  in<record_view> in_{this, "in", &filter_by::on_record};
  out<record_view> out_{this, "out"};
  out<record_view> rest_{this, "rest", {.optional = true}};
  param<std::string> where_{
      this, "where", "", {.required = true, .help = "The condition, e.g. price > 100 and symbol ~= 'X'."}};
  std::unique_ptr<lua_formula> formula_;
};

}  // namespace millrace::library
