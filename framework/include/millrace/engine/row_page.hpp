#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/key.hpp"
#include "millrace/msgpack.hpp"

namespace millrace::engine {

/// How the row store handles one cell (one declared state or timer) without knowing its C++ type.
struct cell_ops {
  std::size_t size = 0;
  std::size_t align = 1;
  bool trivial = false;     ///< may be copied with memcpy and dropped without a destructor
  std::uint32_t units = 1;  ///< for cells whose size is chosen at run time; what it counts is theirs to know
  void (*construct)(void*, std::uint32_t units) = nullptr;
  void (*copy)(void* to, const void* from, std::uint32_t units) = nullptr;
  void (*destroy)(void*, std::uint32_t units) noexcept = nullptr;
  void (*encode)(msgpack::writer&, const void*, std::uint32_t units) = nullptr;
  bool (*decode)(msgpack::reader&, void*, std::uint32_t units) = nullptr;
  std::size_t (*heap)(const void*) noexcept = nullptr;  ///< memory held outside of the row; none: none
};

/// Reads content that was written as another type into a constructed object of the present one.
using state_decode = std::function<bool(msgpack::reader&, void*)>;

/// How content written as type `from` becomes the present type.
struct state_migration {
  std::string from;
  state_decode decode;
};

struct cell {
  std::string name;
  std::string type;  ///< text form of the type, compared when a snapshot is loaded
  cell_ops ops;
  std::size_t offset = 0;  ///< bytes from the start of the row
  std::vector<state_migration> migrations{};
};

/// What becomes of one cell of an encoded page: it goes to a cell of the layout, through `decode` where its type
/// changed, or is passed over.
struct cell_source {
  static constexpr std::size_t dropped = ~std::size_t{0};

  cell_source(std::size_t to) : cell{to} {}  // NOLINT: implicit by intent
  cell_source(std::size_t to, state_decode from) : cell{to}, decode{std::move(from)} {}

  std::size_t cell;
  state_decode decode{};  ///< empty: the cell's own
};

/// What stands in front of the cells of a row.
struct row_header {
  key_bytes key;
  std::uint32_t live = 0;
  std::uint32_t present = 0;  ///< bit i: cell i has a value
};

/// The cells of one actor's keyed state, laid out behind each other: one hash lookup finds all states of a key.
class row_layout {
public:
  static constexpr std::size_t max_cells = 32;

  /// Adds a cell and gives its index; asserts beyond `max_cells`.
  std::size_t add(std::string name, std::string type, cell_ops ops, std::vector<state_migration> migrations = {});

  [[nodiscard]] const std::vector<cell>& cells() const noexcept { return cells_; }
  [[nodiscard]] std::size_t row_bytes() const noexcept { return row_bytes_; }
  [[nodiscard]] bool is_trivial() const noexcept { return trivial_; }

  void construct_row(std::byte* row, const key_bytes& key) const;
  void destroy_row(std::byte* row) const noexcept;
  void copy_row(std::byte* to, const std::byte* from) const;
  /// Memory a row holds outside of its page.
  [[nodiscard]] std::size_t heap_of(const std::byte* row) const noexcept;

  /// Memory of all pages of this layout, those that only snapshots hold included. Thread: any.
  void add_memory(std::ptrdiff_t bytes) const noexcept { memory_.fetch_add(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t memory() const noexcept {
    return static_cast<std::size_t>(memory_.load(std::memory_order_relaxed));
  }

private:
  mutable std::atomic<std::ptrdiff_t> memory_{0};
  std::vector<cell> cells_;
  std::size_t end_ = sizeof(row_header);
  std::size_t row_bytes_ = sizeof(row_header);
  bool trivial_ = true;
};

[[nodiscard]] inline row_header& header_of(std::byte* row) noexcept {
  return *reinterpret_cast<row_header*>(row);
}
[[nodiscard]] inline const row_header& header_of(const std::byte* row) noexcept {
  return *reinterpret_cast<const row_header*>(row);
}

/// 256 rows, shared between the actor and a snapshot in flight: whoever finds it shared copies before writing.
///
/// Thread: written by the owning actor while it holds the only reference; read by any holder otherwise.
class row_page {
public:
  static constexpr std::uint32_t rows = 256;

  explicit row_page(std::shared_ptr<const row_layout> layout);
  row_page(const row_page&) = delete;
  row_page& operator=(const row_page&) = delete;

  [[nodiscard]] std::byte* row(std::uint32_t i) noexcept { return data_.get() + i * layout_->row_bytes(); }
  [[nodiscard]] const std::byte* row(std::uint32_t i) const noexcept { return data_.get() + i * layout_->row_bytes(); }
  [[nodiscard]] const row_layout& layout() const noexcept { return *layout_; }

  [[nodiscard]] row_page* clone() const;
  /// Live rows as msgpack: [[row, key, cells present, [value…]]…].
  void encode(msgpack::writer& out) const;
  /// Reads what `encode` wrote into an empty page; `sources[i]` says where the i-th cell of the writer goes. Gives what
  /// is wrong, nullptr when nothing is.
  [[nodiscard]] const char* decode(msgpack::reader& in, const std::vector<cell_source>& sources);

  [[nodiscard]] std::size_t memory() const noexcept { return layout_->row_bytes() * rows + heap_; }
  /// The rows hold so much more (less) memory outside of the page than before.
  void add_heap(std::ptrdiff_t bytes) noexcept {
    heap_ = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(heap_) + bytes);
    layout_->add_memory(bytes);
  }

  void retain() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  [[nodiscard]] bool is_shared() const noexcept { return refs_.load(std::memory_order_acquire) > 1; }

private:
  ~row_page();

  std::atomic<std::uint32_t> refs_{1};
  std::shared_ptr<const row_layout> layout_;
  std::unique_ptr<std::byte[]> data_;
  std::size_t heap_ = 0;
};

/// A counted reference to a page that is no longer written through.
class page_ref {
public:
  page_ref() = default;
  explicit page_ref(row_page* p) noexcept : page_{p} { page_->retain(); }
  page_ref(page_ref&& other) noexcept : page_{std::exchange(other.page_, nullptr)} {}
  page_ref& operator=(page_ref&& other) noexcept {
    std::swap(page_, other.page_);
    return *this;
  }
  ~page_ref() {
    if (page_ != nullptr) page_->release();
  }
  [[nodiscard]] const row_page& operator*() const noexcept { return *page_; }
  explicit operator bool() const noexcept { return page_ != nullptr; }

private:
  row_page* page_ = nullptr;
};

}  // namespace millrace::engine
