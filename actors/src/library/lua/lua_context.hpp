#pragma once

#include <lua.hpp>

#include "library/lua/lua_script.hpp"

namespace millrace::library {

/// The table `ctx` of a script: functions and values that lead to the actor's context.
struct lua_context {
  /// Pushes it. May raise errors of Lua.
  static void push(lua_State* s, lua_script& script);

private:
  static lua_script& script_of(lua_State* s) noexcept;
  static int index(lua_State* s);
  static int assign(lua_State* s);
  static int emit(lua_State* s);
  static int set_timer(lua_State* s);
  static int cancel_timer(lua_State* s);
  static int set_clock_timer(lua_State* s);
  static int cancel_clock_timer(lua_State* s);
  static int random(lua_State* s);
  static int log(lua_State* s);

  static int set_deadline(lua_State* s, std::optional<lua_effects::deadline>& which);
  static bool read_row(lua_State* s, lua_script& script);
  static bool complete_row(lua_script& script);
  static bool append_row(lua_State* s, lua_script& script);
};

}  // namespace millrace::library
