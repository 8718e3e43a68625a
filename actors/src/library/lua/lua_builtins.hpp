#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "library/lua/lua_reader.hpp"

namespace millrace::library {

/// Something every expression and script can use. `type`: of functions, what they return.
struct lua_builtin {
  std::string_view path;  ///< "tostring", "math.floor", "time:seconds" for methods
  lua_kind type = lua_kind::any;
  bool is_function = true;
};

/// All of them, sorted by path. `lua_sandbox` puts exactly these into the global table.
[[nodiscard]] std::span<const lua_builtin> lua_builtins() noexcept;
[[nodiscard]] const lua_builtin* find_builtin(std::string_view path) noexcept;
/// "math" is a library, "math.floor" is not.
[[nodiscard]] bool is_library(std::string_view name) noexcept;
/// Global names: functions, constants and libraries.
[[nodiscard]] std::vector<std::string> builtin_names();
/// Names behind a prefix such as "math." or "time:".
[[nodiscard]] std::vector<std::string> builtin_members(std::string_view prefix);
/// Why a name of Lua's own libraries is not there, for those people try; empty for others.
[[nodiscard]] std::string_view why_missing(std::string_view name) noexcept;

}  // namespace millrace::library
