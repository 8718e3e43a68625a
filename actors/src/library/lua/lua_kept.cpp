#include "library/lua/lua_kept.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "library/lua/lua_values.hpp"
#include "millrace/msgpack.hpp"

namespace millrace {

void codec<library::lua_kept>::encode(msgpack::writer& w, const library::lua_kept& in) {
  in.bytes.empty() ? w.nil() : w.raw(as_bytes(in.bytes));
}

bool codec<library::lua_kept>::decode(msgpack::reader& r, library::lua_kept& out) {
  out.bytes.clear();
  if (r.take_nil()) return true;
  if (r.peek() != msgpack::token::map) return r.refuse();
  bytes_view all;
  if (!r.raw(all)) return false;
  out.bytes = as_text(all);
  return true;
}

namespace library {

namespace {

constexpr std::int8_t timestamp = -1;
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr double whole_max = 9'007'199'254'740'992.0;

struct cannot_keep {
  std::string what;
};

void write_time(msgpack::writer& w, event_time t) {
  auto seconds = t.ns / second_ns;
  auto rest = t.ns % second_ns;
  if (rest < 0) {
    rest += second_ns;
    --seconds;
  }
  std::byte bytes[12];
  detail::store_big_endian(bytes, static_cast<std::uint32_t>(rest));
  detail::store_big_endian(bytes + 4, static_cast<std::uint64_t>(seconds));
  w.ext(timestamp, bytes);
}

bool read_time(bytes_view bytes, event_time& out) noexcept {
  if (bytes.size() != 12) return false;
  const auto rest = detail::load_big_endian<std::uint32_t>(bytes.data());
  const auto seconds = static_cast<std::int64_t>(detail::load_big_endian<std::uint64_t>(bytes.data() + 4));
  return !__builtin_mul_overflow(seconds, second_ns, &out.ns) &&
         !__builtin_add_overflow(out.ns, static_cast<std::int64_t>(rest), &out.ns);
}

/// Writes what lies on Lua's stack. Nothing here allocates in Lua: `lua_next` and looking at values do not.
class encoder {
public:
  explicit encoder(lua_State* s) noexcept : s_{s} {}

  void table(byte_buffer& out, int index, unsigned depth, const std::string& where) {
    if (depth > lua_kept_depth_max)
      throw cannot_keep{where + " is nested more than " + std::to_string(lua_kept_depth_max) + " deep"};
    const auto top = lua_gettop(s_);
    const auto held = content(index, where);
    if (depth > 1 && is_list(held)) {
      list(out, held, depth, where);
    } else {
      map(out, held, depth, where);
    }
    lua_settop(s_, top);
  }

private:
  struct entry {
    std::string_view key;
    byte_buffer bytes;
  };

  /// Tables made at load show what they hold through another one.
  int content(int index, const std::string& where) {
    if (lua_getmetatable(s_, index) == 0) return index;
    const auto behind = lua_gettop(s_);
    for (lua_pushnil(s_); lua_next(s_, behind) != 0; lua_pop(s_, 1)) {
      if (lua_type(s_, -2) == LUA_TSTRING && std::string_view{lua_tostring(s_, -2)} == "__index" &&
          lua_istable(s_, -1)) {
        return lua_gettop(s_);
      }
    }
    throw cannot_keep{where + " is no plain table"};
  }

  bool is_list(int index) {
    const auto n = lua_objlen(s_, index);
    std::size_t found = 0;
    for (lua_pushnil(s_); lua_next(s_, index) != 0; lua_pop(s_, 1)) {
      const auto k = lua_type(s_, -2) == LUA_TNUMBER ? lua_tonumber(s_, -2) : 0.0;
      if (!(k >= 1 && k <= static_cast<double>(n)) || std::floor(k) != k) {
        lua_pop(s_, 2);
        return false;
      }
      ++found;
    }
    return found == n && n != 0;
  }

  void list(byte_buffer& out, int index, unsigned depth, const std::string& where) {
    const auto n = static_cast<int>(lua_objlen(s_, index));
    msgpack::writer{out}.array(static_cast<std::uint32_t>(n));
    for (int i = 1; i <= n; ++i) {
      lua_rawgeti(s_, index, i);
      one(out, depth, where + "[" + std::to_string(i) + "]");
      lua_pop(s_, 1);
    }
  }

  void map(byte_buffer& out, int index, unsigned depth, const std::string& where) {
    std::vector<entry> entries;
    for (lua_pushnil(s_); lua_next(s_, index) != 0; lua_pop(s_, 1)) {
      if (lua_type(s_, -2) != LUA_TSTRING) {
        throw cannot_keep{where + " has a key that is no text, but " + describe_value(s_, -2) +
                          ": tables there are lists, or have texts as keys"};
      }
      std::size_t size = 0;
      const char* const key = lua_tolstring(s_, -2, &size);
      auto& e = entries.emplace_back(entry{{key, size}, {}});
      one(e.bytes, depth, where + "." + std::string{e.key});
    }
    std::ranges::sort(entries, {}, &entry::key);
    msgpack::writer w{out};
    w.map(static_cast<std::uint32_t>(entries.size()));
    for (const auto& e : entries) {
      w.string(e.key);
      w.raw(e.bytes.view());
    }
  }

  /// The value on top.
  void one(byte_buffer& out, unsigned depth, const std::string& where) {
    msgpack::writer w{out};
    switch (lua_type(s_, -1)) {
      case LUA_TBOOLEAN:
        return w.boolean(lua_toboolean(s_, -1) != 0);
      case LUA_TNUMBER:
        return number(w, lua_tonumber(s_, -1));
      case LUA_TSTRING: {
        std::size_t size = 0;
        const char* const text = lua_tolstring(s_, -1, &size);
        return w.string({text, size});
      }
      case LUA_TTABLE:
        return table(out, lua_gettop(s_), depth + 1, where);
      case LUA_TUSERDATA:
        return exact(w, *exact_at(s_, -1), where);
      default:
        throw cannot_keep{where + " is " + describe_value(s_, -1) + ", which cannot be kept"};
    }
  }

  static void number(msgpack::writer& w, double n) {
    const bool is_whole = std::fabs(n) <= whole_max && std::floor(n) == n && !(n == 0 && std::signbit(n));
    is_whole ? w.integer(static_cast<std::int64_t>(n)) : w.float64(n);
  }

  static void exact(msgpack::writer& w, const value& v, const std::string& where) {
    switch (v.kind()) {
      case value_kind::event_time:
        return write_time(w, v.as_time());
      case value_kind::int64:
        return w.integer(v.as_int64());
      case value_kind::uint64:
        return w.integer(v.as_uint64());
      default:
        throw cannot_keep{where + " is a decimal of more than 15 digits; keep it as text"};
    }
  }

  lua_State* s_;
};

/// One value of what `encoder` wrote.
void push_one(lua_State* s, msgpack::reader& in);

void push_entries(lua_State* s, msgpack::reader& in) {
  std::uint32_t n = 0;
  if (!in.map(n)) return;
  lua_createtable(s, 0, static_cast<int>(std::min(n, std::uint32_t{1'000})));
  for (; n != 0 && !in.failed(); --n) {
    std::string_view key;
    (void)in.string(key);
    lua_pushlstring(s, key.data(), key.size());
    push_one(s, in);
    lua_rawset(s, -3);
  }
}

void push_list(lua_State* s, msgpack::reader& in) {
  std::uint32_t n = 0;
  if (!in.array(n)) return lua_pushnil(s);
  lua_createtable(s, static_cast<int>(std::min(n, std::uint32_t{1'000})), 0);
  for (int i = 1; n != 0 && !in.failed(); --n, ++i) {
    push_one(s, in);
    lua_rawseti(s, -2, i);
  }
}

void push_integer(lua_State* s, msgpack::reader& in) {
  auto again = in;
  std::int64_t v = 0;
  if (again.integer(v)) {
    in = again;
    return push_value(s, value::of(v));
  }
  std::uint64_t large = 0;
  (void)in.integer(large);
  push_value(s, value::of(large));
}

void push_one(lua_State* s, msgpack::reader& in) {
  luaL_checkstack(s, 4, "state nested too deep");
  switch (in.peek()) {
    case msgpack::token::boolean: {
      bool v = false;
      (void)in.boolean(v);
      return lua_pushboolean(s, static_cast<int>(v));
    }
    case msgpack::token::integer:
      return push_integer(s, in);
    case msgpack::token::floating: {
      double v = 0;
      (void)in.float64(v);
      return lua_pushnumber(s, v);
    }
    case msgpack::token::string: {
      std::string_view v;
      (void)in.string(v);
      return (void)lua_pushlstring(s, v.data(), v.size());
    }
    case msgpack::token::array:
      return push_list(s, in);
    case msgpack::token::map:
      return push_entries(s, in);
    case msgpack::token::ext: {
      std::int8_t type = 0;
      bytes_view bytes;
      event_time t;
      if (in.ext(type, bytes) && type == timestamp && read_time(bytes, t)) return push_value(s, value::of(t));
      return lua_pushnil(s);
    }
    default:
      (void)in.skip();
      return lua_pushnil(s);
  }
}

}  // namespace

result<std::string> encode_table(lua_State* s, int index) {
  byte_buffer out;
  const auto top = lua_gettop(s);
  try {
    encoder{s}.table(out, index, 1, "ctx.state");
  } catch (const cannot_keep& e) {
    lua_settop(s, top);
    return user_error(errc::invalid_argument, e.what);
  }
  if (out.size() > lua_kept_bytes_max) {
    return user_error(errc::limit_exceeded,
                      "ctx.state of one key has more than " + std::to_string(lua_kept_bytes_max >> 10) + " KiB");
  }
  constexpr std::size_t empty_map = 1;
  return out.size() == empty_map ? std::string{} : std::string{as_text(out.view())};
}

void push_table(lua_State* s, std::string_view bytes) {
  msgpack::reader in{as_bytes(bytes)};
  if (bytes.empty()) return lua_newtable(s);
  push_one(s, in);
  if (in.failed() || !lua_istable(s, -1)) luaL_error(s, "ctx.state as it was kept cannot be read");
}

}  // namespace library

}  // namespace millrace
