#include "library/lua/lua_reader.hpp"

#include <algorithm>
#include <array>

#include "library/lua/lua_builtins.hpp"
#include "millrace/detail/nearest.hpp"

namespace millrace::library {

namespace {

struct binary {
  std::string_view symbol;
  unsigned left;
  unsigned right;  ///< less than `left`: binds to the right
};
/// Lua 5.1, 2.5.6.
constexpr std::array operators{binary{"or", 1, 1}, binary{"and", 2, 2}, binary{"<", 3, 3},  binary{">", 3, 3},
                               binary{"<=", 3, 3}, binary{">=", 3, 3},  binary{"~=", 3, 3}, binary{"==", 3, 3},
                               binary{"..", 5, 4}, binary{"+", 6, 6},   binary{"-", 6, 6},  binary{"*", 7, 7},
                               binary{"/", 7, 7},  binary{"%", 7, 7},   binary{"^", 10, 9}};
constexpr unsigned unary_limit = 8;

bool is_unknown(lua_kind t) noexcept {
  return t == lua_kind::any;
}
bool may_be(lua_kind t, lua_kind wanted) noexcept {
  return is_unknown(t) || t == wanted;
}

}  // namespace

const char* to_string(lua_kind t) noexcept {
  switch (t) {
    case lua_kind::any:
      return "a value";
    case lua_kind::nil:
      return "nil";
    case lua_kind::boolean:
      return "a boolean";
    case lua_kind::number:
      return "a number";
    case lua_kind::text:
      return "text";
    case lua_kind::time:
      return "a time";
    case lua_kind::table:
      return "a table";
    case lua_kind::function:
      return "a function";
  }
  return "";
}

std::optional<lua_kind> lua_kind_of(const field_type& t) noexcept {
  switch (t.kind) {
    case field_kind::boolean:
      return lua_kind::boolean;
    case field_kind::string:
    case field_kind::bytes:
      return lua_kind::text;
    case field_kind::event_time:
      return lua_kind::time;
    case field_kind::record:
    case field_kind::list:
    case field_kind::map:
      return std::nullopt;
    default:
      return lua_kind::number;
  }
}

const lua_token& lua_reader::peek(std::size_t ahead) const noexcept {
  const auto& all = source_->tokens();
  return all[std::min(at_ + ahead, all.size() - 1)];
}

bool lua_reader::take_if(std::string_view what) noexcept {
  if (!is_next(what)) return false;
  ++at_;
  return true;
}

std::size_t lua_reader::expect(std::string_view what, const char* after) {
  if (!is_next(what)) {
    fail_here("'" + std::string{what} + "'" + (*after == '\0' ? std::string{} : std::string{" after "} + after));
  }
  return take();
}

std::size_t lua_reader::expect_name(const char* after) {
  if (peek().what != lua_token::kind::name) fail_here(std::string{"a name after "} + after);
  return take();
}

void lua_reader::fail(std::size_t token, std::string text) const {
  throw lua_problem{source_->tokens()[token].offset, std::move(text)};
}

void lua_reader::fail_here(const std::string& expected) const {
  const auto& t = peek();
  if (t.is("=")) fail(at_, "'=' stands where " + expected + " was expected; '==' compares");
  fail(at_, (t.what == lua_token::kind::end ? std::string{"the text ends"} : "'" + std::string{t.text} + "' stands") +
                " where " + expected + " was expected");
}

std::string lua_reader::text_of(const lua_typed& e) const {
  const auto& from = token(e.first);
  const auto& to = token(e.last);
  auto text = source_->text().substr(from.offset, to.offset + to.text.size() - from.offset);
  constexpr std::size_t long_enough = 40;
  return text.size() > long_enough ? "this" : "'" + text + "'";
}

void lua_reader::enter() {
  if (++depth_ > depth_max) fail(at_, "nested more than " + std::to_string(depth_max) + " deep");
}

lua_typed lua_reader::expression(unsigned limit) {
  enter();
  auto left = unary();
  for (;;) {
    const auto op = std::ranges::find_if(operators, [&](const binary& b) { return is_next(b.symbol); });
    if (op == operators.end() || op->left <= limit) break;
    const auto sign = take();
    const auto right = expression(op->right);
    join(sign, right);
    auto both = given(combine(sign, left, right), left.first, right.last);
    if (token(sign).is("or")) both.is_given = right.is_given;
    if (token(sign).is("and")) both.is_given = left.is_given && right.is_given;
    // Joined texts are one instruction; `and` and `or` never fail.
    both.is_operation = op->left > 2 && op->symbol != "..";
    left = std::move(both);
  }
  leave();
  return left;
}

/// Sees to it that a failure of the operator can be told from one of its right operand.
void lua_reader::join(std::size_t sign, const lua_typed& operand) {
  if (operand.is_operation) {
    source_->set_apart(operand.first, operand.last, sign);
  } else {
    source_->set_operator(operand.last, sign);
  }
}

lua_typed lua_reader::unary() {
  if (!is_next("not") && !is_next("-") && !is_next("#")) return simple();
  const auto sign = take();
  const auto of = expression(unary_limit);
  if (token(sign).is("not")) return given(lua_kind::boolean, sign, of.last);
  if (token(sign).is("-")) {
    if (!may_be(of.type, lua_kind::number))
      fail(sign, "'-' works on numbers, and " + text_of(of) + " is " + to_string(of.type));
    join(sign, of);
    auto negated = given(lua_kind::number, sign, of.last);
    negated.is_operation = true;
    return negated;
  }
  if (!may_be(of.type, lua_kind::text) && !may_be(of.type, lua_kind::table)) {
    fail(sign, "'#' works on text and tables, and " + text_of(of) + " is " + to_string(of.type));
  }
  // Tables that were made at load are read through another table, which LuaJIT's `#` does not see.
  source_->replace(sign, "__length(");
  source_->put_after(of.last, ")");
  return given(lua_kind::number, sign, of.last);
}

lua_typed lua_reader::simple() {
  const auto& t = peek();
  if (t.what == lua_token::kind::number || t.what == lua_token::kind::text) {
    const auto at = take();
    return given(t.what == lua_token::kind::number ? lua_kind::number : lua_kind::text, at, at);
  }
  if (t.is("nil") || t.is("true") || t.is("false")) {
    const auto at = take();
    return t.is("nil") ? typed(lua_kind::nil, at, at) : given(lua_kind::boolean, at, at);
  }
  if (t.is("function")) return function_body();
  if (t.is("...")) return varargs();
  if (t.is("{")) return table();
  return suffixed();
}

lua_typed lua_reader::primary() {
  if (peek().what == lua_token::kind::name) return name(take());
  if (!is_next("(")) fail_here("a value");
  const auto first = take();
  const auto inner = expression();
  const auto last = expect(")", "what the parenthesis opened");
  auto whole = typed(inner.type, first, last);
  whole.is_given = inner.is_given;
  return whole;
}

bool lua_reader::begins_arguments() const noexcept {
  return is_next("(") || is_next("{") || peek().what == lua_token::kind::text;
}

lua_typed lua_reader::suffixed() {
  auto of = primary();
  for (;;) {
    if (is_next(".") || is_next("[")) {
      of = index(std::move(of));
    } else if (is_next(":")) {
      of = method_call(of);
    } else if (begins_arguments()) {
      of = call(of);
    } else {
      return of;
    }
  }
}

lua_typed lua_reader::index(lua_typed of) {
  if (take_if("[")) {
    if (!of.path.empty() && is_library(of.path)) fail(position() - 1, "write " + of.path + ".name");
    if (!may_be(of.type, lua_kind::table))
      fail(of.first, text_of(of) + " is " + to_string(of.type) + " and has no elements");
    (void)expression();
    return typed(lua_kind::any, of.first, expect("]", "the index"));
  }
  (void)take();
  const auto at = expect_name("'.'");
  if (is_library(of.path)) {
    const auto path = of.path + "." + std::string{token(at).text};
    if (const auto* known = find_builtin(path)) {
      return {.type = known->is_function ? lua_kind::function : known->type,
              .first = of.first,
              .last = at,
              .path = path,
              .is_given = true};
    }
    const auto why = why_missing(path);
    if (!why.empty()) fail(at, "'" + path + "' is not available: " + std::string{why});
    fail(at, "there is no '" + path + "'" + detail::did_you_mean(token(at).text, builtin_members(of.path + ".")));
  }
  if (!may_be(of.type, lua_kind::table)) fail(at, text_of(of) + " is " + to_string(of.type) + " and has no fields");
  return member(of, at);
}

lua_typed lua_reader::member(const lua_typed& of, std::size_t token) {
  return typed(lua_kind::any, of.first, token);
}

lua_typed lua_reader::method(const lua_typed& of, std::size_t) {
  arguments();
  return typed(lua_kind::any, of.first, position() - 1);
}

lua_typed lua_reader::method_call(const lua_typed& of) {
  (void)take();
  const auto at = expect_name("':'");
  if (!begins_arguments()) fail_here("the arguments of '" + std::string{token(at).text} + "'");
  if (of.type == lua_kind::text || of.type == lua_kind::time) {
    const std::string prefix = of.type == lua_kind::text ? "string." : "time:";
    const auto* known = find_builtin(prefix + std::string{token(at).text});
    if (known == nullptr) {
      const auto why = why_missing(prefix + std::string{token(at).text});
      fail(at,
           std::string{to_string(of.type)} + " has no '" + std::string{token(at).text} + "'" +
               (why.empty() ? detail::did_you_mean(token(at).text, builtin_members(prefix)) : ": " + std::string{why}));
    }
    arguments();
    return given(known->type, of.first, position() - 1);
  }
  if (!may_be(of.type, lua_kind::table)) fail(at, text_of(of) + " is " + to_string(of.type) + " and has no functions");
  return method(of, at);
}

lua_typed lua_reader::call(const lua_typed& of) {
  if (is_library(of.path)) fail(of.first, "'" + of.path + "' is a library, not a function");
  const auto* known = of.path.empty() ? nullptr : find_builtin(of.path);
  if (!may_be(of.type, lua_kind::function))
    fail(of.first, text_of(of) + " is " + to_string(of.type) + ", not a function");
  arguments();
  auto made = typed(known == nullptr ? lua_kind::any : known->type, of.first, position() - 1);
  made.is_given = known != nullptr && known->path != "tonumber";
  return made;
}

void lua_reader::arguments() {
  if (peek().what == lua_token::kind::text) {
    (void)take();
  } else if (is_next("{")) {
    (void)table();
  } else {
    expect("(", "");
    if (!is_next(")")) {
      do (void)expression();
      while (take_if(","));
    }
    expect(")", "the arguments");
  }
}

lua_typed lua_reader::function_body() {
  fail(position(), "an expression defines no functions");
}

lua_typed lua_reader::varargs() {
  fail(position(), "an expression has no '...'");
}

lua_typed lua_reader::table() {
  fail(position(), "an expression makes no tables");
}

lua_kind lua_reader::combine(std::size_t op, const lua_typed& a, const lua_typed& b) const {
  const auto& sign = token(op);
  // What is false or nil on the left is the result, so a boolean or anything may come of it.
  if (sign.is("and")) return a.type == lua_kind::boolean && b.type != lua_kind::boolean ? lua_kind::any : b.type;
  if (sign.is("or")) return a.type == b.type || a.type == lua_kind::nil ? b.type : lua_kind::any;
  if (sign.is("==") || sign.is("~=")) {
    check_equality(op, a, b);
    return lua_kind::boolean;
  }
  if (sign.is("<") || sign.is(">") || sign.is("<=") || sign.is(">=")) {
    check_order(op, a, b);
    return lua_kind::boolean;
  }
  if (!sign.is("..")) return arithmetic(op, a, b);
  for (const auto* side : {&a, &b}) {
    if (may_be(side->type, lua_kind::text) || side->type == lua_kind::number) continue;
    fail(op, "'..' joins text and numbers, and " + text_of(*side) + " is " + to_string(side->type) +
                 (side->type == lua_kind::nil ? "" : "; tostring makes text of it"));
  }
  return lua_kind::text;
}

lua_kind lua_reader::arithmetic(std::size_t op, const lua_typed& a, const lua_typed& b) const {
  const auto& sign = token(op);
  const bool moves = sign.is("+") || sign.is("-");
  if (moves && (a.type == lua_kind::time || b.type == lua_kind::time)) {
    if (a.type == lua_kind::time && b.type == lua_kind::time) {
      if (sign.is("+")) fail(op, "'+' moves a time by nanoseconds; two times have no sum");
      return lua_kind::number;
    }
    const auto& other = a.type == lua_kind::time ? b : a;
    if (is_unknown(other.type)) return sign.is("+") ? lua_kind::time : lua_kind::any;
    if (other.type == lua_kind::number && !(sign.is("-") && b.type == lua_kind::time)) return lua_kind::time;
  }
  for (const auto* side : {&a, &b}) {
    if (may_be(side->type, lua_kind::number)) continue;
    fail(op,
         "'" + std::string{sign.text} + "' works on numbers, and " + text_of(*side) + " is " + to_string(side->type));
  }
  return moves && (is_unknown(a.type) || is_unknown(b.type)) ? lua_kind::any : lua_kind::number;
}

void lua_reader::check_order(std::size_t op, const lua_typed& a, const lua_typed& b) const {
  for (const auto* side : {&a, &b}) {
    const auto t = side->type;
    if (is_unknown(t) || t == lua_kind::number || t == lua_kind::text || t == lua_kind::time) continue;
    fail(op, "'" + std::string{token(op).text} + "' compares numbers, texts or times, and " + text_of(*side) + " is " +
                 to_string(t));
  }
  if (is_unknown(a.type) || is_unknown(b.type) || a.type == b.type) return;
  fail(op, "'" + std::string{token(op).text} + "' cannot compare " + to_string(a.type) + " with " + to_string(b.type));
}

void lua_reader::check_equality(std::size_t op, const lua_typed& a, const lua_typed& b) const {
  const auto is_open = [](lua_kind t) { return is_unknown(t) || t == lua_kind::nil; };
  if (is_open(a.type) || is_open(b.type) || a.type == b.type) return;
  fail(op, std::string{to_string(a.type)} + " never equals " + to_string(b.type));
}

}  // namespace millrace::library
