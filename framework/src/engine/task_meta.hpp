#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/engine/task.hpp"
#include "millrace/msgpack.hpp"

// What the writing and the reading of a task's part of a snapshot have in common.
namespace millrace::engine {

// 3: states of the partition and the type of the keys behind what 2 had. 4: counts of dead letters and replays in
// front.
inline constexpr std::uint64_t meta_format = 4;
inline constexpr std::uint64_t meta_format_oldest = 2;
inline constexpr std::uint32_t meta_fields = 16;
inline constexpr std::uint32_t meta_fields_of_2 = 12;
inline constexpr std::uint32_t meta_position = 12;  ///< index of a producer's position
inline constexpr std::uint32_t meta_prepared = 13;  ///< index of what a sink has prepared

/// Calls a function of the user's actor; what it throws becomes an error, as if it had returned one.
template <class F>
auto guarded(const std::string& what, F&& call) -> decltype(call()) {
  try {
    return call();
  } catch (...) {
    return fatal_error(errc::failed, what + ": " + current_failure());
  }
}

}  // namespace millrace::engine
