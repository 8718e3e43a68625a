#include "node/arguments.hpp"

namespace millrace::node {

using nlohmann::json;

result<std::string> text_argument(const json& args, const char* name) {
  const auto found = args.find(name);
  if (found == args.end()) return std::string{};
  if (!found->is_string()) return user_error(errc::invalid_argument, std::string{"argument '"} + name + "' is no text");
  return found->get<std::string>();
}

result<bool> flag_argument(const json& args, const char* name, bool left_out) {
  const auto found = args.find(name);
  if (found == args.end()) return left_out;
  if (!found->is_boolean()) {
    return user_error(errc::invalid_argument, std::string{"argument '"} + name + "' is neither true nor false");
  }
  return found->get<bool>();
}

}  // namespace millrace::node
