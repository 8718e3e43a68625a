#include "library/lua/lua_formula.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "library/lua/lua_builtins.hpp"
#include "library/lua/lua_values.hpp"
#include "millrace/detail/nearest.hpp"

namespace millrace::library {

namespace {

constexpr std::size_t text_bytes_max = 64 << 10;
/// LuaJIT has room for 200 local variables.
constexpr std::size_t names_max = 150;

/// Which fields a record has, without those Lua does not get.
std::vector<std::string> readable_fields(const schema& s) {
  std::vector<std::string> names;
  for (const auto& f : s.fields) {
    if (lua_kind_of(f.type)) names.push_back(f.name);
  }
  return names;
}

/// Takes the name out of "attempt to … local 'x' (a nil value)": fields are locals only here, and LuaJIT names one also
/// when its place holds an operand by now.
std::string without_local(std::string message) {
  constexpr std::string_view before = " local '";
  constexpr std::string_view behind = "' (";
  const auto from = message.find(before);
  const auto to = from == std::string::npos ? from : message.find(behind, from);
  if (to == std::string::npos || !message.ends_with(" value)")) return message;
  message.pop_back();
  return message.replace(from, to + behind.size() - from, " ");
}

}  // namespace

class lua_formula::reader final : lua_reader {
public:
  explicit reader(lua_formula& f) : lua_reader{*f.source_}, formula_{&f} {}

  void read_single() {
    auto value = expression();
    if (peek().what != lua_token::kind::end) fail_here("the end");
    formula_->columns_.push_back({.name = {}, .value = std::move(value), .declared = {}, .personal = is_personal_});
    finish("return (", ")");
  }

  void read_assignments() {
    std::string names;
    while (take_if(";")) {
    }
    do {
      read_assignment();
      names += (names.empty() ? "" : ", ") + formula_->columns_.back().name;
      while (take_if(";")) {
      }
    } while (peek().what != lua_token::kind::end);
    finish("", " return " + names);
  }

private:
  void read_assignment() {
    const auto at = expect_name("the end of what came before");
    const std::string name{token(at).text};
    if (find_column(name) != nullptr) fail(at, "'" + name + "' is assigned twice");
    column made{.name = name, .value = {}, .declared = read_type(at), .offset = token(at).offset};
    const auto sign = expect("=", "the name");
    is_personal_ = false;
    made.value = expression();
    made.personal = is_personal_;
    source().replace(at, "local " + name);
    source().put_after(sign, "(");
    source().put_after(made.value.last, ")");
    formula_->columns_.push_back(std::move(made));
  }

  /// The type behind a colon, which LuaJIT does not get to see.
  std::optional<field_type> read_type(std::size_t name) {
    if (!is_next(":")) return std::nullopt;
    std::string text{token(name).text};
    const auto colon = position();
    while (!is_next("=") && peek().what != lua_token::kind::end) {
      text += peek().text;
      source().replace(take(), "");
    }
    auto one = parse_schema("assignment", text);
    if (!one) fail(colon, "this is no type: " + one.error().message);
    if (one->fields.size() != 1 || !lua_kind_of(one->fields.front().type)) {
      fail(colon, "an assignment makes one value, not '" + text + "'");
    }
    return one->fields.front().type;
  }

  lua_typed name(std::size_t at) override {
    const std::string text{token(at).text};
    if (const auto* known = find_column(text)) {
      return {.type = type_of(*known), .first = at, .last = at, .is_given = known->value.is_given};
    }
    const auto& records = *formula_->records_;
    if (const auto index = records.find(text)) return field(at, *index);
    if (is_library(text)) return {.type = lua_kind::table, .first = at, .last = at, .path = text};
    if (const auto* known = find_builtin(text)) {
      return {.type = known->is_function ? lua_kind::function : known->type,
              .first = at,
              .last = at,
              .path = text,
              .is_given = true};
    }
    if (const auto why = why_missing(text); !why.empty())
      fail(at, "'" + text + "' is not available: " + std::string{why});
    auto names = readable_fields(records);
    const auto fields = detail::quoted_list(names);
    for (const auto& c : formula_->columns_) names.push_back(c.name);
    const auto builtins = builtin_names();
    names.insert(names.end(), builtins.begin(), builtins.end());
    auto hint = detail::did_you_mean(text, names);
    fail(at,
         "records that arrive have no field '" + text + "'" + (hint.empty() ? " (they have " + fields + ")" : hint));
  }

  lua_typed field(std::size_t at, std::uint32_t index) {
    const auto& f = formula_->records_->fields[index];
    const auto type = lua_kind_of(f.type);
    if (!type) fail(at, "field '" + f.name + "' is a " + to_text(f.type) + ", which expressions do not read");
    auto& used = formula_->fields_;
    if (std::ranges::find(used, index) == used.end()) used.push_back(index);
    is_personal_ = is_personal_ || f.personal;
    return {.type = *type, .first = at, .last = at, .field = index, .is_given = !f.type.optional};
  }

  [[nodiscard]] const column* find_column(const std::string& name) const {
    const auto& all = formula_->columns_;
    const auto at = std::ranges::find(all, name, &column::name);
    return at == all.end() ? nullptr : &*at;
  }
  /// Later expressions see what an earlier one computed, not what its column makes of it.
  [[nodiscard]] static lua_kind type_of(const column& c) { return c.value.type; }

  void finish(const std::string& head, const std::string& tail) {
    if (formula_->fields_.size() + formula_->columns_.size() > names_max) {
      fail(0, "more than " + std::to_string(names_max) + " fields and assignments together");
    }
    std::string parameters;
    for (const auto index : formula_->fields_) {
      parameters += (parameters.empty() ? "local " : ", ") + formula_->records_->fields[index].name;
    }
    if (!parameters.empty()) parameters += " = ... ";
    formula_->code_ = source().generate(parameters + head, tail);
  }

  lua_formula* formula_;
  bool is_personal_ = false;
};

lua_formula::lua_formula(const std::string& parameter, const std::string& text, schema_ptr records)
    : records_{std::move(records)}, source_{std::make_unique<lua_source>("parameter '" + parameter + "'", text)} {}

template <class Read>
result<std::unique_ptr<lua_formula>> lua_formula::make(const std::string& parameter, const std::string& text,
                                                       schema_ptr records, Read read) {
  const auto title = "parameter '" + parameter + "'";
  if (text.size() > text_bytes_max) {
    return user_error(errc::limit_exceeded, title + " has more than " + std::to_string(text_bytes_max >> 10) + " KiB");
  }
  std::unique_ptr<lua_formula> made;
  try {
    made.reset(new lua_formula{parameter, text, std::move(records)});
    reader r{*made};
    read(r);
    made->compile();
  } catch (const lua_problem& p) {
    return user_error(errc::parse_error, title + ", " + place_in(text, p.offset) + ": " + p.text);
  } catch (const lua_failure& f) {
    return user_error(errc::parse_error, made->source_->explain(f.what()));
  }
  return made;
}

result<std::unique_ptr<lua_formula>> lua_formula::single(const std::string& parameter, const std::string& text,
                                                         schema_ptr records) {
  return make(parameter, text, std::move(records), [](reader& r) { r.read_single(); });
}

result<std::unique_ptr<lua_formula>> lua_formula::condition(const std::string& parameter, const std::string& text,
                                                            schema_ptr records) {
  auto made = single(parameter, text, std::move(records));
  if (!made) return made;
  const auto type = (*made)->columns_.front().value.type;
  if (type == lua_kind::boolean || type == lua_kind::any || type == lua_kind::nil) return made;
  return user_error(errc::parse_error, (*made)->describe(0, std::string{"this gives "} + to_string(type) +
                                                                ", and a condition gives true or false"));
}

result<std::unique_ptr<lua_formula>> lua_formula::assignments(const std::string& parameter, const std::string& text,
                                                              schema_ptr records) {
  return make(parameter, text, std::move(records), [](reader& r) { r.read_assignments(); });
}

void lua_formula::compile() {
  machine_ = std::make_unique<lua_machine>(lua_limits{});
  function_ = machine_->load(code_, lua_source::chunk_name);
}

int lua_formula::body(lua_State* s) {
  const auto& r = *static_cast<const request*>(lua_touserdata(s, 1));
  const auto& f = r.formula;
  const auto arguments = static_cast<int>(f.fields_.size());
  const auto results = static_cast<int>(f.columns_.size());
  luaL_checkstack(s, arguments + results + 10, "too many fields");
  lua_rawgeti(s, LUA_REGISTRYINDEX, f.function_);
  for (const auto index : f.fields_) push_value(s, r.record.field(index));
  lua_call(s, arguments, results);
  return results;
}

void lua_formula::run(const record_view& record) {
  if (machine_->is_spent()) compile();
  request r{*this, record};
  try {
    machine_->call_uncounted(&body, &r, static_cast<int>(columns_.size()));
  } catch (const lua_failure& f) {
    throw std::runtime_error{source_->explain(without_local(f.what()))};
  }
}

}  // namespace millrace::library
