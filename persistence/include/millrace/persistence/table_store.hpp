#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::persistence {

/// What a table is: its records' fields as text (`to_text` of their schema), and those that make the key.
struct table_declaration {
  std::string name;
  std::string fields;
  std::vector<std::string> key;
};

/// Key and value are bytes to the store; rows are in the order of their keys' bytes.
struct table_row {
  std::string key;
  std::string value;
};

/// Tables of rows by key in one LMDB environment: one process or several write, in turn; others read meanwhile, each
/// time as of the last commit. Values have a checksum. Thread: any.
class table_store {
public:
  /// Bytes a key may have.
  static constexpr std::size_t key_bytes_max = 511;
  static constexpr std::size_t tables_max = 120;

  virtual ~table_store() = default;

  /// Makes the table when it is not there. Errors: `schema_mismatch` when it is there with other fields or another key.
  [[nodiscard]] virtual result<void> declare(const table_declaration& t) = 0;
  /// Writes rows, those that come later win; all or none of them, durable when it returns. Writing the same again
  /// changes nothing. Errors: `not_found`, `disk_full`, `io_error`.
  [[nodiscard]] virtual result<void> put(const std::string& table, std::span<const table_row> rows) = 0;

  [[nodiscard]] virtual result<std::vector<table_declaration>> tables() = 0;
  /// Errors: `not_found` names the tables there are.
  [[nodiscard]] virtual result<table_declaration> describe(const std::string& table) = 0;
  [[nodiscard]] virtual result<std::uint64_t> count(const std::string& table) = 0;
  [[nodiscard]] virtual result<std::optional<std::string>> get(const std::string& table, const std::string& key) = 0;
  /// At most `max` rows from `from` on, in one short look: to go on, ask from behind the last key.
  [[nodiscard]] virtual result<std::vector<table_row>> scan(const std::string& table, const std::string& from,
                                                            std::size_t max) = 0;
};

/// Opens the tables in `folder`, which is made unless read-only. Within a process all openers of a folder share one
/// store. Errors: `not_found` (read-only, and there are none), `corrupt`, `read_only`, `disk_full`, `io_error`.
[[nodiscard]] result<std::shared_ptr<table_store>> open_table_store(const std::filesystem::path& folder,
                                                                    bool is_read_only);

}  // namespace millrace::persistence
