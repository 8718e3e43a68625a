#include "millrace/transport/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace millrace::transport {

namespace {

using nlohmann::json;

constexpr int format = 1;

}  // namespace

result<void> write_key_file(const std::string& path, const key_file& key) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    if (errno == EEXIST)
      return user_error(errc::already_exists, path + " is there already; choose another name with --out");
    return user_error(errc::io_error, "cannot write " + path + ": " + std::strerror(errno));
  }
  const auto text = json{{"millrace_key", format},
                         {"name", key.name},
                         {"address", key.address},
                         {"server_key", key.keys.server_public},
                         {"secret_key", key.keys.own.secret_key}}
                        .dump(2) +
                    "\n";
  const bool is_written =
      ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (is_written) return {};
  ::unlink(path.c_str());
  return fatal_error(errc::io_error, "cannot write " + path + ": " + std::strerror(errno));
}

result<key_file> read_key_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return user_error(errc::not_found, "there is no key file " + path);
  if ((info.st_mode & 077) != 0) {
    return user_error(errc::invalid_argument,
                      path +
                          " can be read by others, so it is no secret any more: revoke the key, "
                          "or, where nobody has read it, chmod 600");
  }
  std::ifstream in{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto j = json::parse(text, nullptr, false);
  const auto wrong = user_error(errc::invalid_argument, path + " is no key file as 'millrace key create' writes it");
  if (!j.is_object() || j.value("millrace_key", 0) != format) return wrong;
  try {
    auto own = curve_keys_of(j.at("secret_key"));
    if (!own || !is_curve_key(j.at("server_key").get<std::string>())) return wrong;
    return key_file{j.at("name"), j.at("address"), {j.at("server_key"), *std::move(own)}};
  } catch (const json::exception&) {
    return wrong;
  }
}

}  // namespace millrace::transport
