#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sinks {

/// An event of a trial's input, and a row of its target.
struct row {
  std::string id;  ///< unique: the file's letter and the line
  std::string account;
  std::int64_t number = 0;  ///< of the line in its file
  std::optional<double> amount;
  std::optional<std::string> note;  ///< now and then with what has to be escaped somewhere
  std::int64_t at_ns = 0;
};

/// The fields of `row` as a file source takes them.
inline constexpr const char* row_fields =
    "id:string,account:string,number:int64,amount:float64?,note:string?,at:event_time";

/// One line without line ends, the same for equal rows.
[[nodiscard]] std::string text_of(const row& r);

/// Writes a.csv and b.csv with `lines` rows each, a function of the seed. No account is in both. In the order of files
/// and lines.
[[nodiscard]] std::vector<row> write_input(const std::filesystem::path& folder, std::int64_t lines, std::uint64_t seed);

/// How a target is held against what was sent.
enum class promise : unsigned char {
  each_once,       ///< every row, and those of an account in order
  last_of_key,     ///< a row for each account, the last one sent
  each_unordered,  ///< every row
  at_least_once,   ///< every row, some perhaps more than once
};

/// What is wrong in a target when the input has ended; empty: nothing.
[[nodiscard]] std::string compare(const std::vector<row>& sent, const std::vector<row>& found, promise p);
/// What must not be there at any time; empty: nothing is.
[[nodiscard]] std::string find_strays(const std::vector<row>& sent, const std::vector<row>& found, promise p);

}  // namespace sinks
