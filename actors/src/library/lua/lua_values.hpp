#pragma once

#include <lua.hpp>
#include <string>

#include "millrace/schema.hpp"
#include "millrace/value.hpp"

namespace millrace::library {

/// How fields of records become values of Lua and the other way round.
///
/// | field | Lua |
/// |---|---|
/// | boolean, text | boolean, string |
/// | bytes | string |
/// | integers and enumerations up to 2^53, floats, decimals of up to 15 digits | number |
/// | larger integers and decimals | an exact value: compares, becomes text and is passed on, but does not calculate |
/// | event time | an exact value that numbers of nanoseconds move |
/// | null, records, lists, maps | nil |
///
/// What is named `push…` may raise errors of Lua and allocates there.

/// Before anything else, once a state.
void open_exact_values(lua_State* s);

void push_value(lua_State* s, const value& v);
/// Takes a value as the field's type has it. nullptr, or what would have been right, e.g. "a whole number". Text stays
/// a view of what lies on Lua's stack. Raises and allocates nothing in Lua.
[[nodiscard]] const char* to_value(lua_State* s, int index, const field_type& type, value& out);
/// What the value at `index` is, for messages: "text 'abc'", "the number 0.5".
[[nodiscard]] std::string describe_value(lua_State* s, int index);

/// The exact value at an index; nullptr when it is none. Times, integers and decimals.
[[nodiscard]] const value* exact_at(lua_State* s, int index);
[[nodiscard]] const char* exact_name(const value& v) noexcept;
void push_exact(lua_State* s, const value& v);
/// Pushes its text, returns 1.
int push_exact_text(lua_State* s, const value& v);

/// Functions for the sandbox: `tonumber` of an exact value, and `time("2026-11-21T10:00:00Z")`.
int exact_to_number(lua_State* s);
int make_time(lua_State* s);

}  // namespace millrace::library
