#pragma once

#include <lua.hpp>
#include <string>
#include <string_view>

#include "millrace/codec.hpp"
#include "millrace/engine/heap_bytes.hpp"

namespace millrace::library {

/// What a script keeps of a key: the table `ctx.state` as MessagePack, its keys in order, so that equal tables are
/// equal bytes. Whole numbers are integers, times are timestamps (extension −1). Empty: nothing is kept.
struct lua_kept {
  std::string bytes;
};

/// Limits of `ctx.state`.
inline constexpr unsigned lua_kept_depth_max = 8;
inline constexpr std::size_t lua_kept_bytes_max = std::size_t{1} << 20;

/// Encodes the table at `index`. Raises and allocates nothing in Lua. Error: what cannot be kept, and where in the
/// table.
[[nodiscard]] result<std::string> encode_table(lua_State* s, int index);
/// Pushes the table; may raise errors of Lua.
void push_table(lua_State* s, std::string_view bytes);

}  // namespace millrace::library

namespace millrace {

template <>
struct codec<library::lua_kept> {
  static void encode(msgpack::writer& w, const library::lua_kept& in);
  static bool decode(msgpack::reader& r, library::lua_kept& out);
};

template <>
struct engine::heap_bytes<library::lua_kept> {
  static std::size_t of(const library::lua_kept& v) noexcept { return heap_bytes<std::string>::of(v.bytes); }
};

}  // namespace millrace
