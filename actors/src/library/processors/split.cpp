#include "library/processors/split.hpp"

#include <stdexcept>

#include "library/lua/lua_values.hpp"
#include "library/processors/key_fields.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

split::branch::branch(split* owner, const char* port)
    : name{port},
      to{owner, port, {.optional = true}},
      wants{owner,
            port,
            "",
            {.help = std::string{"What output '"} + port +
                     "' gets: a condition such as price > 100, or values of 'field', separated by commas."}} {}

result<void> split::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  rest_.set_type(type);
  bool is_any = false;
  for (auto& b : branches_) {
    b.to.set_type(type);
    is_any |= !b.wants->empty();
  }
  if (!is_any) {
    return user_error(errc::invalid_argument, "no output is to get anything: set 'a', 'b', … to conditions or values");
  }
  if (!field_->empty()) return read_values(type->schema());
  for (auto& b : branches_) {
    if (b.wants->empty()) continue;
    auto made = lua_formula::condition(b.name, *b.wants, type->shared_schema());
    if (!made) return std::move(made).error();
    b.condition = std::move(*made);
  }
  return {};
}

result<void> split::read_values(const schema& arriving) {
  by_value_.clear();
  const auto index = find_field(arriving, *field_, "field");
  if (!index) return index.error();
  index_ = *index;
  const auto& type = arriving.fields[*index].type;
  if (!type.is_scalar()) {
    return user_error(errc::invalid_argument, "parameter 'field': field '" + *field_ + "' is a " + to_text(type) +
                                                  ": name one that is a single value, or use conditions");
  }
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    if (auto ok = read_values_of(i, type); !ok) return ok;
  }
  return {};
}

result<void> split::read_values_of(std::size_t number, const field_type& type) {
  const auto& b = branches_[number];
  for (const auto& text : split_list(*b.wants, ',')) {
    value v;
    std::string scratch;
    const char* const expected = parse_value(type, text, v, scratch);
    if (expected != nullptr) {
      return user_error(errc::invalid_argument, "parameter '" + b.name + "' has '" + text + "', which field '" +
                                                    *field_ + "' (" + to_text(type) + ") cannot be: expected " +
                                                    expected);
    }
    const auto [known, is_new] = by_value_.emplace(canonical(v), number);
    if (!is_new) {
      return user_error(errc::invalid_argument, "value '" + text + "' stands in '" + branches_[known->second].name +
                                                    "' and '" + b.name + "': leave one out");
    }
  }
  return {};
}

void split::on_record(context&, const record_view& record) {
  std::array<bool, outputs_count> wanted{};
  bool is_taken = false;
  if (index_) {
    const auto at = by_value_.find(canonical(record.field(*index_)));
    is_taken = at != by_value_.end();
    if (is_taken) wanted[at->second] = true;
  }
  for (std::size_t i = 0; !index_ && i < branches_.size() && !(is_taken && *to_ == "first"); ++i) {
    wanted[i] = is_wanted(i, record);
    is_taken |= wanted[i];
  }
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    if (wanted[i]) branches_[i].to.emit(record);
  }
  if (!is_taken) rest_.emit(record);
}

bool split::is_wanted(std::size_t number, const record_view& record) {
  auto* const formula = branches_[number].condition.get();
  if (formula == nullptr) return false;
  formula->run(record);
  auto* const s = formula->state();
  if (lua_isboolean(s, 1) || lua_isnil(s, 1)) return lua_toboolean(s, 1) != 0;
  throw std::runtime_error{
      formula->describe(0, "this gave " + describe_value(s, 1) + " where true or false was expected")};
}

}  // namespace millrace::library
