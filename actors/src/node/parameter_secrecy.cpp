#include "node/parameter_secrecy.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "millrace/actor.hpp"
#include "millrace/registry.hpp"

namespace millrace::node {

namespace {

bool declares_secret(const actor_registry::entry& type, const std::string& param) {
  const auto probe = type.make();
  return std::ranges::any_of(engine::actor_access::params(*probe),
                             [&](const param_base* p) { return p->name() == param && p->options().is_secret; });
}

bool sounds_secret(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(std::array{"secret", "password", "passwd", "token", "credential", "authorization"},
                             [&](const char* word) { return name.find(word) != std::string::npos; });
}

}  // namespace

bool is_secret(const std::string& actor_type, const std::string& param) {
  const auto* type = actor_registry::instance().find(actor_type);
  return type == nullptr || declares_secret(*type, param);
}

bool may_be_secret(const std::string& param) {
  return sounds_secret(param) || std::ranges::any_of(actor_registry::instance().entries(), [&](const auto& entry) {
           return declares_secret(entry.second, param);
         });
}

}  // namespace millrace::node
