#pragma once

#include <string_view>

namespace millrace::library {

/// What of the sandbox is written in Lua. Gets a table of functions in C; returns the globals of scripts, the function
/// `seal`, and the functions that texts have as methods.
extern const std::string_view lua_prelude;

}  // namespace millrace::library
