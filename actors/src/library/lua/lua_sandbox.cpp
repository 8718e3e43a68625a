#include "library/lua/lua_sandbox.hpp"

#include <cstring>

#include "library/lua/lua_machine.hpp"
#include "library/lua/lua_prelude.hpp"
#include "library/lua/lua_source.hpp"
#include "library/lua/lua_values.hpp"

namespace millrace::library {

namespace {

// Addresses, as keys of the registry.
const char globals_key = 0;
const char seal_key = 0;

int type_of(lua_State* s) {
  luaL_checkany(s, 1);
  const auto* exact = exact_at(s, 1);
  lua_pushstring(s, exact == nullptr ? luaL_typename(s, 1) : exact->is_integer() ? "integer" : exact_name(*exact));
  return 1;
}

/// Addresses, which differ from run to run, never become text.
int text_of(lua_State* s) {
  luaL_checkany(s, 1);
  switch (lua_type(s, 1)) {
    case LUA_TNIL:
      lua_pushliteral(s, "nil");
      return 1;
    case LUA_TBOOLEAN:
      lua_pushstring(s, lua_toboolean(s, 1) != 0 ? "true" : "false");
      return 1;
    case LUA_TNUMBER:
    case LUA_TSTRING:
      lua_pushvalue(s, 1);
      (void)lua_tolstring(s, -1, nullptr);
      return 1;
    case LUA_TUSERDATA:
      if (const auto* exact = exact_at(s, 1)) return push_exact_text(s, *exact);
      [[fallthrough]];
    default:
      lua_pushstring(s, luaL_typename(s, 1));
      return 1;
  }
}

int upvalue_of(lua_State* s) {
  return lua_getupvalue(s, 1, static_cast<int>(lua_tointeger(s, 2))) == nullptr
             ? 0
             : (lua_pushboolean(s, 1), lua_insert(s, -2), 2);
}

/// Where a function of the user's text begins; nothing for other functions.
int line_of(lua_State* s) {
  lua_Debug about;
  lua_settop(s, 1);
  if (lua_getinfo(s, ">S", &about) == 0 || std::strcmp(about.source, lua_source::chunk_name) != 0) return 0;
  lua_pushinteger(s, about.linedefined);
  return 1;
}

void put(lua_State* s, const char* name, lua_CFunction f) {
  lua_pushcfunction(s, f);
  lua_setfield(s, -2, name);
}

void open(lua_State* s, const char* name, lua_CFunction f) {
  lua_pushcfunction(s, f);
  lua_pushstring(s, name);
  lua_call(s, 1, 0);
}

}  // namespace

int open_lua_sandbox(lua_State* s) {
  const auto limits = *static_cast<const lua_limits*>(lua_touserdata(s, 1));
  open(s, "", &luaopen_base);
  open(s, LUA_MATHLIBNAME, &luaopen_math);
  open(s, LUA_STRLIBNAME, &luaopen_string);
  open(s, LUA_TABLIBNAME, &luaopen_table);
  open_exact_values(s);
  if (luaL_loadbufferx(s, lua_prelude.data(), lua_prelude.size(), "=sandbox", "t") != 0) return lua_error(s);
  lua_newtable(s);
  put(s, "type", &type_of);
  put(s, "tostring", &text_of);
  put(s, "tonumber", &exact_to_number);
  put(s, "time", &make_time);
  put(s, "upvalue", &upvalue_of);
  put(s, "line", &line_of);
  lua_pushnumber(s, static_cast<double>(limits.memory_bytes));
  lua_setfield(s, -2, "memory_bytes");
  lua_call(s, 1, 3);  // globals, seal, functions of texts
  lua_pushliteral(s, "");
  lua_getmetatable(s, -1);
  lua_pushvalue(s, -3);
  lua_setfield(s, -2, "__index");
  lua_pop(s, 3);
  lua_pushlightuserdata(s, const_cast<char*>(&seal_key));
  lua_insert(s, -2);
  lua_rawset(s, LUA_REGISTRYINDEX);
  lua_pushlightuserdata(s, const_cast<char*>(&globals_key));
  lua_insert(s, -2);
  lua_rawset(s, LUA_REGISTRYINDEX);
  return 0;
}

void push_lua_globals(lua_State* s) {
  lua_pushlightuserdata(s, const_cast<char*>(&globals_key));
  lua_rawget(s, LUA_REGISTRYINDEX);
}

void push_lua_seal(lua_State* s) {
  lua_pushlightuserdata(s, const_cast<char*>(&seal_key));
  lua_rawget(s, LUA_REGISTRYINDEX);
}

}  // namespace millrace::library
