#include "millrace/text/yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace millrace {

namespace {

using json = nlohmann::ordered_json;

constexpr int depth_max = 32;
constexpr std::size_t values_max = 100'000;

json scalar(const YAML::Node& n) {
  const auto& text = n.Scalar();
  if (n.Tag() == "!") return text;
  if (text == "true" || text == "false") return text == "true";
  auto number = json::parse(text, nullptr, false);
  return number.is_number() ? number : json(text);
}

json to_json(const YAML::Node& n, int depth, std::size_t& values) {
  if (depth > depth_max || ++values > values_max)
    throw YAML::Exception{n.Mark(), "it is nested too deeply, or too large"};
  if (n.IsScalar()) return scalar(n);
  if (n.IsSequence()) {
    auto out = json::array();
    for (const auto& item : n) out.push_back(to_json(item, depth + 1, values));
    return out;
  }
  if (!n.IsMap()) return nullptr;
  json::object_t out;
  std::set<std::string> names;  // the object finds a name by looking at all of them
  for (const auto& item : n) {
    if (!item.first.IsScalar()) throw YAML::Exception{n.Mark(), "a name is a text"};
    const auto& name = item.first.Scalar();
    if (!names.insert(name).second) throw YAML::Exception{item.first.Mark(), "'" + name + "' is there twice"};
    out.emplace_back(name, to_json(item.second, depth + 1, values));
  }
  return out;
}

}  // namespace

result<std::string> yaml_to_json(const std::string& yaml) {
  try {
    std::size_t values = 0;
    return to_json(YAML::Load(yaml), 0, values).dump();  // which refuses bytes that are no UTF-8
  } catch (const std::exception& e) {
    return user_error(errc::parse_error, e.what());
  }
}

}  // namespace millrace
