#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "link/ends.hpp"
#include "link/wire.hpp"
#include "millrace/bytes.hpp"
#include "millrace/error.hpp"

namespace millrace::transport::link {

/// Puts the items of consecutive link messages together. An item within one message is not copied, except a small one
/// of a large message: it would keep the whole of it in memory until its task gets round to it.
///
/// Holds at most one unfinished item, which grows with what arrives and never beyond what its kind may have.
class item_assembler {
public:
  using take_item = std::function<result<void>(item_kind kind, arrival item)>;

  /// `body`: of the next message, kept by `owner`. Error: of the bytes or of `take`; the stream cannot go on then.
  [[nodiscard]] result<void> feed(const std::shared_ptr<const void>& owner, bytes_view body, const take_item& take);
  void reset();

private:
  [[nodiscard]] result<void> finish(const take_item& take);

  item_prefix unfinished_{};
  byte_buffer part_;
  bool is_unfinished_ = false;
};

/// What of the numbered messages of one direction is wanted next.
class arrivals {
public:
  enum class verdict : std::uint8_t { take, duplicate, gap };

  [[nodiscard]] std::uint64_t wanted() const noexcept { return wanted_; }
  [[nodiscard]] verdict judge(std::uint64_t number, bool drops_duplicates) noexcept;
  /// True once for each gap: the sender is to be told.
  [[nodiscard]] bool is_new_gap() noexcept;
  void reset() noexcept { *this = {}; }

private:
  std::uint64_t wanted_ = 0;
  bool gap_is_told_ = false;
};

}  // namespace millrace::transport::link
