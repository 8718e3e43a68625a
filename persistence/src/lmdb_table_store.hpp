#pragma once

#include <mutex>

#include "lmdb.hpp"
#include "millrace/persistence/table_store.hpp"

namespace millrace::persistence {

/// A database "tables" with a line of text for each table, and a database "rows:<name>" for its rows: CRC32C of the
/// value, then the value.
class lmdb_table_store final : public table_store {
public:
  static result<std::shared_ptr<lmdb_table_store>> open(const std::filesystem::path& folder, bool is_read_only);

  result<void> declare(const table_declaration& t) override;
  result<void> put(const std::string& table, std::span<const table_row> rows) override;
  result<std::vector<table_declaration>> tables() override;
  result<table_declaration> describe(const std::string& table) override;
  result<std::uint64_t> count(const std::string& table) override;
  result<std::optional<std::string>> get(const std::string& table, const std::string& key) override;
  result<std::vector<table_row>> scan(const std::string& table, const std::string& from, std::size_t max) override;

private:
  explicit lmdb_table_store(std::shared_ptr<lmdb::environment> env) : env_{std::move(env)} {}
  [[nodiscard]] result<std::vector<table_declaration>> read_declarations(lmdb::transaction& t, MDB_dbi tables) const;
  [[nodiscard]] result<MDB_dbi> rows_of(lmdb::transaction& t, const std::string& table) const;
  [[nodiscard]] result<std::string> checked(bytes_view stored, const std::string& table) const;
  [[nodiscard]] error unknown_table(const std::string& table, const std::vector<table_declaration>& known) const;

  std::shared_ptr<lmdb::environment> env_;
  // LMDB lets one transaction at a time open databases.
  std::mutex opening_;
};

}  // namespace millrace::persistence
