#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "library/sources/json_items.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/text/record_parser.hpp"

namespace millrace::library {

/// A value of a body that no event could be made of.
struct malformed_item {
  std::uint64_t item = 0;  ///< from 1 on
  text_place at;
  std::string reason;
  std::string content;
};

/// The events of a body.
struct parsed_body {
  batch_ptr events;
  std::vector<malformed_item> malformed;
  bool has_too_many = false;  ///< reading stopped at the limit

  /// About what it takes in memory.
  [[nodiscard]] std::size_t bytes() const noexcept;
};

/// Reads bodies of JSON: an object, an array of them, or lines. Thread: one owner.
class ingest_body {
public:
  /// Events are records of `type`, which is dynamic. At most `items_max` values a body.
  ingest_body(record_type_ptr type, std::size_t items_max);
  [[nodiscard]] parsed_body parse(std::string text, json_items::cut how);

private:
  [[nodiscard]] static malformed_item bad(const json_items::item& what, std::uint64_t number, std::size_t column,
                                          std::string reason);

  record_type_ptr type_;
  std::size_t items_max_;
  std::unique_ptr<record_parser> parser_;
};

}  // namespace millrace::library
