#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include "millrace/error.hpp"

namespace millrace::library {

/// The error of a system call that failed on a path; takes the code from `errno` unless one is given.
[[nodiscard]] inline error system_failure(const std::string& what, const std::string& path, int code = errno) {
  const std::string text = what + " '" + path + "': " + std::generic_category().message(code);
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return retryable_error(errc::disk_full, text + "; make room, nothing is lost meanwhile");
    case EROFS:
    case EACCES:
    case EPERM:
      return user_error(errc::read_only, text + "; give the folder to the user that runs this, or choose another");
    default:
      return retryable_error(errc::io_error, text);
  }
}

}  // namespace millrace::library
