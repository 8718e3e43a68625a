#include "millrace/error.hpp"

namespace millrace {

const char* to_string(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument:
      return "invalid argument";
    case errc::invalid_topology:
      return "invalid topology";
    case errc::parse_error:
      return "parse error";
    case errc::schema_mismatch:
      return "schema mismatch";
    case errc::not_found:
      return "not found";
    case errc::already_exists:
      return "already exists";
    case errc::in_use:
      return "in use";
    case errc::io_error:
      return "I/O error";
    case errc::disk_full:
      return "disk full";
    case errc::read_only:
      return "read only";
    case errc::corrupt:
      return "corrupt";
    case errc::truncated:
      return "truncated";
    case errc::unavailable:
      return "unavailable";
    case errc::timeout:
      return "timeout";
    case errc::fenced:
      return "fenced";
    case errc::limit_exceeded:
      return "limit exceeded";
    case errc::cancelled:
      return "cancelled";
    case errc::denied:
      return "denied";
    case errc::failed:
      return "failed";
  }
  return "unknown error";
}

}  // namespace millrace
