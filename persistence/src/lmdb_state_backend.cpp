#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>

#include "chunk.hpp"
#include "lmdb.hpp"
#include "millrace/crc32c.hpp"
#include "millrace/detail/big_endian.hpp"
#include "millrace/persistence/state_backend.hpp"

namespace millrace::persistence {

namespace {

using lmdb::transaction;

constexpr std::size_t header_bytes = 8;  // checksum, length

/// Part `number` of the page at a place: big endian, so that the parts follow each other.
class part_key {
public:
  part_key(engine::spill_place place, std::uint32_t number) {
    detail::store_big_endian(bytes_.data(), place);
    detail::store_big_endian(bytes_.data() + 8, number);
  }
  operator bytes_view() const noexcept { return bytes_; }  // NOLINT: implicit by intent

private:
  std::array<std::byte, 12> bytes_{};
};

error damaged(engine::spill_place place) {
  return fatal_error(errc::corrupt, "spilled state at place " + std::to_string(place) +
                                        " is not what was written; look at the disk, then start again");
}

/// A task's environment. Values are as long as LMDB's pages take best, so that the room of one page serves others.
class lmdb_spill final : public engine::page_spill {
public:
  lmdb_spill(std::shared_ptr<lmdb::environment> env, MDB_dbi database) : env_{std::move(env)}, database_{database} {}
  ~lmdb_spill() override {
    const auto folder = env_->folder();
    env_.reset();
    std::error_code ignored;  // the next start removes what is left
    std::filesystem::remove_all(folder, ignored);
  }

  result<void> put(std::span<const entry> pages) override {
    auto txn = transaction::begin(env_, transaction::mode::write);
    if (!txn) return std::move(txn).error();
    for (const auto& p : pages) {
      if (auto ok = put_one(*txn, p); !ok) return ok;
    }
    return std::move(*txn).commit();
  }

  result<void> get(engine::spill_place place, byte_buffer& out) override {
    auto txn = transaction::begin(env_, transaction::mode::read);
    if (!txn) return std::move(txn).error();
    out.clear();
    std::uint32_t sum = 0;
    std::size_t length = 0;
    for (std::uint32_t part = 0; part == 0 || out.size() < length; ++part) {
      auto piece = txn->get(database_, part_key{place, part});
      if (!piece) return std::move(piece).error();
      if (!*piece) {
        if (part != 0) return damaged(place);
        return fatal_error(errc::not_found, "there is no place " + std::to_string(place));
      }
      auto content = **piece;
      if (part == 0) {
        if (content.size() < header_bytes) return damaged(place);
        sum = detail::load_big_endian<std::uint32_t>(content.data());
        length = detail::load_big_endian<std::uint32_t>(content.data() + 4);
        content = content.subspan(header_bytes);
        out.reserve(length);
      }
      out.append(content);
    }
    if (out.size() != length || crc32c(out.view()) != sum) return damaged(place);
    return {};
  }

  result<void> erase(std::span<const engine::spill_place> places) override {
    auto txn = transaction::begin(env_, transaction::mode::write);
    if (!txn) return std::move(txn).error();
    for (const auto place : places) {
      for (std::uint32_t part = 0;; ++part) {
        auto was_there = txn->erase(database_, part_key{place, part});
        if (!was_there) return std::move(was_there).error();
        if (*was_there) continue;
        if (part == 0) return fatal_error(errc::not_found, "there is no place " + std::to_string(place));
        break;
      }
    }
    return std::move(*txn).commit();
  }

  /// What the file takes: freed pages are used again, the file never becomes shorter.
  std::uint64_t bytes() const override {
    MDB_envinfo info{};
    MDB_stat stat{};
    if (mdb_env_info(env_->handle(), &info) != 0 || mdb_env_stat(env_->handle(), &stat) != 0) return 0;
    return (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;
  }

private:
  result<void> put_one(transaction& txn, const entry& page) {
    auto rest = page.content;
    for (std::uint32_t part = 0; part == 0 || !rest.empty(); ++part) {
      const auto head = part == 0 ? header_bytes : 0;
      const auto piece = rest.first(std::min(rest.size(), chunk_bytes_max - head));
      auto at = txn.append(database_, part_key{page.place, part}, head + piece.size());
      if (!at) return std::move(at).error();
      if (part == 0) {
        detail::store_big_endian(*at, crc32c(page.content));
        detail::store_big_endian(*at + 4, static_cast<std::uint32_t>(page.content.size()));
      }
      if (!piece.empty()) std::memcpy(*at + head, piece.data(), piece.size());
      rest = rest.subspan(piece.size());
    }
    return {};
  }

  std::shared_ptr<lmdb::environment> env_;
  MDB_dbi database_;
};

class lmdb_state_backend final : public engine::state_backend {
public:
  lmdb_state_backend(std::filesystem::path folder, const state_backend_options& options)
      : folder_{std::move(folder)}, options_{options} {}

  result<std::unique_ptr<engine::page_spill>> open(std::string_view task) override {
    std::string name{task};
    std::replace(name.begin(), name.end(), '/', '.');
    const auto folder = folder_ / name;
    std::error_code failure;
    std::filesystem::remove_all(folder, failure);
    if (!failure) std::filesystem::create_directories(folder, failure);
    if (failure) {
      return user_error(errc::io_error, folder.string() + ": cannot be made for state that does not fit into memory: " +
                                            failure.message() + "; make the data directory writable");
    }
    auto env = lmdb::environment::open(folder, {.map_bytes = options_.map_bytes, .databases_max = 1, .scratch = true});
    if (!env) return std::move(env).error();
    auto txn = transaction::begin(*env, transaction::mode::write);
    if (!txn) return std::move(txn).error();
    auto database = txn->open_database("pages", true);
    if (!database) return std::move(database).error();
    if (auto ok = std::move(*txn).commit(); !ok) return std::move(ok).error();
    return std::unique_ptr<engine::page_spill>{std::make_unique<lmdb_spill>(std::move(*env), *database)};
  }

private:
  std::filesystem::path folder_;
  state_backend_options options_;
};

}  // namespace

result<std::shared_ptr<engine::state_backend>> open_state_backend(const std::filesystem::path& folder,
                                                                  const state_backend_options& options) {
  std::error_code failure;
  std::filesystem::remove_all(folder, failure);
  if (failure) {
    return user_error(errc::io_error, folder.string() + ": what an earlier run left here cannot be removed: " +
                                          failure.message() + "; remove the folder");
  }
  return std::shared_ptr<engine::state_backend>{std::make_shared<lmdb_state_backend>(folder, options)};
}

}  // namespace millrace::persistence
