#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace millrace::crash {

/// What the output must come to, worked out from the input alone, without the engine.
struct expected_output {
  std::map<std::string, std::vector<std::string>> in_order;  ///< per account: its "run" lines
  std::vector<std::string> sorted;                           ///< all "sum" lines, sorted
  std::map<std::string, std::string> malformed;              ///< lines that are no entry, by "a.csv:17"
};

/// An entry of the live feed.
struct feed_entry {
  std::string account;
  std::int64_t number{};
  std::int64_t amount{};
};
/// Adds what comes of the feed's entries, given in order, to what is expected.
void expect_feed(const std::vector<feed_entry>& entries, expected_output& expected);

/// Makes of each packed segment in `folder` what it holds. What is wrong with one of them; empty: nothing.
[[nodiscard]] std::string unpack_output(const std::filesystem::path& folder);

/// Writes `a.csv` and `b.csv` with `lines` entries each into `folder` and says what must come out of them. Before one of
/// `malformed_each` entries stands a line that is none.
[[nodiscard]] expected_output write_input(const std::filesystem::path& folder, std::int64_t lines, std::uint64_t seed,
                                          std::int64_t malformed_each = 20);

/// How the committed output in `folder` differs: empty when it is as expected, else the first differences, in words.
[[nodiscard]] std::string compare_output(const std::filesystem::path& folder, const expected_output& expected);

}  // namespace millrace::crash
