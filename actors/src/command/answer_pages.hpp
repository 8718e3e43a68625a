#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "millrace/error.hpp"

namespace millrace::command {

/// Whoever asks for an answer page by page asks this whether to go on: a node that never comes to an end is left after
/// a while. Thread: one.
class answer_pages {
public:
  /// `to`: where the next page begins. errc::corrupt when the last began there, errc::limit_exceeded when there were
  /// more pages than any honest answer has.
  [[nodiscard]] result<void> turn(nlohmann::json to);

private:
  nlohmann::json at_;
  std::uint64_t turned_ = 0;
};

}  // namespace millrace::command
