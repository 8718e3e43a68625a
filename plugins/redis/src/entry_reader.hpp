#pragma once

#include <hiredis/hiredis.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/dynamic_batch.hpp"

namespace millrace::redis {

/// The id of a stream's entry: `1700000000000-0`.
struct entry_id {
  std::uint64_t ms = 0;
  std::uint64_t sequence = 0;
  friend auto operator<=>(const entry_id&, const entry_id&) = default;
};
[[nodiscard]] std::optional<entry_id> parse_entry_id(std::string_view text) noexcept;
[[nodiscard]] std::string to_text(const entry_id& id);

/// Makes records of a stream's entries: fields by name, their texts by the fields' types. Thread: one owner.
class entry_reader {
public:
  explicit entry_reader(schema_ptr fields) : schema_{std::move(fields)} {}

  /// Adds the entry to `row`. What is wrong with it; empty: nothing.
  [[nodiscard]] std::string read(const entry_id& id, const redisReply& pairs, dynamic_builder& row);
  /// Is it names and texts in turn, and nothing else?
  [[nodiscard]] static bool is_pairs(const redisReply& r) noexcept;
  [[nodiscard]] static std::size_t bytes_of(const redisReply& pairs) noexcept;
  /// The entry as it came, for people: `name=text` with spaces between.
  [[nodiscard]] static std::string text_of(const redisReply& pairs);

private:
  [[nodiscard]] std::string fill(const entry_id& id, const redisReply& pairs, dynamic_builder& row);

  schema_ptr schema_;
  std::string scratch_;
};

}  // namespace millrace::redis
