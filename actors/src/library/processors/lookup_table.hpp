#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"

namespace millrace::library {

/// A file of records in memory, found by key: a table that events are joined with.
///
/// Immutable once loaded. Thread: one owner.
class lookup_table {
public:
  struct source {
    std::string path;
    bool is_csv = true;
    schema_ptr fields;
    std::vector<std::string> key;  ///< names of the key's fields
    std::size_t rows_max = 0;
  };

  /// Reads the whole file. Errors name the file and the line: it cannot be read, a line does not parse, has no key
  /// (NaN), or one that another line has; more than `rows_max` rows.
  [[nodiscard]] static result<lookup_table> load(const source& from);

  /// The row with the key in canonical form; nothing else is touched.
  [[nodiscard]] bool find(bytes_view key, std::uint32_t& row) const;
  /// Lives as long as the table.
  [[nodiscard]] record_view row(std::uint32_t number) const;
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }

private:
  class loading;
  static constexpr std::uint32_t batch_rows = 1024;

  record_type_ptr type_;
  std::vector<batch_ptr> batches_;  // all full but the last
  std::unordered_map<std::string, std::uint32_t> rows_;
};

/// What tells that a file has changed.
struct file_stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const file_stamp&) const noexcept = default;
  /// False: the file is not there.
  [[nodiscard]] static bool read(const std::string& path, file_stamp& out) noexcept;
};

}  // namespace millrace::library
