#include "node/own_folder.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

namespace millrace::node {

namespace {

namespace fs = std::filesystem;

/// What a text may name: several paths with `;` between, and secrets as `file:PATH`.
std::vector<fs::path> paths_in(std::string_view text) {
  constexpr std::string_view secret = "file:";
  std::vector<fs::path> out;
  while (!text.empty()) {
    auto one = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const auto begin = one.find_first_not_of(' ');
    one.remove_prefix(std::min(begin, one.size()));
    if (one.starts_with(secret)) one.remove_prefix(secret.size());
    if (!one.empty()) out.emplace_back(one);
  }
  return out;
}

bool is_below(const fs::path& folder, const fs::path& path) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

/// Whether a path with `*`, `?` or `[…]` may stand for something in the folder: `**` stands for any folders.
bool may_reach(const fs::path& folder, const fs::path& pattern) {
  auto at = pattern.begin();
  for (const auto& part : folder) {
    if (at == pattern.end()) return false;
    if (at->native().find("**") != std::string::npos) return true;
    if (::fnmatch(at->c_str(), part.c_str(), 0) != 0) return false;
    ++at;
  }
  return true;
}

bool is_in(const fs::path& own, const fs::path& path) {
  // As the system goes through links and `..`, and as actors do, which take `..` out first.
  std::error_code code;
  for (const auto& way : {path, path.lexically_normal()}) {
    if (const auto real = fs::weakly_canonical(way, code); !code && is_below(own, real)) return true;
  }
  return may_reach(own, path.lexically_normal());
}

}  // namespace

result<void> stay_outside(const topology& t, const fs::path& own) {
  std::error_code code;
  const auto kept = fs::weakly_canonical(own, code);
  for (const auto& a : t.actors) {
    for (const auto& [name, v] : a.params) {
      const auto* const text = std::get_if<std::string>(&v);
      if (text == nullptr) continue;
      for (const auto& path : paths_in(*text)) {
        if (!is_in(kept, t.base_folder / path)) continue;
        return user_error(errc::denied, "actor '" + a.name + "', parameter '" + name + "': " + path.string() +
                                            " is in the node's own data folder");
      }
    }
  }
  return {};
}

}  // namespace millrace::node
