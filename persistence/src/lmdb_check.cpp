#include "lmdb_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace millrace::persistence::lmdb {
namespace {

using page_number = std::uint64_t;
constexpr page_number no_page = ~page_number{0};

// What lies on disk, from mdb.c of LMDB 0.9 on a 64-bit machine.
constexpr std::uint32_t meta_magic = 0xBEEFC0DE;
constexpr std::uint32_t data_version = 1;
constexpr std::uint16_t flag_branch = 0x01;
constexpr std::uint16_t flag_leaf = 0x02;
constexpr std::uint16_t flag_overflow = 0x04;
constexpr std::uint16_t flag_meta = 0x08;
constexpr std::uint16_t node_big = 0x01;
constexpr std::uint16_t node_sub = 0x02;
constexpr std::size_t head_bytes = 16;
constexpr std::size_t node_head_bytes = 8;
constexpr unsigned depth_max = 32;

struct database_record {
  std::uint32_t pad;
  std::uint16_t flags;
  std::uint16_t depth;
  page_number branch_pages;
  page_number leaf_pages;
  page_number overflow_pages;
  std::uint64_t entries;
  page_number root;
};
static_assert(sizeof(database_record) == 48);

struct meta_record {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint64_t address;
  std::uint64_t map_bytes;
  database_record free_list;  // its pad is the page size
  database_record main;
  page_number last_page;
  std::uint64_t transaction;
};
static_assert(sizeof(meta_record) == 136);

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Thrown inside this file only.
struct damage {
  std::string what;
};

class file {
public:
  explicit file(const std::filesystem::path& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  ~file() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] std::uint64_t bytes() const {
    struct stat stat {};
    return ::fstat(descriptor_, &stat) == 0 ? static_cast<std::uint64_t>(stat.st_size) : 0;
  }
  bool read(std::uint64_t offset, std::byte* into, std::size_t bytes) const {
    return ::pread(descriptor_, into, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
  }

private:
  int descriptor_;
};

class tree_check {
public:
  tree_check(const file& from, const meta_record& meta)
      : file_(from),
        meta_(meta),
        page_bytes_(meta.free_list.pad),
        pages_in_file_(from.bytes() / page_bytes_),
        seen_(meta.last_page + 1, false) {}

  void run() {
    use(0);
    use(1);
    walk(meta_.free_list, content::free_list);
    walk(meta_.main, content::main);
  }

private:
  enum class content { free_list, main, values };

  static std::string at(page_number page) { return "page " + std::to_string(page); }

  void use(page_number page) {
    if (page > meta_.last_page) throw damage{at(page) + " is referenced but beyond the last page"};
    if (seen_[page]) throw damage{at(page) + " is used twice"};
    seen_[page] = true;
  }

  /// Also refuses pages behind the end of the file: a truncated one.
  void read(page_number page, std::vector<std::byte>& into) {
    if (page >= pages_in_file_) throw damage{"the file is truncated: " + at(page) + " is missing"};
    if (!file_.read(page * page_bytes_, into.data(), into.size())) throw damage{at(page) + " cannot be read"};
    if (load<page_number>(into.data()) != page) throw damage{at(page) + " carries the number of another page"};
  }

  void walk(const database_record& database, content what) {
    if (database.root == no_page) return;
    if (database.depth == 0 || database.depth > depth_max) throw damage{"a tree has an impossible depth"};
    visit(database.root, database.depth, what);
  }

  void visit(page_number number, unsigned levels, content what) {
    use(number);
    std::vector<std::byte> page(page_bytes_);
    read(number, page);
    const bool is_leaf = levels == 1;
    const auto flags = load<std::uint16_t>(page.data() + 10);
    if ((flags & (flag_branch | flag_leaf | flag_overflow | flag_meta)) != (is_leaf ? flag_leaf : flag_branch)) {
      throw damage{at(number) + " is of the wrong kind"};
    }
    const std::size_t lower = load<std::uint16_t>(page.data() + 12);
    const std::size_t upper = load<std::uint16_t>(page.data() + 14);
    if (lower < head_bytes || lower > upper || upper > page_bytes_ || (lower - head_bytes) % 2 != 0) {
      throw damage{at(number) + " has impossible bounds"};
    }
    for (std::size_t slot = head_bytes; slot < lower; slot += 2) {
      const std::size_t node = load<std::uint16_t>(page.data() + slot);
      if (node < upper || node + node_head_bytes > page_bytes_) throw damage{at(number) + " has a node outside itself"};
      is_leaf ? leaf_node(number, page, node, what) : branch_node(number, page, node, levels, what);
    }
  }

  void branch_node(page_number number, const std::vector<std::byte>& page, std::size_t node, unsigned levels,
                   content what) {
    const auto* head = page.data() + node;
    if (node + node_head_bytes + load<std::uint16_t>(head + 6) > page_bytes_) {
      throw damage{at(number) + " has a key outside itself"};
    }
    visit(load<std::uint32_t>(head) | page_number{load<std::uint16_t>(head + 4)} << 32, levels - 1, what);
  }

  void leaf_node(page_number number, const std::vector<std::byte>& page, std::size_t node, content what) {
    const auto* head = page.data() + node;
    const std::size_t value_bytes = load<std::uint32_t>(head);
    const auto flags = load<std::uint16_t>(head + 4);
    const std::size_t value = node + node_head_bytes + load<std::uint16_t>(head + 6);
    const bool is_big = (flags & node_big) != 0;
    if (value + (is_big ? sizeof(page_number) : value_bytes) > page_bytes_) {
      throw damage{at(number) + " has a value outside itself"};
    }
    if ((flags & ~(node_big | node_sub)) != 0 || (is_big && (flags & node_sub) != 0)) {
      throw damage{at(number) + " has a node of unknown kind"};
    }
    if (is_big) overflow(load<page_number>(page.data() + value), value_bytes);
    if ((flags & node_sub) != 0) {
      if (what != content::main || value_bytes != sizeof(database_record)) {
        throw damage{at(number) + " has a tree where none belongs"};
      }
      walk(load<database_record>(page.data() + value), content::values);
    }
    if (what == content::free_list) free_pages(page, value, value_bytes, is_big);
  }

  void overflow(page_number first, std::size_t value_bytes) {
    const page_number pages = (head_bytes - 1 + value_bytes) / page_bytes_ + 1;
    if (first > meta_.last_page || pages > meta_.last_page - first + 1) {
      throw damage{"a value at " + at(first) + " reaches beyond the last page"};
    }
    for (page_number page = first; page < first + pages; ++page) use(page);
    if (first + pages > pages_in_file_) throw damage{"the file is truncated: " + at(first + pages - 1) + " is missing"};
    std::vector<std::byte> head(head_bytes);
    read(first, head);
    if ((load<std::uint16_t>(head.data() + 10) & flag_overflow) == 0 ||
        load<std::uint32_t>(head.data() + 12) != pages) {
      throw damage{at(first) + " is of the wrong kind"};
    }
  }

  /// A record of the free list: a count, then as many page numbers. A page both free and in use would be overwritten.
  void free_pages(const std::vector<std::byte>& page, std::size_t value, std::size_t value_bytes, bool is_big) {
    std::vector<std::byte> list(value_bytes);
    if (is_big) {
      const auto first = load<page_number>(page.data() + value);
      if (!file_.read(first * page_bytes_ + head_bytes, list.data(), list.size())) {
        throw damage{at(first) + " cannot be read"};
      }
    } else if (value_bytes > 0) {
      std::memcpy(list.data(), page.data() + value, value_bytes);
    }
    const auto count = value_bytes >= 8 ? load<std::uint64_t>(list.data()) : 0;
    if (value_bytes < 8 || count > value_bytes / 8 - 1) throw damage{"the list of free pages has an impossible count"};
    for (std::size_t item = 1; item <= count; ++item) use(load<page_number>(list.data() + item * 8));
  }

  const file& file_;
  const meta_record& meta_;
  std::size_t page_bytes_;
  page_number pages_in_file_;
  std::vector<bool> seen_;
};

std::optional<meta_record> read_meta(const file& from, page_number number, std::size_t page_bytes) {
  std::vector<std::byte> page(head_bytes + sizeof(meta_record));
  if (!from.read(number * page_bytes, page.data(), page.size())) return std::nullopt;
  const auto meta = load<meta_record>(page.data() + head_bytes);
  if (meta.magic != meta_magic || meta.version != data_version) return std::nullopt;
  if ((load<std::uint16_t>(page.data() + 10) & flag_meta) == 0) return std::nullopt;
  return meta;
}

/// The meta page LMDB would use: the one of the later transaction; both must be readable, as LMDB wants both.
meta_record newest_meta(const file& from) {
  const auto first = read_meta(from, 0, 0);
  if (!first) throw damage{"the first meta page is damaged"};
  const std::size_t page_bytes = first->free_list.pad;
  if (page_bytes < 512 || page_bytes > 65'536 || (page_bytes & (page_bytes - 1)) != 0) {
    throw damage{"the first meta page has an impossible page size"};
  }
  const auto second = read_meta(from, 1, page_bytes);
  if (!second || second->free_list.pad != page_bytes) throw damage{"the second meta page is damaged"};
  const auto& newest = second->transaction > first->transaction ? *second : *first;
  // The last page need not be in the file yet, but a number far behind its end is none LMDB wrote.
  const auto pages = from.bytes() / page_bytes;
  if (newest.last_page < 1 || newest.last_page / 64 > pages + 1024)
    throw damage{"a meta page has an impossible last page"};
  return newest;
}

}  // namespace

result<void> check_file(const std::filesystem::path& folder) {
  const file data(folder / "data.mdb");
  if (!data.is_open()) {
    if (errno == ENOENT) return {};
    const auto text = "cannot read '" + (folder / "data.mdb").string() + "': " + std::generic_category().message(errno);
    if (errno == EACCES) return user_error(errc::read_only, text + "; give this user access to it");
    return fatal_error(errc::io_error, text);
  }
  if (data.bytes() == 0) return {};
  constexpr int looks_max = 5;
  for (int look = 1;; ++look) {
    std::uint64_t transaction = 0;
    try {
      const auto meta = newest_meta(data);
      transaction = meta.transaction;
      tree_check(data, meta).run();
      return {};
    } catch (const damage& found) {
      const auto now = read_meta(data, 0, 0);
      const auto other = now ? read_meta(data, 1, now->free_list.pad) : std::nullopt;
      const bool has_moved = (now && now->transaction > transaction) || (other && other->transaction > transaction);
      if (has_moved && transaction != 0 && look < looks_max) continue;
      return fatal_error(errc::corrupt, "'" + (folder / "data.mdb").string() + "' is damaged: " + found.what);
    }
  }
}

}  // namespace millrace::persistence::lmdb
