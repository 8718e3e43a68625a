#pragma once

#include <filesystem>
#include <string>

#include "crash_input.hpp"

namespace millrace::crash {

/// Adds what the live feed must have brought to what is expected, by the books the world beside the program has kept
/// in `folder` (`handed`: each entry handed to the feed, once and never again; `acknowledged`: those it said are safe)
/// and by which entries are in the output. Empty, or which acknowledged entries are missing.
///
/// A kill between handing out and acknowledging leaves open whether an entry counts, so the output decides; that it
/// counts once, in order and with everything that follows from it, is for `compare_output`.
[[nodiscard]] std::string add_feed(const std::filesystem::path& folder, expected_output& expected);

}  // namespace millrace::crash
