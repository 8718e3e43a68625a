#include "library/processors/filter_by.hpp"

#include <stdexcept>

#include "library/lua/lua_values.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> filter_by::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  out_.set_type(type);
  rest_.set_type(type);
  auto made = lua_formula::condition("where", *where_, type->shared_schema());
  if (!made) return std::move(made).error();
  formula_ = std::move(*made);
  return {};
}

void filter_by::on_record(context&, const record_view& record) {
  formula_->run(record);
  auto* const s = formula_->state();
  if (!lua_isboolean(s, 1) && !lua_isnil(s, 1)) {
    throw std::runtime_error{
        formula_->describe(0, "this gave " + describe_value(s, 1) + " where true or false was expected")};
  }
  auto& to = lua_toboolean(s, 1) != 0 ? out_ : rest_;
  to.emit(record);
}

}  // namespace millrace::library
