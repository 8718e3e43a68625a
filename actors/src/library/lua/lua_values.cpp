#include "library/lua/lua_values.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <new>

#include "millrace/text/input_schema.hpp"
#include "millrace/text/time_text.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

const char exact_key = 0;  // its address: the metatable of exact values in the registry

constexpr std::int64_t exact_in_double = std::int64_t{1} << 53;
constexpr std::int64_t fifteen_digits = 1'000'000'000'000'000;
constexpr double int64_end = 9'223'372'036'854'775'808.0;

bool fits_double(std::int64_t v, std::int64_t limit) noexcept {
  return v <= limit && v >= -limit;
}

const value& exact_argument(lua_State* s, int index) {
  const auto* v = exact_at(s, index);
  if (v == nullptr) luaL_typerror(s, index, "time or large integer");
  return *v;
}

const value& time_argument(lua_State* s, int index) {
  const auto* v = exact_at(s, index);
  if (v == nullptr || v->kind() != value_kind::event_time) luaL_typerror(s, index, "time");
  return *v;
}

/// Nanoseconds as a whole number; raises an error when there are too many.
std::int64_t nanoseconds_argument(lua_State* s, int index) {
  const auto n = std::floor(luaL_checknumber(s, index));
  if (!(n > -int64_end && n < int64_end)) luaL_error(s, "attempt to move a time too far");
  return static_cast<std::int64_t>(n);
}

int push_moved(lua_State* s, event_time from, std::int64_t by) {
  std::int64_t at = 0;
  if (__builtin_add_overflow(from.ns, by, &at)) return luaL_error(s, "attempt to move a time beyond 1678 … 2262");
  push_exact(s, value::of(event_time{at}));
  return 1;
}

bool both_exact(lua_State* s) {
  return exact_at(s, 1) != nullptr && exact_at(s, 2) != nullptr;
}

int equal(lua_State* s) {
  const auto& a = exact_argument(s, 1);
  const auto& b = exact_argument(s, 2);
  lua_pushboolean(s, static_cast<int>(a == b));
  return 1;
}

int less(lua_State* s, bool or_equal) {
  const auto& a = exact_argument(s, 1);
  const auto& b = exact_argument(s, 2);
  bool is_less = false;
  if (a.kind() == b.kind() && a.kind() != value_kind::decimal) {
    is_less = a.kind() == value_kind::uint64 ? a.as_uint64() < b.as_uint64() : a.as_int64() < b.as_int64();
  } else if (a.is_integer() && b.is_integer()) {
    is_less = a.kind() == value_kind::int64;
  } else {
    return luaL_error(s, "attempt to compare %s with %s", exact_name(a), exact_name(b));
  }
  lua_pushboolean(s, static_cast<int>(is_less || (or_equal && a == b)));
  return 1;
}

int less_than(lua_State* s) {
  return less(s, false);
}
int at_most(lua_State* s) {
  return less(s, true);
}

int refuse(lua_State* s) {
  const auto* v = exact_at(s, 1) != nullptr ? exact_at(s, 1) : exact_at(s, 2);
  push_exact_text(s, *v);
  if (v->kind() == value_kind::event_time)
    return luaL_error(s, "attempt to calculate with %s, a time: '+' and '-' move times", lua_tostring(s, -1));
  return luaL_error(s, "attempt to calculate with %s, which has more digits than a number of Lua; tonumber rounds it",
                    lua_tostring(s, -1));
}

int add(lua_State* s) {
  if (both_exact(s)) return refuse(s);
  const int time_at = exact_at(s, 1) != nullptr ? 1 : 2;
  if (exact_at(s, time_at)->kind() != value_kind::event_time) return refuse(s);
  return push_moved(s, exact_at(s, time_at)->as_time(), nanoseconds_argument(s, 3 - time_at));
}

int subtract(lua_State* s) {
  const auto* a = exact_at(s, 1);
  const auto* b = exact_at(s, 2);
  if (a == nullptr || a->kind() != value_kind::event_time) return refuse(s);
  if (b == nullptr) return push_moved(s, a->as_time(), -nanoseconds_argument(s, 2));
  if (b->kind() != value_kind::event_time) return refuse(s);
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a->as_int64(), b->as_int64(), &difference))
    return luaL_error(s, "attempt to subtract times too far apart");
  lua_pushnumber(s, static_cast<double>(difference));
  return 1;
}

int concatenate(lua_State* s) {
  return luaL_error(s, "attempt to concatenate a time or large integer; tostring makes text of it");
}

int as_text(lua_State* s) {
  return push_exact_text(s, exact_argument(s, 1));
}

int seconds(lua_State* s) {
  const auto ns = time_argument(s, 1).as_int64();
  // In two parts: the whole number of nanoseconds is more than a double holds.
  lua_pushnumber(s, static_cast<double>(ns / 1'000'000'000) + static_cast<double>(ns % 1'000'000'000) / 1e9);
  return 1;
}

int truncate(lua_State* s) {
  const auto at = time_argument(s, 1).as_time();
  const auto step = nanoseconds_argument(s, 2);
  if (step <= 0) return luaL_error(s, "truncate takes a positive number of nanoseconds");
  const auto over = at.ns % step;
  return push_moved(s, at, over < 0 ? -over - step : -over);
}

void put(lua_State* s, const char* name, lua_CFunction f) {
  lua_pushcfunction(s, f);
  lua_setfield(s, -2, name);
}

/// What a field of the type wants, for messages.
const char* wanted_by(const field_type& type) noexcept {
  switch (type.kind) {
    case field_kind::boolean:
      return "a boolean";
    case field_kind::string:
    case field_kind::bytes:
      return "text";
    case field_kind::event_time:
      return "a time";
    default:
      return "a number";
  }
}

const char* number_to_decimal(double n, value& out) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, n, std::chars_format::fixed);
  std::string scratch;
  const field_type type{.kind = field_kind::decimal};
  if (end.ec != std::errc{} || !std::isfinite(n)) return "a number of at most 18 digits";
  return parse_value(type, {text, end.ptr}, out, scratch);
}

const char* number_to_value(double n, const field_type& type, value& out) {
  switch (type.kind) {
    case field_kind::float32:
    case field_kind::float64:
      out = value::of(n);
      return nullptr;
    case field_kind::decimal:
      return number_to_decimal(n, out);
    case field_kind::integer:
    case field_kind::enumeration:
      if (std::floor(n) != n || !(std::fabs(n) <= static_cast<double>(exact_in_double))) return "a whole number";
      out = value::of(static_cast<std::int64_t>(n));
      return nullptr;
    default:
      return wanted_by(type);
  }
}

const char* text_to_value(lua_State* s, int index, const field_type& type, value& out) {
  std::size_t size = 0;
  const char* const text = lua_tolstring(s, index, &size);
  if (type.kind == field_kind::string) {
    out = value::of(std::string_view{text, size});
    return nullptr;
  }
  if (type.kind != field_kind::bytes) return wanted_by(type);
  out = value::of(bytes_view{reinterpret_cast<const std::byte*>(text), size});
  return nullptr;
}

const char* exact_to_value(const value& v, const field_type& type, value& out) {
  const bool fits = v.is_integer() ? type.kind == field_kind::integer || type.kind == field_kind::enumeration
                    : v.kind() == value_kind::event_time ? type.kind == field_kind::event_time
                                                         : type.kind == field_kind::decimal;
  if (!fits) return wanted_by(type);
  out = v;
  return nullptr;
}

}  // namespace

void open_exact_values(lua_State* s) {
  lua_pushlightuserdata(s, const_cast<char*>(&exact_key));
  lua_newtable(s);
  put(s, "__eq", &equal);
  put(s, "__lt", &less_than);
  put(s, "__le", &at_most);
  put(s, "__add", &add);
  put(s, "__sub", &subtract);
  for (const auto* name : {"__mul", "__div", "__mod", "__pow", "__unm"}) put(s, name, &refuse);
  put(s, "__concat", &concatenate);
  lua_newtable(s);
  put(s, "seconds", &seconds);
  put(s, "iso", &as_text);
  put(s, "truncate", &truncate);
  lua_setfield(s, -2, "__index");
  lua_rawset(s, LUA_REGISTRYINDEX);
}

const value* exact_at(lua_State* s, int index) {
  // No other full userdata is ever made.
  return lua_type(s, index) == LUA_TUSERDATA ? static_cast<const value*>(lua_touserdata(s, index)) : nullptr;
}

const char* exact_name(const value& v) noexcept {
  return v.kind() == value_kind::event_time ? "time" : v.kind() == value_kind::decimal ? "decimal" : "integer";
}

void push_exact(lua_State* s, const value& v) {
  new (lua_newuserdata(s, sizeof v)) value{v};
  lua_pushlightuserdata(s, const_cast<char*>(&exact_key));
  lua_rawget(s, LUA_REGISTRYINDEX);
  lua_setmetatable(s, -2);
}

int push_exact_text(lua_State* s, const value& v) {
  char buffer[64];
  std::size_t size = 0;
  {
    std::string text;  // gone before anything is raised
    const field_type type{.kind = v.kind() == value_kind::event_time ? field_kind::event_time
                                  : v.kind() == value_kind::decimal  ? field_kind::decimal
                                                                     : field_kind::integer};
    append_text(text, type, v, time_format::iso);
    size = std::min(text.size(), sizeof buffer);
    std::memcpy(buffer, text.data(), size);
  }
  lua_pushlstring(s, buffer, size);
  return 1;
}

void push_value(lua_State* s, const value& v) {
  switch (v.kind()) {
    case value_kind::boolean:
      return lua_pushboolean(s, static_cast<int>(v.as_bool()));
    case value_kind::int64:
      if (!fits_double(v.as_int64(), exact_in_double)) return push_exact(s, v);
      return lua_pushnumber(s, static_cast<double>(v.as_int64()));
    case value_kind::float64:
      return lua_pushnumber(s, v.as_float64());
    case value_kind::string:
    case value_kind::bytes:
      return (void)lua_pushlstring(s, reinterpret_cast<const char*>(v.as_bytes().data()), v.as_bytes().size());
    case value_kind::decimal:
      if (!fits_double(v.as_decimal().unscaled, fifteen_digits)) return push_exact(s, v);
      return lua_pushnumber(s, number_of(v));
    case value_kind::uint64:
    case value_kind::event_time:
      return push_exact(s, v);
    case value_kind::null:
    case value_kind::packed:
      return lua_pushnil(s);
  }
}

const char* to_value(lua_State* s, int index, const field_type& type, value& out) {
  switch (lua_type(s, index)) {
    case LUA_TNIL:
      out = value{};
      return type.optional ? nullptr : "a value";
    case LUA_TBOOLEAN:
      if (type.kind != field_kind::boolean) return wanted_by(type);
      out = value::of(lua_toboolean(s, index) != 0);
      return nullptr;
    case LUA_TNUMBER:
      return number_to_value(lua_tonumber(s, index), type, out);
    case LUA_TSTRING:
      return text_to_value(s, index, type, out);
    case LUA_TUSERDATA:
      return exact_to_value(*exact_at(s, index), type, out);
    default:
      return wanted_by(type);
  }
}

std::string describe_value(lua_State* s, int index) {
  switch (lua_type(s, index)) {
    case LUA_TNUMBER: {
      char text[40];
      return "the number " + std::string{text, std::to_chars(text, text + sizeof text, lua_tonumber(s, index)).ptr};
    }
    case LUA_TSTRING: {
      constexpr std::size_t shown = 40;
      std::size_t size = 0;
      const char* const text = lua_tolstring(s, index, &size);
      return "text '" + std::string{text, std::min(size, shown)} + (size > shown ? "…'" : "'");
    }
    case LUA_TBOOLEAN:
      return lua_toboolean(s, index) != 0 ? "true" : "false";
    case LUA_TUSERDATA:
      return std::string{"a "} +
             (exact_at(s, index)->kind() == value_kind::event_time ? "time" : "large integer or decimal");
    default:
      return luaL_typename(s, index);
  }
}

int exact_to_number(lua_State* s) {
  const auto& v = exact_argument(s, 1);
  if (v.kind() == value_kind::event_time)
    return luaL_error(s, "tonumber of a time: write t:seconds(), or subtract another time");
  lua_pushnumber(s, number_of(v));
  return 1;
}

int make_time(lua_State* s) {
  std::size_t size = 0;
  const char* const text = luaL_checklstring(s, 1, &size);
  const auto at = parse_event_time({text, size});
  if (!at) return luaL_error(s, "'%s' is no time; write it like 2026-11-21T10:00:00Z", text);
  push_exact(s, value::of(*at));
  return 1;
}

}  // namespace millrace::library
