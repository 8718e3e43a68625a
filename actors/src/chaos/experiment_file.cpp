#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "chaos/experiment.hpp"
#include "millrace/text/yaml.hpp"

namespace millrace::chaos {

namespace {

using nlohmann::json;

constexpr int depth_max = 32;  // as of YAML; who copies and compares values does so by recursion
constexpr std::uintmax_t file_bytes_max = std::uintmax_t{1} << 20U;

result<json> parse(const std::string& path, const std::string& text) {
  const auto ending = std::filesystem::path{path}.extension();
  const bool is_yaml = ending == ".yaml" || ending == ".yml";
  const auto written = is_yaml ? yaml_to_json(text) : result<std::string>{text};
  if (!written) return user_error(written.error().code, path + ": " + written.error().message);
  try {
    return json::parse(*written, [](int depth, json::parse_event_t /*event*/, json& /*value*/) {
      if (depth > depth_max) throw std::length_error{"it is nested more than 32 deep"};
      return true;
    });
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
