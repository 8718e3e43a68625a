#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "library/lua/lua_formula.hpp"
#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Parts a stream over several outputs: by conditions, or by the values of one field. An event goes to the first output
/// that wants it, or to each of them; what none wants goes to `rest`. A condition that fails goes through the failure
/// policy, before the event went anywhere.
class split final : public processor {
public:
  result<void> configure(wiring& w) override;

  static constexpr std::size_t outputs_count = 6;

private:
  struct branch {
    branch(split* owner, const char* name);

    std::string name;
    out<record_view> to;
    param<std::string> wants;
    std::unique_ptr<lua_formula> condition;
  };

  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> read_values(const schema& arriving);
  [[nodiscard]] result<void> read_values_of(std::size_t number, const field_type& type);
  [[nodiscard]] bool is_wanted(std::size_t number, const record_view& record);

  in<record_view> in_{this, "in", &split::on_record};
  std::array<branch, outputs_count> branches_{branch{this, "a"}, branch{this, "b"}, branch{this, "c"},
                                              branch{this, "d"}, branch{this, "e"}, branch{this, "f"}};
  out<record_view> rest_{this, "rest", {.optional = true}};
  param<std::string> field_{
      this, "field", "", {.help = "The field whose values 'a' to 'f' list; left out: they are conditions."}};
  param<std::string> to_{
      this,
      "to",
      "first",
      {.choices = {"first", "all"}, .help = "The first output that wants an event, or all that do."}};

  std::optional<std::uint32_t> index_;
  std::map<std::string, std::size_t> by_value_;  ///< in canonical form
};

}  // namespace millrace::library
