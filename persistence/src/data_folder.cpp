#include "millrace/persistence/data_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>

namespace millrace::persistence {
namespace {

std::string quoted(const std::filesystem::path& path) {
  return "'" + path.string() + "'";
}

error refusal(int code, const std::string& doing, const std::filesystem::path& path) {
  const auto text = doing + " " + quoted(path) + ": " + std::generic_category().message(code);
  switch (code) {
    case EACCES:
    case EPERM:
    case EROFS:
      return user_error(errc::read_only, text + "; make it writable for this user or choose another data folder");
    case ENOSPC:
    case EDQUOT:
      return fatal_error(errc::disk_full, text + "; free some space and start again");
    case ENOTDIR:
    case EEXIST:
      return user_error(errc::invalid_argument, text + "; give the path of a folder, or of one that can be made");
    case ENOENT:
      return user_error(errc::not_found, text + "; check the path");
    default:
      return fatal_error(errc::io_error, text);
  }
}

}  // namespace

std::uint64_t free_bytes(const std::filesystem::path& folder) {
  struct statvfs stat {};
  if (::statvfs(folder.c_str(), &stat) != 0) return 0;
  return static_cast<std::uint64_t>(stat.f_bavail) * stat.f_frsize;
}

std::uint64_t scratch_reserve_bytes(const std::filesystem::path& folder) {
  constexpr std::uint64_t most = std::uint64_t{512} << 20;
  struct statvfs stat {};
  if (::statvfs(folder.c_str(), &stat) != 0) return 0;
  return std::min(most, static_cast<std::uint64_t>(stat.f_blocks) * stat.f_frsize / 20);
}

error disk_full_error(const std::filesystem::path& folder, std::uint64_t needed, std::uint64_t free) {
  return retryable_error(errc::disk_full, "no room in " + quoted(folder) + ": about " + std::to_string(needed) +
                                              " bytes are needed and " + std::to_string(free) +
                                              " are free; free some space, earlier snapshots are intact");
}

result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return refusal(code.value(), "cannot make the folder", folder);
  if (!std::filesystem::is_directory(folder, code)) return refusal(ENOTDIR, "cannot use", folder);
  return {};
}

result<void> sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return refusal(errno, "cannot open", folder);
  const int code = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (code != 0) return refusal(code, "cannot sync", folder);
  return {};
}

result<void> replace_file(const std::filesystem::path& file, std::string_view bytes, unsigned mode) {
  auto fresh = file;
  fresh += ".new";
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (descriptor < 0) return refusal(errno, "cannot write", fresh);
  // One that a dead process left may have another mode.
  int code = ::fchmod(descriptor, mode) == 0 ? 0 : errno;
  for (std::size_t done = 0; done < bytes.size() && code == 0;) {
    const auto written = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      code = errno;
    }
  }
  if (code == 0 && ::fsync(descriptor) != 0) code = errno;
  ::close(descriptor);
  if (code == 0 && ::rename(fresh.c_str(), file.c_str()) != 0) code = errno;
  if (code != 0) return refusal(code, "cannot write", fresh);
  return sync_folder(file.parent_path());
}

result<directory_lock> directory_lock::take(const std::filesystem::path& folder) {
  const auto file = folder / "LOCK";
  directory_lock lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (lock.descriptor_ < 0) return refusal(errno, "cannot open", file);
  if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return refusal(errno, "cannot lock", file);
    std::array<char, 24> text{};
    const auto size = ::pread(lock.descriptor_, text.data(), text.size(), 0);
    std::string_view owner(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    owner = owner.substr(0, owner.find('\n'));
    return user_error(errc::in_use, "the data folder " + quoted(folder) + " is in use by process " +
                                        (owner.empty() ? std::string("(unknown)") : std::string(owner)) +
                                        "; stop that process or give this one a data folder of its own");
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.descriptor_, 0) != 0 ||
      ::pwrite(lock.descriptor_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return refusal(errno, "cannot write", file);
  }
  return lock;
}

directory_lock::~directory_lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace millrace::persistence
