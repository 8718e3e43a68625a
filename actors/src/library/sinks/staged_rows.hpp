#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/error.hpp"

namespace millrace::library {

/// What a sink that stages rows puts into a snapshot: the numbers of the rows that wait for it.
struct staged_rows {
  std::int64_t first = 0;
  std::int64_t last = -1;

  [[nodiscard]] std::int64_t count() const noexcept { return last - first + 1; }
};

[[nodiscard]] inline std::string text_of(const staged_rows& rows) {
  return "rows " + std::to_string(rows.first) + ' ' + std::to_string(rows.last);
}

/// Error (`corrupt`): the text is no handle.
[[nodiscard]] inline result<staged_rows> parse_staged_rows(const std::string& handle) {
  constexpr std::string_view prefix = "rows ";
  staged_rows out;
  const char* const end = handle.data() + handle.size();
  if (handle.starts_with(prefix)) {
    const auto first = std::from_chars(handle.data() + prefix.size(), end, out.first);
    if (first.ec == std::errc{} && first.ptr != end && *first.ptr == ' ') {
      const auto last = std::from_chars(first.ptr + 1, end, out.last);
      if (last.ec == std::errc{} && last.ptr == end && out.first > 0 && out.last >= out.first) return out;
    }
  }
  return fatal_error(errc::corrupt, "the snapshot's handle '" + handle + "' is none of a sink that stages rows");
}

}  // namespace millrace::library
