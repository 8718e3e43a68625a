#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include "millrace/codec.hpp"

namespace millrace {

/// Text of at most `N` bytes that lies inside its record: a field type for streams with many events a second.
///
/// The problem: each `std::string` of more than 15 characters costs an allocation where an event is made or copied and
/// a release in another thread; a record of inline strings is copied as one block. In schemas, files and MessagePack it
/// is a string like any other; a longer one that is read there is refused. Bytes behind the end are unspecified.
/// Thread: as a value.
template <std::size_t N>
class inline_string {
  static_assert(N >= 1 && N <= 255, "an inline string holds 1 to 255 bytes");

public:
  inline_string() noexcept {}  // NOLINT: the bytes are left as they are, that is what makes it cheap
  /// Throws std::length_error when `text` is too long.
  inline_string(std::string_view text) {  // NOLINT: implicit by intent
    if (!assign(text)) throw std::length_error("a text of " + std::to_string(text.size()) + " bytes does not fit");
  }

  [[nodiscard]] static constexpr std::size_t capacity() noexcept { return N; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// Lives as long as the object is neither changed nor moved.
  [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }
  operator std::string_view() const noexcept { return view(); }  // NOLINT: implicit by intent

  /// False, and nothing changed, when `text` is too long.
  bool assign(std::string_view text) noexcept {
    if (text.size() > N) return false;
    if (!text.empty()) std::memcpy(data_, text.data(), text.size());
    size_ = static_cast<std::uint8_t>(text.size());
    return true;
  }
  /// Room for `capacity()` bytes to write to; `set_size` then says how many count.
  [[nodiscard]] char* data() noexcept { return data_; }
  /// `n`: at most `capacity()`.
  void set_size(std::size_t n) noexcept { size_ = static_cast<std::uint8_t>(n); }

  friend bool operator==(const inline_string& a, const inline_string& b) noexcept { return a.view() == b.view(); }
  friend auto operator<=>(const inline_string& a, const inline_string& b) noexcept { return a.view() <=> b.view(); }

private:
  std::uint8_t size_ = 0;
  char data_[N];
};

template <std::size_t N>
struct codec<inline_string<N>> {
  static field_type type() { return {.kind = field_kind::string}; }
  static void encode(msgpack::writer& w, const inline_string<N>& in) { w.string(in.view()); }
  static bool decode(msgpack::reader& r, inline_string<N>& out) noexcept {
    std::string_view text;
    return r.string(text) && (out.assign(text) || r.refuse());
  }
};

}  // namespace millrace
