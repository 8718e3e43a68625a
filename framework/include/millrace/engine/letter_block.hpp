#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/dead_letter.hpp"
#include "millrace/error.hpp"

namespace millrace::engine {

/// Memory for letters on their way to disk: whole pages, which can go there past the page cache without being copied.
class letter_pages {
public:
  static constexpr std::size_t page_bytes = 4096;
  [[nodiscard]] static constexpr std::size_t padded(std::size_t bytes) noexcept {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
  }

  /// `bytes`, made up to whole pages, of unspecified value.
  explicit letter_pages(std::size_t bytes);
  letter_pages(const letter_pages&) = delete;
  letter_pages& operator=(const letter_pages&) = delete;
  ~letter_pages();

  [[nodiscard]] std::byte* data() noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Some dead letters, one behind the other as `letter_writer` writes them. Immutable: a task keeps them until they are
/// in the store, while the writer of snapshots reads them.
struct letter_block {
  std::uint32_t count = 0;
  std::size_t size = 0;
  const std::byte* first = nullptr;           ///< at the beginning of a page
  std::shared_ptr<const letter_pages> pages;  ///< where it lies, beside others

  [[nodiscard]] bytes_view view() const noexcept { return {first, size}; }
  /// With zeros up to the end of its last page.
  [[nodiscard]] bytes_view whole_pages() const noexcept { return {first, letter_pages::padded(size)}; }
};

/// Writes dead letters in the form in which they are kept, as they come up.
///
/// When a third of the input is malformed, a letter must cost about what reading its line costs: no text is made and
/// nothing allocated for it. What letters have in common (actor, origin, what the reason begins and ends with) is
/// written once a block, and the reason is put together by whoever reads it (docs/snapshot-format.md). Thread: one
/// owner.
class letter_writer {
public:
  /// A block is full from so many bytes or letters on: one value of the store, and what is read to find one letter.
  static constexpr std::size_t block_bytes = std::size_t{64} << 10;
  static constexpr std::uint32_t block_letters = 1024;

  letter_writer() noexcept;
  void add(const malformed_input& what, std::string_view actor, std::uint32_t partition);
  void add(const dead_letter& letter);

  /// All that was added since the last call.
  [[nodiscard]] std::vector<letter_block> take();
  /// Of what `take` would give.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return full_bytes_ + (used_ - open_from_); }

private:
  // What several letters have in common; views are of the caller, or of `texts` once it is known.
  struct shape {
    std::string_view actor, input, channel, before, after, fields;
    std::uint32_t partition = 0;
    bool names_place = false;
    bool operator==(const shape&) const = default;
  };
  struct known_shape {
    shape what;
    std::string texts;
    std::uint32_t number = 0;
  };
  // Enough for the fields of a record that may be malformed; beyond it shapes are written again.
  static constexpr std::size_t shapes_max = 16;
  struct entry {
    shape common;
    std::uint64_t sequence = 0;
    event_time at{};
    std::uint64_t column = 0;
    std::string_view value, content;
    bytes_view encoded{};
  };

  void add(const entry& e);
  void make_room(std::size_t bytes);
  void begin_block();
  void end_block();
  std::byte* put_shape(std::byte* at, const shape& s);
  void learn(const shape& s);

  std::shared_ptr<letter_pages> pages_;
  std::size_t pages_next_;     // how many bytes of them to get next
  std::size_t used_ = 0;       // of pages_
  std::size_t open_from_ = 0;  // where in them the open block begins
  std::uint32_t open_count_ = 0;
  std::vector<letter_block> full_;
  std::uint64_t full_bytes_ = 0;
  std::array<known_shape, shapes_max> shapes_;
  std::size_t shapes_known_ = 0;   // of this block, at most shapes_max
  std::uint32_t shapes_made_ = 0;  // in this block
  std::uint64_t last_sequence_ = 0;
  std::int64_t last_at_ = 0;
};

/// The letters of a block. errc::corrupt: it is none.
[[nodiscard]] result<std::vector<dead_letter>> letters_in(bytes_view block, std::uint32_t count);

}  // namespace millrace::engine
