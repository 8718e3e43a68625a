#include "plugins/trusted_builds.hpp"

#include <algorithm>
#include <cctype>

namespace millrace::plugins {

namespace {

// Linkers make 8 bytes (fast), 16 (md5, uuid) or 20 (sha1); some can be told to make up to 64.
constexpr std::size_t digits_min = 16;
constexpr std::size_t digits_max = 128;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

result<void> check_build_id(const std::string& text) {
  const bool is_hex = std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (is_hex && text.size() % 2 == 0 && text.size() >= digits_min && text.size() <= digits_max) return {};
  return user_error(errc::invalid_argument,
                    "'" + text.substr(0, digits_max) +
                        "' is no build id: it is the 40 digits or so of 'build id' in 'millrace actor show TYPE'");
}

result<void> check_trusted(const plugin_identity& plugin, const std::string& path, const trusted_builds& trusted) {
  if (trusted.empty()) return {};
  const auto begin = "the plugin '" + plugin.name + "' (" + path + ") ";
  if (plugin.build_id.empty()) {
    return user_error(errc::denied,
                      begin + "has no build id, and only trusted builds are loaded: link it with -Wl,--build-id=sha1");
  }
  const bool is_known =
      std::ranges::any_of(trusted, [&](const std::string& one) { return lower(one) == plugin.build_id; });
  if (is_known) return {};
  return user_error(errc::denied, begin + "is not one of the trusted builds: its build id is " + plugin.build_id +
                                      "; put that into trusted_plugins of the node's configuration if it is yours");
}

}  // namespace millrace::plugins
