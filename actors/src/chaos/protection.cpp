#include "chaos/protection.hpp"

#include <algorithm>

#include "millrace/detail/nearest.hpp"

namespace millrace::chaos {

const std::vector<protection_entry>& known_protections() {
  using p = engine::protections;
  static const std::vector<protection_entry> all{
      {"align", "tasks take a snapshot at the first barrier that comes, and do not miss what is missing in a channel",
       &p::align_barriers},
      {"trim", "what was seen before is taken again", &p::trim_seen},
      {"letters", "dead letters are written after the snapshot that counts them", &p::letters_before_manifest},
  };
  return all;
}

std::vector<std::string> protection_names() {
  std::vector<std::string> out;
  for (const auto& known : known_protections()) out.emplace_back(known.name);
  return out;
}

result<engine::protections> protections_without(const std::vector<std::string>& names) {
  engine::protections out;
  for (const auto& name : names) {
    const auto found = std::ranges::find(known_protections(), name, &protection_entry::name);
    if (found == known_protections().end()) {
      return user_error(errc::not_found,
                        "there is no protection '" + name + "'; there are " + detail::quoted_list(protection_names()));
    }
    out.*(found->member) = false;
  }
  return out;
}

}  // namespace millrace::chaos
