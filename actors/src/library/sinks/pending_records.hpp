#pragma once

#include <memory>
#include <string>
#include <vector>

#include "millrace/dead_letter.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/msgpack.hpp"
#include "millrace/text/record_writer.hpp"

namespace millrace::library {

/// Records that wait to be sent together: as they came, for snapshots and dead letters, and as lines of JSON.
///
/// Thread: one owner.
class pending_records {
public:
  pending_records() = default;
  pending_records(record_type_ptr type, time_format times);

  void add(const record_view& record);
  /// Takes the last one back.
  void pop() noexcept;
  void clear();
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return text_.size(); }
  /// Record i as JSON, without a line's end.
  [[nodiscard]] std::string_view line(std::size_t i) const noexcept;
  /// All of them, a line each.
  [[nodiscard]] const std::string& lines() const noexcept { return text_; }
  /// All of them as one JSON array.
  [[nodiscard]] std::string array() const;
  /// Record i as a dead letter that can be replayed into the input `in`.
  [[nodiscard]] dead_letter letter(std::size_t i, std::string reason) const;

  /// As bytes, for a snapshot.
  void encode(msgpack::writer& out) const;
  /// Takes what `encode` wrote, also of an earlier version of the records. False: unreadable.
  [[nodiscard]] bool decode(msgpack::reader& in);

private:
  record_type_ptr type_;
  record_writer writer_{record_writer::format::jsonl, time_format::iso};
  std::vector<batch_ptr> records_;  // of one record each
  std::string text_;
  std::vector<std::size_t> ends_;
};

}  // namespace millrace::library
