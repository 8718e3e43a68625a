#include "lmdb.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include "millrace/persistence/data_folder.hpp"

namespace millrace::persistence::lmdb {
namespace {

// A reader per thread that looks at snapshots, and the command-line tools beside it.
constexpr unsigned readers_max = 64;
constexpr std::uint64_t map_bytes_min = std::uint64_t{1} << 28;

MDB_val to_val(bytes_view bytes) {
  return {bytes.size(), const_cast<std::byte*>(bytes.data())};
}
bytes_view to_view(const MDB_val& val) {
  return {static_cast<const std::byte*>(val.mv_data), val.mv_size};
}

struct handle_deleter {
  void operator()(MDB_env* env) const noexcept { mdb_env_close(env); }
};
using handle_ptr = std::unique_ptr<MDB_env, handle_deleter>;

int open_handle(const std::filesystem::path& folder, const environment_options& options, std::uint64_t map_bytes,
                handle_ptr& out) {
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw); code != 0) return code;
  handle_ptr env(raw);
  mdb_env_set_maxdbs(raw, options.databases_max);
  mdb_env_set_maxreaders(raw, readers_max);
  if (const int code = mdb_env_set_mapsize(raw, map_bytes); code != 0) return code;
  // NOTLS: a reader belongs to its transaction object, not to the thread that happens to run the task.
  const unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (options.read_only ? static_cast<unsigned>(MDB_RDONLY) : 0u) |
                         (options.scratch ? static_cast<unsigned>(MDB_NOSYNC) : 0u);
  if (const int code = mdb_env_open(raw, folder.c_str(), flags, 0640); code != 0) return code;
  out = std::move(env);
  return 0;
}

}  // namespace

error to_error(int code, std::string_view doing, const std::filesystem::path& folder, std::uint64_t bytes) {
  const auto text = std::string(doing) + " in '" + folder.string() + "': " + mdb_strerror(code);
  switch (code) {
    case EIO:
    case ENOSPC: {
      const auto free = free_bytes(folder);
      if (code == ENOSPC || (bytes > 0 && free < bytes)) return disk_full_error(folder, bytes, free);
      return fatal_error(errc::io_error, text + "; see the system's log for errors of the disk");
    }
    case EACCES:
    case EPERM:
    case EROFS:
      return user_error(errc::read_only, text + "; make the folder writable or choose another data folder");
    case MDB_MAP_FULL:
      return user_error(errc::limit_exceeded, text + "; raise the map size in the options");
    case ENOMEM:
      return user_error(errc::limit_exceeded, text + "; lower the map size or raise the address space limit");
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
      return fatal_error(errc::corrupt, text);
    case MDB_READERS_FULL:
      return retryable_error(errc::unavailable, text + "; close other programs that read this folder");
    case MDB_PANIC:
      return fatal_error(errc::failed, text + "; restart the process");
    default:
      return fatal_error(errc::io_error, text);
  }
}

result<std::shared_ptr<environment>> environment::open(const std::filesystem::path& folder,
                                                       const environment_options& options) {
  handle_ptr env;
  int code = ENOMEM;
  // Limits on address space (RLIMIT_AS, sanitizers) refuse a large map; any that holds the data will do.
  for (auto map = options.map_bytes; code == ENOMEM && map >= map_bytes_min; map /= 2) {
    code = open_handle(folder, options, map, env);
  }
  if (code != 0) return to_error(code, "cannot open the store", folder);
  auto opened = std::shared_ptr<environment>(new environment(env.get(), folder, options.is_shared));
  static_cast<void>(env.release());
  opened->clear_dead_readers();
  if (!options.read_only) opened->drop_unused_tail();
  return opened;
}

void environment::clear_dead_readers() noexcept {
  int dead = 0;
  mdb_reader_check(handle_, &dead);
}

void environment::drop_unused_tail() noexcept {
  if (is_shared_) return;
  MDB_envinfo info{};
  MDB_stat stat{};
  if (mdb_env_info(handle_, &info) != 0 || mdb_env_stat(handle_, &stat) != 0) return;
  const auto used = (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;
  std::error_code ignored;  // the space is only wasted, and reused by the next write
  const auto file = folder_ / "data.mdb";
  const auto size = std::filesystem::file_size(file, ignored);
  if (!ignored && size > used) std::filesystem::resize_file(file, used, ignored);
}

std::uint64_t environment::reusable_bytes() const {
  MDB_txn* txn = nullptr;
  if (mdb_txn_begin(handle_, nullptr, MDB_RDONLY, &txn) != 0) return 0;
  MDB_cursor* cursor = nullptr;
  std::uint64_t pages = 0;
  // Database 0 is LMDB's list of free pages: each value starts with the number of pages it holds (as in mdb_stat).
  if (mdb_cursor_open(txn, 0, &cursor) == 0) {
    MDB_val key{};
    MDB_val value{};
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
      std::size_t count = 0;
      if (value.mv_size >= sizeof count) std::memcpy(&count, value.mv_data, sizeof count);
      pages += count;
    }
    mdb_cursor_close(cursor);
  }
  mdb_txn_abort(txn);
  MDB_stat stat{};
  mdb_env_stat(handle_, &stat);
  return pages * stat.ms_psize;
}

result<transaction> transaction::begin(std::shared_ptr<environment> env, mode how) {
  MDB_txn* txn = nullptr;
  const unsigned flags = how == mode::read ? static_cast<unsigned>(MDB_RDONLY) : 0u;
  const int code = mdb_txn_begin(env->handle(), nullptr, flags, &txn);
  if (code != 0) return to_error(code, "cannot begin a transaction", env->folder());
  return transaction(std::move(env), txn);
}

transaction& transaction::operator=(transaction&& other) noexcept {
  if (this == &other) return *this;
  abort();
  env_ = std::move(other.env_);
  handle_ = std::exchange(other.handle_, nullptr);
  bytes_ = other.bytes_;
  return *this;
}

error transaction::failure(int code, std::string_view doing) const {
  return to_error(code, doing, env_->folder(), bytes_);
}

result<MDB_dbi> transaction::open_database(const char* name, bool create) {
  MDB_dbi database = 0;
  const int code = mdb_dbi_open(handle_, name, create ? static_cast<unsigned>(MDB_CREATE) : 0u, &database);
  if (code == MDB_NOTFOUND) return user_error(errc::not_found, std::string("there is no database '") + name + "'");
  if (code != 0) return failure(code, "cannot open a database");
  return database;
}

result<std::optional<bytes_view>> transaction::get(MDB_dbi database, bytes_view key) {
  auto k = to_val(key);
  MDB_val v{};
  const int code = mdb_get(handle_, database, &k, &v);
  if (code == MDB_NOTFOUND) return std::optional<bytes_view>{};
  if (code != 0) return failure(code, "cannot read");
  return std::optional<bytes_view>{to_view(v)};
}

result<void> transaction::put(MDB_dbi database, bytes_view key, bytes_view value) {
  auto k = to_val(key);
  auto v = to_val(value);
  bytes_ += value.size();
  if (const int code = mdb_put(handle_, database, &k, &v, 0); code != 0) return failure(code, "cannot write");
  return {};
}

result<std::byte*> transaction::reserve(MDB_dbi database, bytes_view key, std::size_t bytes) {
  auto k = to_val(key);
  MDB_val v{bytes, nullptr};
  bytes_ += bytes;
  const int code = mdb_put(handle_, database, &k, &v, MDB_RESERVE);
  if (code != 0) return failure(code, "cannot write");
  return static_cast<std::byte*>(v.mv_data);
}

result<std::byte*> transaction::append(MDB_dbi database, bytes_view key, std::size_t bytes) {
  auto k = to_val(key);
  MDB_val v{bytes, nullptr};
  bytes_ += bytes;
  const int code = mdb_put(handle_, database, &k, &v, MDB_APPEND | MDB_RESERVE);
  if (code != 0) return failure(code, "cannot write");
  return static_cast<std::byte*>(v.mv_data);
}

result<bool> transaction::erase(MDB_dbi database, bytes_view key) {
  auto k = to_val(key);
  const int code = mdb_del(handle_, database, &k, nullptr);
  if (code == MDB_NOTFOUND) return false;
  if (code != 0) return failure(code, "cannot delete");
  return true;
}

result<void> transaction::clear(MDB_dbi database) {
  if (const int code = mdb_drop(handle_, database, 0); code != 0) return failure(code, "cannot empty a database");
  return {};
}

result<void> transaction::commit() && {
  auto* const handle = std::exchange(handle_, nullptr);
  const int code = mdb_txn_commit(handle);
  if (code == 0) return {};
  auto why = failure(code, "cannot commit");
  env_->drop_unused_tail();
  return why;
}

void transaction::abort() noexcept {
  if (auto* const handle = std::exchange(handle_, nullptr)) mdb_txn_abort(handle);
}

result<cursor> cursor::open(transaction& in, MDB_dbi database) {
  MDB_cursor* handle = nullptr;
  const char* folder = "";
  mdb_env_get_path(mdb_txn_env(in.handle()), &folder);
  const int code = mdb_cursor_open(in.handle(), database, &handle);
  if (code != 0) return to_error(code, "cannot read", folder);
  return cursor(handle, folder);
}

cursor::~cursor() {
  if (handle_ != nullptr) mdb_cursor_close(handle_);
}

result<std::optional<entry>> cursor::move(bytes_view key, MDB_cursor_op operation) {
  auto k = to_val(key);
  MDB_val v{};
  const int code = mdb_cursor_get(handle_, &k, &v, operation);
  if (code == MDB_NOTFOUND) return std::optional<entry>{};
  if (code != 0) return to_error(code, "cannot read", folder_);
  return std::optional<entry>{entry{to_view(k), to_view(v)}};
}

result<void> cursor::erase() {
  if (const int code = mdb_cursor_del(handle_, 0); code != 0) return to_error(code, "cannot delete", folder_);
  return {};
}

}  // namespace millrace::persistence::lmdb
