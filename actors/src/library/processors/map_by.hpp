#pragma once

#include <memory>
#include <string>
#include <vector>

#include "library/lua/lua_formula.hpp"
#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Adds fields to records, or changes and removes some, by expressions over the fields that are there.
///
/// Output: the fields that are kept, in their order, then the new ones. A field that is assigned to keeps its place and
/// gets the type of the expression.
class map_by final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  /// Where a field of the output comes from.
  struct source {
    bool is_computed = false;
    std::uint32_t index = 0;  ///< of the result, or of the field that is copied
  };
  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> add_kept(const schema& arriving, schema& made);
  [[nodiscard]] result<void> add_computed(const schema& arriving, schema& made);
  [[nodiscard]] result<field_type> type_of(const schema& arriving, const lua_formula::column& c) const;

  in<record_view> in_{this, "in", &map_by::on_record};
  out<record_view> out_{this, "out"};
  param<std::string> set_{
      this,
      "set",
      "",
      {.required = true, .help = "Assignments, e.g. total = price * amount; fee:decimal = total * 0.01."}};
  param<std::string> keep_{
      this, "keep", "*", {.help = "Fields to keep, separated by commas; *: all; empty: only those that are set."}};

  std::unique_ptr<lua_formula> formula_;
  std::vector<source> sources_;
  schema_ptr made_;
  std::vector<value> results_;
};

}  // namespace millrace::library
