#include "millrace/transport/control_endpoint.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <tuple>

namespace millrace::transport {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view scheme = "ipc://";
constexpr std::string_view suffix = ".sock";
/// sun_path with its closing zero.
constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

error not_private(const fs::path& folder, const char* why) {
  return user_error(errc::invalid_argument, "folder " + folder.string() + " is " + why +
                                                ": control sockets there could be anybody's; remove it, or set "
                                                "XDG_RUNTIME_DIR to a folder of your own");
}

error io_failure(const char* what, const fs::path& path) {
  return fatal_error(errc::io_error, std::string{what} + " " + path.string() + ": " + std::strerror(errno));
}

result<void> check_length(const fs::path& path) {
  if (path.native().size() <= path_bytes_max) {
    return {};
  }
  return user_error(errc::limit_exceeded, "socket path " + path.string() + " has " +
                                              std::to_string(path.native().size()) + " bytes, the system allows " +
                                              std::to_string(path_bytes_max) +
                                              ": use a shorter name, or set XDG_RUNTIME_DIR to a shorter path");
}

/// Owns a file descriptor.
class descriptor {
public:
  explicit descriptor(int fd) noexcept : fd_{fd} {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

private:
  int fd_;
};

/// Whether a process accepts connections on the socket. One whose queue of connections is full does.
bool is_listening(const fs::path& path) {
  sockaddr_un address{};
  if (path.native().size() > path_bytes_max) {
    return false;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  const descriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;
}

bool is_file_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

/// Takes `<topology>-<pid>.sock` apart.
std::optional<control_endpoint> endpoint_at(const fs::path& path) {
  std::string name = path.filename().string();
  if (!name.ends_with(suffix)) {
    return std::nullopt;
  }
  name.resize(name.size() - suffix.size());
  const auto dash = name.rfind('-');
  if (dash == std::string::npos || dash == 0) {
    return std::nullopt;
  }
  control_endpoint found{.topology = name.substr(0, dash), .address = std::string{scheme} + path.string()};
  const char* const end = name.data() + name.size();
  const auto [stop, failed] = std::from_chars(name.data() + dash + 1, end, found.pid);
  return failed == std::errc{} && stop == end ? std::optional{std::move(found)} : std::nullopt;
}

}  // namespace

result<void> make_private_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return io_failure("cannot make folder", folder);
  }
  struct stat info {};
  if (::lstat(folder.c_str(), &info) != 0) {
    return io_failure("cannot look at folder", folder);
  }
  if (!S_ISDIR(info.st_mode)) {
    return not_private(folder, "no folder but a file or a link");
  }
  if (info.st_uid != ::geteuid()) {
    return not_private(folder, "another user's");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return not_private(folder, "open to other users (mode 0700 is wanted)");
  }
  return {};
}

result<fs::path> runtime_folder() {
  const char* const base = std::getenv("XDG_RUNTIME_DIR");
  const fs::path folder = base != nullptr && *base == '/' ? fs::path{base} / "millrace"
                                                          : fs::path{"/tmp/millrace-" + std::to_string(::geteuid())};
  if (auto made = make_private_folder(folder); !made) {
    return std::move(made).error();
  }
  return folder;
}

result<control_endpoint> endpoint_of(const fs::path& folder, std::string_view topology, std::uint32_t pid) {
  if (!is_file_name(topology)) {
    return user_error(errc::invalid_argument, "'" + std::string{topology} +
                                                  "' cannot name a control socket: use letters, digits, '_', '-' and "
                                                  "'.', not starting with '.'");
  }
  const fs::path path = folder / (std::string{topology} + "-" + std::to_string(pid) + std::string{suffix});
  if (auto fits = check_length(path); !fits) {
    return std::move(fits).error();
  }
  return control_endpoint{std::string{topology}, pid, std::string{scheme} + path.string()};
}

result<std::vector<control_endpoint>> list_endpoints(const fs::path& folder) {
  std::vector<control_endpoint> found;
  std::error_code failed;
  for (fs::directory_iterator at{folder, failed}, end; !failed && at != end; at.increment(failed)) {
    auto endpoint = endpoint_at(at->path());
    if (endpoint && is_listening(at->path())) {
      found.push_back(std::move(*endpoint));
    }
  }
  if (failed && failed != std::errc::no_such_file_or_directory) {
    return fatal_error(errc::io_error, "cannot list " + folder.string() + ": " + failed.message());
  }
  std::ranges::sort(found, {}, [](const control_endpoint& e) { return std::tie(e.topology, e.pid); });
  return found;
}

result<std::vector<control_endpoint>> list_endpoints() {
  const auto folder = runtime_folder();
  return folder ? list_endpoints(*folder) : folder.error();
}

result<fs::path> path_of_address(std::string_view address) {
  const fs::path path{address.starts_with(scheme) ? address.substr(scheme.size()) : std::string_view{}};
  if (!path.is_absolute()) {
    return user_error(errc::invalid_argument, "control address '" + std::string{address} +
                                                  "' is not ipc:// and an absolute path, like ipc:///run/user/1000/"
                                                  "millrace/orders-4711.sock");
  }
  if (auto fits = check_length(path); !fits) {
    return std::move(fits).error();
  }
  return path;
}

result<void> claim_socket_path(const fs::path& path) {
  if (auto folder = make_private_folder(path.parent_path()); !folder) {
    return folder;
  }
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? result<void>{} : result<void>{io_failure("cannot look at", path)};
  }
  if (!S_ISSOCK(info.st_mode)) {
    return user_error(errc::already_exists, path.string() + " is no socket: it is left alone; move it away");
  }
  if (is_listening(path)) {
    return user_error(errc::in_use, "another process listens on " + path.string());
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return io_failure("cannot remove the socket a dead process left,", path);
  }
  return {};
}

}  // namespace millrace::transport
