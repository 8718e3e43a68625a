#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "millrace/actor.hpp"
#include "millrace/context.hpp"
#include "millrace/registry.hpp"

namespace millrace::detail {

/// Counted up when a program and plugins built before and after a change do not fit together.
inline constexpr std::uint32_t plugin_abi = 2;

/// What a plugin says about itself in an ELF note, where it can be read before any of its code runs: lines of
/// `key=value`. `layout` tells builds apart whose headers differ where it matters most.
struct plugin_note {
  static constexpr std::size_t text_bytes_max = 256;

  std::uint32_t name_bytes = 9;
  std::uint32_t text_bytes = text_bytes_max;
  std::uint32_t type = 1;
  char name[12] = "millrace";
  char text[text_bytes_max] = {};
};

inline constexpr std::uint64_t plugin_layout =
    ((sizeof(actor) * 31 + sizeof(context)) * 31 + sizeof(actor_info)) * 31 + sizeof(actor_registry);

consteval plugin_note make_plugin_note(std::string_view name, std::string_view version) {
  plugin_note note;
  std::size_t at = 0;
  const auto put = [&](std::string_view s) {
    for (const char c : s) {
      if (at + 1 >= plugin_note::text_bytes_max) throw "the plugin's name or version is too long";
      note.text[at++] = c;
    }
  };
  const auto put_number = [&](std::uint64_t n) {
    char digits[20] = {};
    std::size_t count = 0;
    do {
      digits[count++] = static_cast<char>('0' + n % 10);
      n /= 10;
    } while (n != 0);
    while (count > 0) put({&digits[--count], 1});
  };
  put("abi=");
  put_number(plugin_abi);
  put("\nlayout=");
  put_number(plugin_layout);
  put("\nname=");
  put(name);
  put("\nversion=");
  put(version);
  put("\n");
  return note;
}

}  // namespace millrace::detail

/// Makes a shared object of actors a plugin; once, in one of its sources: `MILLRACE_PLUGIN("acme-risk", "1.2.0")`. Its
/// actors register themselves with `MILLRACE_ACTOR` when `millrace` loads it. See docs/plugins.md.
#define MILLRACE_PLUGIN(name, version)                                                            \
  extern "C" [[gnu::used, gnu::section(".note.millrace"),                                         \
               gnu::aligned(4)]] constexpr ::millrace::detail::plugin_note millrace_plugin_note = \
      ::millrace::detail::make_plugin_note(name, version);
