#pragma once

#include <string>

#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Parts a stream by comparing one field with a fixed value: what matches goes to `out`, everything else to `rest`.
/// A null field matches nothing but `!=`; NaN compares as in IEEE 754.
class filter final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  enum class comparison : unsigned char { equal, unequal, less, at_most, more, at_least, contains };

  void on_record(context& c, const record_view& record);
  [[nodiscard]] bool matches(const value& v) const;

  in<record_view> in_{this, "in", &filter::on_record};
  out<record_view> out_{this, "out"};
  out<record_view> rest_{this, "rest"};
  param<std::string> field_{this, "field", "", {.required = true, .help = "The field to look at."}};
  param<std::string> comparison_{
      this,
      "comparison",
      "==",
      {.choices = {"==", "!=", "<", "<=", ">", ">=", "contains"}, .help = "How the field is compared with the value."}};
  param<std::string> value_{
      this,
      "value",
      "",
      {.required = true, .help = "What to compare with, as text: 12.5, true, abc, 2026-11-21T10:00:00Z."}};

  std::uint32_t index_ = 0;
  comparison how_ = comparison::equal;
  std::string scratch_;
  std::string operand_text_;
  value operand_;
};

}  // namespace millrace::library
