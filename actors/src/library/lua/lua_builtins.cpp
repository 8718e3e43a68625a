#include "library/lua/lua_builtins.hpp"

#include <algorithm>
#include <array>

namespace millrace::library {

namespace {

using enum lua_kind;

constexpr lua_builtin constant(std::string_view path) {
  return {path, number, false};
}

constexpr std::array builtins{
    lua_builtin{"assert"},
    constant("day"),
    lua_builtin{"error", nil},
    constant("hour"),
    lua_builtin{"ipairs"},
    lua_builtin{"math.abs", number},
    lua_builtin{"math.acos", number},
    lua_builtin{"math.asin", number},
    lua_builtin{"math.atan", number},
    lua_builtin{"math.atan2", number},
    lua_builtin{"math.ceil", number},
    lua_builtin{"math.cos", number},
    lua_builtin{"math.cosh", number},
    lua_builtin{"math.deg", number},
    lua_builtin{"math.exp", number},
    lua_builtin{"math.floor", number},
    lua_builtin{"math.fmod", number},
    constant("math.huge"),
    lua_builtin{"math.log", number},
    lua_builtin{"math.log10", number},
    lua_builtin{"math.max", number},
    lua_builtin{"math.min", number},
    lua_builtin{"math.modf", number},
    constant("math.pi"),
    lua_builtin{"math.pow", number},
    lua_builtin{"math.rad", number},
    lua_builtin{"math.sin", number},
    lua_builtin{"math.sinh", number},
    lua_builtin{"math.sqrt", number},
    lua_builtin{"math.tan", number},
    lua_builtin{"math.tanh", number},
    constant("microsecond"),
    constant("millisecond"),
    constant("minute"),
    lua_builtin{"pairs"},
    constant("second"),
    lua_builtin{"select"},
    lua_builtin{"string.byte"},
    lua_builtin{"string.char", text},
    lua_builtin{"string.contains", boolean},
    lua_builtin{"string.ends_with", boolean},
    lua_builtin{"string.find"},
    lua_builtin{"string.format", text},
    lua_builtin{"string.len", number},
    lua_builtin{"string.lower", text},
    lua_builtin{"string.rep", text},
    lua_builtin{"string.reverse", text},
    lua_builtin{"string.split", table},
    lua_builtin{"string.starts_with", boolean},
    lua_builtin{"string.sub", text},
    lua_builtin{"string.trim", text},
    lua_builtin{"string.upper", text},
    lua_builtin{"table.concat", text},
    lua_builtin{"table.insert"},
    lua_builtin{"table.remove"},
    lua_builtin{"table.sort"},
    lua_builtin{"time", time},
    lua_builtin{"time:iso", text},
    lua_builtin{"time:seconds", number},
    lua_builtin{"time:truncate", time},
    lua_builtin{"tonumber", number},
    lua_builtin{"tostring", text},
    lua_builtin{"type", text},
    lua_builtin{"unpack"},
};
static_assert(std::ranges::is_sorted(builtins, {}, &lua_builtin::path));

struct missing {
  std::string_view name;
  std::string_view why;
};
constexpr std::string_view outside = "scripts reach nothing outside the topology";
constexpr std::string_view code = "scripts make no code while they run";
constexpr std::string_view hidden = "scripts cannot change what Lua itself is made of";
constexpr std::string_view caught = "an error goes to the actor's failure policy and cannot be caught";
constexpr std::array missing_names{
    missing{"_G", hidden},
    missing{"collectgarbage", "memory is managed for scripts, within their limit"},
    missing{"coroutine", caught},
    missing{"debug", hidden},
    missing{"dofile", outside},
    missing{"ffi", outside},
    missing{"getfenv", hidden},
    missing{"getmetatable", hidden},
    missing{"io", outside},
    missing{"jit", hidden},
    missing{"load", code},
    missing{"loadfile", outside},
    missing{"loadstring", code},
    missing{"math.random", "the context draws random numbers: ctx:random()"},
    missing{"math.randomseed", "the context draws random numbers: ctx:random()"},
    missing{"module", outside},
    missing{"newproxy", hidden},
    missing{"next", "its order is not the same in every run; pairs goes by key"},
    missing{"os", outside},
    missing{"package", outside},
    missing{"pcall", caught},
    missing{"print", "the run's log takes text: ctx:log(text)"},
    missing{"rawequal", hidden},
    missing{"rawget", hidden},
    missing{"rawset", hidden},
    missing{"require", outside},
    missing{"setfenv", hidden},
    missing{"setmetatable", hidden},
    missing{"string.dump", code},
    missing{"string.gmatch",
            "there are no patterns: split, find, contains, starts_with, ends_with, trim work on plain text"},
    missing{"string.gsub",
            "there are no patterns: split, find, contains, starts_with, ends_with, trim work on plain text"},
    missing{"string.match",
            "there are no patterns: split, find, contains, starts_with, ends_with, trim work on plain text"},
    missing{"xpcall", caught},
};

}  // namespace

std::span<const lua_builtin> lua_builtins() noexcept {
  return builtins;
}

const lua_builtin* find_builtin(std::string_view path) noexcept {
  const auto at = std::ranges::lower_bound(builtins, path, {}, &lua_builtin::path);
  return at == builtins.end() || at->path != path ? nullptr : &*at;
}

bool is_library(std::string_view name) noexcept {
  return name == "math" || name == "string" || name == "table";
}

std::vector<std::string> builtin_names() {
  std::vector<std::string> names{"math", "string", "table"};
  for (const auto& b : builtins) {
    if (b.path.find_first_of(".:") == std::string_view::npos) names.emplace_back(b.path);
  }
  return names;
}

std::vector<std::string> builtin_members(std::string_view prefix) {
  std::vector<std::string> names;
  for (const auto& b : builtins) {
    if (b.path.starts_with(prefix)) names.emplace_back(b.path.substr(prefix.size()));
  }
  return names;
}

std::string_view why_missing(std::string_view name) noexcept {
  const auto at = std::ranges::find(missing_names, name, &missing::name);
  return at == missing_names.end() ? std::string_view{} : at->why;
}

}  // namespace millrace::library
