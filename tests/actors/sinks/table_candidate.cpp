#include "table_candidate.hpp"

#include <lmdb.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace sinks {

namespace {

void check(int code) {
  if (code != MDB_SUCCESS) throw std::runtime_error(mdb_strerror(code));
}

row row_of(const MDB_val& stored) {
  const auto* const bytes = static_cast<const std::uint8_t*>(stored.mv_data);
  const auto records = nlohmann::json::from_msgpack(bytes + 4, bytes + stored.mv_size);
  const auto& r = records.at(0);
  row out{r.at(0), r.at(1), r.at(2), {}, {}, r.at(5)};
  if (!r.at(3).is_null()) out.amount = r.at(3).get<double>();
  if (!r.at(4).is_null()) out.note = r.at(4).get<std::string>();
  return out;
}

}  // namespace

void table_candidate::add_to(millrace::topology& t, const std::filesystem::path& folder) const {
  t.add("target", "millrace.table_sink",
        {{"path", (folder / "tables").string()},
         {"table", std::string{"events"}},
         {"key", std::string{"id"}},
         {"delay", std::int64_t{20}}},
        2);
}

std::vector<row> table_candidate::read(const std::filesystem::path& folder) const {
  std::vector<row> out;
  if (!std::filesystem::exists(folder / "tables" / "data.mdb")) return out;
  MDB_env* env = nullptr;
  check(mdb_env_create(&env));
  const std::unique_ptr<MDB_env, void (*)(MDB_env*)> closing{env, mdb_env_close};
  check(mdb_env_set_maxdbs(env, 4));
  check(mdb_env_set_mapsize(env, std::size_t{1} << 30));
  check(mdb_env_open(env, (folder / "tables").c_str(), MDB_RDONLY, 0));
  MDB_txn* raw = nullptr;
  check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &raw));
  const std::unique_ptr<MDB_txn, void (*)(MDB_txn*)> txn{raw, mdb_txn_abort};
  MDB_dbi rows = 0;
  const int opened = mdb_dbi_open(raw, "rows:events", 0, &rows);
  if (opened == MDB_NOTFOUND) return out;
  check(opened);
  MDB_cursor* at = nullptr;
  check(mdb_cursor_open(raw, rows, &at));
  const std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)> cursor{at, mdb_cursor_close};
  MDB_val key{};
  MDB_val stored{};
  while (mdb_cursor_get(at, &key, &stored, MDB_NEXT) == MDB_SUCCESS) out.push_back(row_of(stored));
  return out;
}

}  // namespace sinks
