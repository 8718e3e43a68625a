#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "library/lua/lua_source.hpp"
#include "millrace/schema.hpp"

namespace millrace::library {

/// What is known about a value before anything runs. `any`: nothing. All but `boolean` and `nil` may be nil as well.
enum class lua_kind : std::uint8_t { any, nil, boolean, number, text, time, table, function };
[[nodiscard]] const char* to_string(lua_kind t) noexcept;
/// What a field of a record is to Lua; nothing for types that Lua does not get (records, lists, maps).
[[nodiscard]] std::optional<lua_kind> lua_kind_of(const field_type& t) noexcept;

/// An expression as it was read.
struct lua_typed {
  lua_kind type = lua_kind::any;
  std::size_t first = 0;                 ///< its first token
  std::size_t last = 0;                  ///< its last token
  std::string path{};                    ///< of what has a name everybody knows: "math.floor", "e", "ctx"
  std::optional<std::uint32_t> field{};  ///< when it is nothing but a field
  bool is_given = false;                 ///< never nil
  bool is_operation = false;             ///< an operator and its operands, without parentheses
};

/// Reads expressions of Lua, and finds what can be told to be wrong without running them: unknown names, operators on
/// what they do not work on. Operators and precedence are those of Lua 5.1.
///
/// All members throw `lua_problem`. Thread: one owner.
class lua_reader {
public:
  explicit lua_reader(lua_source& source) noexcept : source_{&source} {}
  lua_reader(const lua_reader&) = delete;
  lua_reader& operator=(const lua_reader&) = delete;
  virtual ~lua_reader() = default;

protected:
  /// Deeper nesting is refused, before it becomes the stack's problem.
  static constexpr unsigned depth_max = 150;

  [[nodiscard]] lua_typed expression(unsigned limit = 0);
  /// A name with calls and indexes behind it, or an expression in parentheses.
  [[nodiscard]] lua_typed suffixed();

  /// What a name stands for; throws when it stands for nothing.
  [[nodiscard]] virtual lua_typed name(std::size_t token) = 0;
  /// `of.name`; builtins are known already.
  [[nodiscard]] virtual lua_typed member(const lua_typed& of, std::size_t token);
  /// `of:name(…)` of what is neither text nor time. `argument`: the first token of the arguments.
  [[nodiscard]] virtual lua_typed method(const lua_typed& of, std::size_t token);
  [[nodiscard]] virtual lua_typed function_body();
  [[nodiscard]] virtual lua_typed varargs();
  /// `{…}`; called at the opening brace.
  [[nodiscard]] virtual lua_typed table();

  /// A table's fields, for those who take tables; `each` gets the token of a name that is given (`name = …`) and its
  /// value.
  template <class Each>
  [[nodiscard]] lua_typed table_fields(Each each);
  /// The arguments of a call, in any of Lua's three forms.
  void arguments();

  [[nodiscard]] const lua_token& peek(std::size_t ahead = 0) const noexcept;
  [[nodiscard]] bool is_next(std::string_view what) const noexcept { return peek().is(what); }
  std::size_t take() noexcept { return at_++; }
  bool take_if(std::string_view what) noexcept;
  std::size_t expect(std::string_view what, const char* after);
  std::size_t expect_name(const char* after);
  [[nodiscard]] lua_source& source() const noexcept { return *source_; }
  [[nodiscard]] const lua_token& token(std::size_t i) const noexcept { return source_->tokens()[i]; }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }
  /// The expression as a person would point to it: `'price'`, or `this`.
  [[nodiscard]] std::string text_of(const lua_typed& e) const;
  [[noreturn]] void fail(std::size_t token, std::string text) const;
  [[noreturn]] void fail_here(const std::string& expected) const;
  [[nodiscard]] static lua_typed typed(lua_kind t, std::size_t first, std::size_t last) {
    return {.type = t, .first = first, .last = last};
  }
  /// Of what is never nil.
  [[nodiscard]] static lua_typed given(lua_kind t, std::size_t first, std::size_t last) {
    return {.type = t, .first = first, .last = last, .is_given = true};
  }

  void enter();
  void leave() noexcept { --depth_; }

private:
  [[nodiscard]] lua_typed simple();
  [[nodiscard]] lua_typed unary();
  [[nodiscard]] lua_typed primary();
  [[nodiscard]] lua_typed index(lua_typed of);
  [[nodiscard]] lua_typed call(const lua_typed& of);
  [[nodiscard]] lua_typed method_call(const lua_typed& of);
  [[nodiscard]] bool begins_arguments() const noexcept;
  void join(std::size_t sign, const lua_typed& operand);
  [[nodiscard]] lua_kind combine(std::size_t op, const lua_typed& a, const lua_typed& b) const;
  [[nodiscard]] lua_kind arithmetic(std::size_t op, const lua_typed& a, const lua_typed& b) const;
  void check_order(std::size_t op, const lua_typed& a, const lua_typed& b) const;
  void check_equality(std::size_t op, const lua_typed& a, const lua_typed& b) const;

  lua_source* source_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
};

template <class Each>
lua_typed lua_reader::table_fields(Each each) {
  const auto first = expect("{", "");
  while (!is_next("}")) {
    if (take_if("[")) {
      (void)expression();
      expect("]", "the key");
      expect("=", "the key");
      (void)expression();
    } else if (peek().what == lua_token::kind::name && peek(1).is("=")) {
      const auto name = take();
      (void)take();
      each(name, expression());
    } else {
      (void)expression();
    }
    if (!take_if(",") && !take_if(";")) break;
  }
  return given(lua_kind::table, first, expect("}", "the table's fields"));
}

}  // namespace millrace::library
