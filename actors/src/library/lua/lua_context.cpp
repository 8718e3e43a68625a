#include "library/lua/lua_context.hpp"

#include <cmath>
#include <new>
#include <string_view>

#include "library/lua/lua_kept.hpp"
#include "library/lua/lua_values.hpp"
#include "millrace/detail/nearest.hpp"

namespace millrace::library {

namespace {

/// Rows of one call; more is a script that has lost its way, or work for several events.
constexpr std::uint32_t rows_max = 10'000;
constexpr std::size_t log_bytes_max = 4'096;
/// Upvalues of all functions here.
constexpr int script_upvalue = 1;
constexpr int functions_upvalue = 2;
constexpr int fields_upvalue = 2;

/// No exception of C++ may pass Lua; an error of Lua passes this as it is.
template <int (*Body)(lua_State*)>
int guarded(lua_State* s) {
  try {
    return Body(s);
  } catch (const std::bad_alloc&) {
  }
  return luaL_error(s, "out of memory");
}

}  // namespace

lua_script& lua_context::script_of(lua_State* s) noexcept {
  return *static_cast<lua_script*>(lua_touserdata(s, lua_upvalueindex(script_upvalue)));
}

void lua_context::push(lua_State* s, lua_script& script) {
  const auto put = [&](const char* name, lua_CFunction f) {
    lua_pushlightuserdata(s, &script);
    lua_pushcclosure(s, f, 1);
    lua_setfield(s, -2, name);
  };
  lua_newtable(s);  // ctx
  lua_newtable(s);  // its metatable
  lua_pushlightuserdata(s, &script);
  lua_newtable(s);  // functions
  put("set_timer", &set_timer);
  put("cancel_timer", &cancel_timer);
  put("set_clock_timer", &set_clock_timer);
  put("cancel_clock_timer", &cancel_clock_timer);
  put("random", &random);
  put("log", &guarded<&log>);
  lua_pushlightuserdata(s, &script);
  lua_newtable(s);  // indexes of the fields that may be emitted
  const auto& fields = script.setting_.around.made->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    lua_pushlstring(s, fields[i].name.data(), fields[i].name.size());
    lua_pushinteger(s, static_cast<lua_Integer>(i));
    lua_rawset(s, -3);
  }
  lua_pushcclosure(s, &guarded<&emit>, 2);
  lua_setfield(s, -2, "emit");
  lua_pushcclosure(s, &index, 2);
  lua_setfield(s, -2, "__index");
  put("__newindex", &assign);
  lua_setmetatable(s, -2);
}

int lua_context::index(lua_State* s) {
  lua_pushvalue(s, 2);
  lua_rawget(s, lua_upvalueindex(functions_upvalue));
  if (!lua_isnil(s, -1)) return 1;
  auto& script = script_of(s);
  auto& work = script.work_;
  const std::string_view name = lua_type(s, 2) == LUA_TSTRING ? lua_tostring(s, 2) : "";
  if (name == "state" && script.setting_.around.has_key) {
    if (!work.has_state) {
      push_table(s, work.key.kept);
      lua_rawseti(s, LUA_REGISTRYINDEX, script.state_);
      work.has_state = true;
    }
    lua_rawgeti(s, LUA_REGISTRYINDEX, script.state_);
  } else if (name == "now") {
    push_value(s, value::of(event_time{work.c->now().ns}));
  } else if (name == "watermark") {
    if (work.c->watermark() == event_time::min()) return 0;
    push_value(s, value::of(work.c->watermark()));
  } else if (name == "partition") {
    lua_pushinteger(s, static_cast<lua_Integer>(work.c->partition()));
  } else if (name == "key" && script.setting_.around.has_key) {
    script.push_key(s);
  } else {
    return luaL_error(s, "the context has no '%s'",
                      lua_type(s, 2) == LUA_TSTRING ? lua_tostring(s, 2) : luaL_typename(s, 2));
  }
  return 1;
}

int lua_context::assign(lua_State* s) {
  auto& script = script_of(s);
  const std::string_view name = lua_type(s, 2) == LUA_TSTRING ? lua_tostring(s, 2) : "";
  if (name != "state" || !script.setting_.around.has_key)
    return luaL_error(s, "of the context, only ctx.state can be set");
  if (lua_isnil(s, 3)) {
    lua_settop(s, 2);
    lua_newtable(s);
  }
  if (!lua_istable(s, 3)) return luaL_error(s, "ctx.state is a table or nil, not %s", luaL_typename(s, 3));
  lua_rawseti(s, LUA_REGISTRYINDEX, script.state_);
  script.work_.has_state = true;
  return 0;
}

int lua_context::set_deadline(lua_State* s, std::optional<lua_effects::deadline>& which) {
  const auto* at = exact_at(s, 2);
  if (at == nullptr || at->kind() != value_kind::event_time) return luaL_typerror(s, 2, "time");
  if (!script_of(s).setting_.around.has_key) return luaL_error(s, "a timer belongs to a key, and this actor has none");
  which = lua_effects::deadline{at->as_int64()};
  return 0;
}

int lua_context::set_timer(lua_State* s) {
  auto& script = script_of(s);
  if (!script.has(lua_script::handler::on_timer)) return luaL_error(s, "no function on_timer(key, at, ctx) is defined");
  return set_deadline(s, script.effects_.timer);
}

int lua_context::set_clock_timer(lua_State* s) {
  auto& script = script_of(s);
  if (!script.has(lua_script::handler::on_clock)) return luaL_error(s, "no function on_clock(key, at, ctx) is defined");
  return set_deadline(s, script.effects_.clock_timer);
}

int lua_context::cancel_timer(lua_State* s) {
  script_of(s).effects_.timer = lua_effects::deadline{};
  return 0;
}

int lua_context::cancel_clock_timer(lua_State* s) {
  script_of(s).effects_.clock_timer = lua_effects::deadline{};
  return 0;
}

int lua_context::random(lua_State* s) {
  auto& source = script_of(s).work_.c->random();
  if (lua_isnoneornil(s, 2)) {
    lua_pushnumber(s, source.uniform());
    return 1;
  }
  const auto n = std::floor(luaL_checknumber(s, 2));
  constexpr double whole_max = 9'007'199'254'740'992.0;
  if (!(n >= 1 && n <= whole_max)) return luaL_error(s, "random takes nothing, or a whole number from 1 on");
  lua_pushnumber(s, static_cast<double>(source.below(static_cast<std::uint64_t>(n)) + 1));
  return 1;
}

int lua_context::log(lua_State* s) {
  std::size_t size = 0;
  const char* const text = luaL_checklstring(s, 2, &size);
  script_of(s).work_.c->log(log_level::info, {text, std::min(size, log_bytes_max)});
  return 0;
}

int lua_context::emit(lua_State* s) {
  auto& script = script_of(s);
  luaL_checktype(s, 2, LUA_TTABLE);
  if (lua_getmetatable(s, 2) != 0) return luaL_error(s, "emit takes a table made for it, not one made at load");
  if (++script.rows_ > rows_max) {
    --script.rows_;
    return luaL_error(s, "one event makes more than %d events", static_cast<int>(rows_max));
  }
  if (read_row(s, script) && complete_row(script) && append_row(s, script)) return 0;
  --script.rows_;
  return luaL_error(s, "%s", script.message_.c_str());
}

/// The fields of the table at 2 into `row_`; fields of the event that are none of the output are left out when it is
/// the event itself that is emitted.
bool lua_context::read_row(lua_State* s, lua_script& script) {
  const auto& fields = script.setting_.around.made->fields;
  script.row_.assign(fields.size(), value{});
  lua_settop(s, 2);
  for (lua_pushnil(s); lua_next(s, 2) != 0; lua_pop(s, 1)) {
    lua_pushvalue(s, -2);
    lua_rawget(s, lua_upvalueindex(fields_upvalue));
    if (lua_isnil(s, -1)) {
      const bool is_event = script.work_.record != nullptr && lua_type(s, -3) == LUA_TSTRING &&
                            script.setting_.around.records->find(lua_tostring(s, -3));
      if (!is_event) {
        script.message_ = "what is emitted has no field '" +
                          (lua_type(s, -3) == LUA_TSTRING ? std::string{lua_tostring(s, -3)} : describe_value(s, -3)) +
                          "'";
        return false;
      }
      lua_pop(s, 1);
      continue;
    }
    const auto i = static_cast<std::size_t>(lua_tointeger(s, -1));
    lua_pop(s, 1);
    const char* const wanted = to_value(s, lua_gettop(s), fields[i].type, script.row_[i]);
    if (wanted == nullptr) continue;
    script.message_ = "field '" + fields[i].name + "' (" + to_text(fields[i].type) + ") takes " + wanted +
                      ", and this is " + describe_value(s, -1);
    return false;
  }
  return true;
}

/// What was not given: null where that is allowed, and the time of the event at hand.
bool lua_context::complete_row(lua_script& script) {
  const auto& made = *script.setting_.around.made;
  for (std::uint32_t i = 0; i < made.fields.size(); ++i) {
    if (!script.row_[i].is_null()) continue;
    if (made.event_time_field == i && script.work_.time) {
      script.row_[i] = value::of(*script.work_.time);
    } else if (!made.fields[i].type.optional) {
      script.message_ =
          "field '" + made.fields[i].name + "' (" + to_text(made.fields[i].type) + ") is missing in what is emitted";
      return false;
    }
  }
  return true;
}

bool lua_context::append_row(lua_State*, lua_script& script) {
  if (!script.out_->is_connected()) return true;
  auto& rows = script.out_->row();
  rows.begin_row();
  for (std::uint32_t i = 0; i < script.row_.size(); ++i) {
    if (rows.set(i, script.row_[i])) continue;
    rows.drop_row();
    const auto& f = script.setting_.around.made->fields[i];
    script.message_ = "a value does not fit into field '" + f.name + "' (" + to_text(f.type) + ")";
    return false;
  }
  return true;
}

}  // namespace millrace::library
