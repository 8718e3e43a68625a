#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "chaos/experiment.hpp"

namespace millrace::chaos {

namespace {

using nlohmann::json;

constexpr std::uintmax_t file_bytes_max = std::uintmax_t{1} << 20U;
// Aliases of YAML may refer to each other and so grow without end.
constexpr int depth_max = 32;
constexpr std::size_t values_max = 100'000;

/// YAML's own types for plain scalars; what stands in quotes is a text.
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
  auto out = json::object();
  for (const auto& item : n) {
    if (!item.first.IsScalar()) throw YAML::Exception{n.Mark(), "a name is a text"};
    out[item.first.Scalar()] = to_json(item.second, depth + 1, values);
  }
  return out;
}

result<json> parse(const std::string& path, const std::string& text) {
  const auto ending = std::filesystem::path{path}.extension();
  try {
    if (ending != ".yaml" && ending != ".yml") return json::parse(text);
    std::size_t values = 0;
    return to_json(YAML::Load(text), 0, values);
  } catch (const std::exception& e) {
    return user_error(errc::parse_error, path + ": " + e.what());
  }
}

}  // namespace

result<experiment> load_experiment(const std::string& path, experiment_mistake* mistake) {
  std::error_code unknown;
  const auto bytes = std::filesystem::file_size(path, unknown);
  if (unknown) return user_error(errc::not_found, path + ": " + unknown.message());
  if (bytes > file_bytes_max) return user_error(errc::limit_exceeded, path + ": an experiment has at most 1 MiB");
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return user_error(errc::io_error, path + ": cannot be read");
  auto parsed = parse(path, text.str());
  if (!parsed) return std::move(parsed).error();
  const auto folder = std::filesystem::absolute(path).parent_path().string();
  auto out = read_experiment(*std::move(parsed), folder, mistake);
  if (!out) return user_error(out.error().code, path + ": " + out.error().message);
  return out;
}

}  // namespace millrace::chaos
