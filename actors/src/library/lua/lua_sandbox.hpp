#pragma once

#include <lua.hpp>

namespace millrace::library {

/// Fills a new state with what `lua_builtins` lists, and nothing else. A body for lua_cpcall; its argument is a
/// `const lua_limits*`.
int open_lua_sandbox(lua_State* s);
/// Pushes the table that scripts take for their globals.
void push_lua_globals(lua_State* s);
/// Pushes the sandbox's function that makes what a script built at load unchangeable: `seal(value, changing)`, where
/// `changing[line]` is true for functions that assign to locals of functions around them.
void push_lua_seal(lua_State* s);

}  // namespace millrace::library
