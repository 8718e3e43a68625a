#include "inspect/lua_condition.hpp"

#include <stdexcept>
#include <utility>

#include "inspect/dynamic_rows.hpp"
#include "library/lua/lua_formula.hpp"
#include "library/lua/lua_values.hpp"

namespace millrace::inspect {

namespace {

class lua_condition final : public record_condition {
public:
  lua_condition(std::unique_ptr<library::lua_formula> formula, const record_type& records)
      : formula_{std::move(formula)}, rows_{records} {}

  found first_in(const batch& records, std::uint32_t from, std::uint32_t end) override {
    found out{end};
    const auto readable = rows_.of(records);
    for (auto row = from; row < end; ++row) {
      try {
        if (!holds(record_view{*readable, row})) continue;
        out.row = row;
        return out;
      } catch (const std::exception& e) {
        if (out.failures++ == 0) out.first_failure = e.what();
      }
    }
    return out;
  }

private:
  bool holds(const record_view& record) {
    formula_->run(record);
    auto* const s = formula_->state();
    if (!lua_isboolean(s, 1) && !lua_isnil(s, 1)) {
      throw std::runtime_error{
          formula_->describe(0, "this gave " + library::describe_value(s, 1) + " where true or false was expected")};
    }
    return lua_toboolean(s, 1) != 0;
  }

  std::unique_ptr<library::lua_formula> formula_;
  dynamic_rows rows_;
};

}  // namespace

result<std::shared_ptr<record_condition>> make_lua_condition(const std::string& text, const record_type& records) {
  auto formula = library::lua_formula::condition("condition", text, records.shared_schema());
  if (!formula) return std::move(formula).error();
  if ((*formula)->columns().front().personal) {
    return user_error(errc::denied,
                      "the condition uses a field that is marked as !personal, whose values are not to be found out");
  }
  return std::shared_ptr<record_condition>{std::make_shared<lua_condition>(*std::move(formula), records)};
}

}  // namespace millrace::inspect
