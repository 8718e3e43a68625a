#pragma once

#include <string>
#include <vector>

#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Keeps, orders, renames and casts fields. A value that cannot be cast goes through the failure policy, before
/// anything of its record was emitted.
class select final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  struct column {
    std::uint32_t from = 0;
    bool is_cast = false;
  };

  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> add_part(const schema& arriving, const std::string& part, schema& made);
  [[nodiscard]] result<void> add(const schema& arriving, std::uint32_t from, field as, schema& made);
  [[nodiscard]] result<void> mark_named(const schema& arriving);
  void set(dynamic_builder& row, std::uint32_t field, const record_view& record);
  [[noreturn]] void refuse(const record_view& record, std::uint32_t field, const char* expected) const;

  in<record_view> in_{this, "in", &select::on_record};
  out<record_view> out_{this, "out"};
  param<std::string> fields_{this,
                             "fields",
                             "*",
                             {.help = "The fields that stay, in their order, e.g. 'at, price as cost:decimal, *'; * "
                                      "stands for those not named here."}};
  param<std::string> drop_{this, "drop", "", {.help = "Fields that go, separated by commas; of those * stands for."}};

  std::vector<column> columns_;
  std::vector<bool> is_named_;  ///< of the fields that arrive: not what * stands for
  schema_ptr made_;
  std::string scratch_;
};

}  // namespace millrace::library
