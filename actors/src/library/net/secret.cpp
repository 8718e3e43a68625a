#include "library/net/secret.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace millrace::library {

namespace {

constexpr std::size_t secret_bytes_max = 4096;

std::string name_of(const std::string& named) {
  return named.substr(named.find(':') + 1);
}

error not_there(const std::string& parameter, const std::string& what) {
  return user_error(errc::not_found, "parameter '" + parameter + "': " + what);
}

}  // namespace

result<void> check_secret(const std::string& named, const std::string& parameter) {
  const bool is_known = named.rfind("env:", 0) == 0 || named.rfind("file:", 0) == 0;
  if (named.empty() || (is_known && !name_of(named).empty())) return {};
  return user_error(errc::invalid_argument, "parameter '" + parameter +
                                                "' does not name where its secret is: write env:NAME for a variable "
                                                "of the environment or file:PATH, never the secret itself");
}

result<std::string> read_secret(const std::string& named, const std::string& parameter,
                                const std::string& base_folder) {
  if (auto ok = check_secret(named, parameter); !ok) return ok.error();
  if (named.empty()) return std::string{};
  const auto name = name_of(named);
  if (named.rfind("env:", 0) == 0) {
    const char* text = std::getenv(name.c_str());
    if (text == nullptr || *text == 0)
      return not_there(parameter, "the environment has no variable " + name + ": set it");
    return std::string{text}.substr(0, secret_bytes_max);
  }
  const auto path = (std::filesystem::path{base_folder} / name).lexically_normal().string();
  std::ifstream in{path};
  std::string line(secret_bytes_max, '\0');
  in.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(in.gcount()));
  line = line.substr(0, line.find_first_of("\r\n"));
  if (line.empty()) return not_there(parameter, "the file '" + path + "' cannot be read or its first line is empty");
  return line;
}

bool equal_secrets(const std::string& a, const std::string& b) noexcept {
  unsigned char differs = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && !b.empty(); ++i) {
    differs = static_cast<unsigned char>(differs | (a[i] ^ b[i % b.size()]));
  }
  return differs == 0;
}

}  // namespace millrace::library
