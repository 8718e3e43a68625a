#pragma once

#include <cstdint>
#include <string>

#include "millrace/error.hpp"

namespace millrace::plugins {

/// What a shared object says about itself.
struct plugin_identity {
  std::uint64_t abi = 0;
  std::uint64_t layout = 0;
  std::string name;
  std::string version;
  std::string build_id{};  ///< what the linker made of its content, in hexadecimal digits; empty: it has none
};

/// Reads it from the file, of which no code runs. Errors: `invalid_argument` when the file is no 64-bit ELF shared
/// object or has no note of a plugin, `io_error`.
[[nodiscard]] result<plugin_identity> read_plugin_note(const std::string& path);

}  // namespace millrace::plugins
