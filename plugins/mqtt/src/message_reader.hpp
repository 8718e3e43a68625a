#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"
#include "millrace/text/record_parser.hpp"
#include "millrace/time.hpp"

namespace millrace::mqtt {

/// How a message becomes a record.
struct mapping {
  std::string fields;
  bool is_text = false;       ///< the payload is the text of the one field that is left
  std::string topic_field;    ///< gets the topic; empty: none does
  std::string arrival_field;  ///< gets the time of arrival; empty: none does
};

/// Makes records of messages. Thread: one owner.
class message_reader {
public:
  /// Errors name the parameter.
  [[nodiscard]] static result<message_reader> make(const mapping& m);

  [[nodiscard]] const schema_ptr& fields() const noexcept { return schema_; }
  /// Adds the message to `row`. What is wrong with it; empty: nothing.
  [[nodiscard]] std::string read(std::string_view topic, std::string_view payload, event_time arrived,
                                 dynamic_builder& row);

private:
  [[nodiscard]] std::string read_text(std::string_view payload, dynamic_builder& row);
  [[nodiscard]] std::string read_json(std::string_view payload, dynamic_builder& row);

  schema_ptr schema_;
  std::unique_ptr<record_parser> json_;
  std::optional<std::uint32_t> topic_;
  std::optional<std::uint32_t> arrival_;
  std::uint32_t text_ = 0;
  std::string scratch_;
};

}  // namespace millrace::mqtt
