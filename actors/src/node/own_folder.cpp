#include "node/own_folder.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <variant>

namespace millrace::node {

result<void> stay_outside(const topology& t, const std::filesystem::path& own) {
  std::error_code code;
  const auto kept = std::filesystem::weakly_canonical(own, code);
  for (const auto& a : t.actors) {
    for (const auto& [name, v] : a.params) {
      const auto* const text = std::get_if<std::string>(&v);
      if (text == nullptr || text->empty()) continue;
      const auto at = std::filesystem::weakly_canonical(t.base_folder / std::filesystem::path{*text}, code);
      if (code || std::ranges::mismatch(kept, at).in1 != kept.end()) continue;
      return user_error(errc::denied, "actor '" + a.name + "', parameter '" + name + "': " + at.string() +
                                          " is in the node's own data folder");
    }
  }
  return {};
}

}  // namespace millrace::node
