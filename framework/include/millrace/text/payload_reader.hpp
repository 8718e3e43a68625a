#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"
#include "millrace/text/record_parser.hpp"

namespace millrace {

/// Makes records of messages: fields from the payload, and some from what comes beside it (a topic, a key, a time).
/// Thread: one owner.
class payload_reader {
public:
  enum class format : unsigned char {
    json,  ///< an object with the fields
    text,  ///< the text of the one field that is left
  };
  /// What comes beside the payload, and the field that gets it.
  struct beside {
    std::string parameter;  ///< which names the field
    std::string field;      ///< empty: none gets it
    bool is_time = false;   ///< an event time; else a text or bytes
  };

  /// `fields`: as the parameter of that name has it; single values alone. Errors name the parameter.
  [[nodiscard]] static result<payload_reader> make(const std::string& fields, format f,
                                                   const std::vector<beside>& others);

  [[nodiscard]] const schema_ptr& fields() const noexcept { return schema_; }
  /// Adds the message to `row`; `others` as they were given to `make`, null for what this message does not have. What
  /// is wrong with it; empty: nothing.
  [[nodiscard]] std::string read(std::string_view payload, std::span<const value> others, dynamic_builder& row);

private:
  [[nodiscard]] std::string read_text(std::string_view payload, dynamic_builder& row);
  [[nodiscard]] std::string read_json(std::string_view payload, dynamic_builder& row);
  [[nodiscard]] std::string set(std::uint32_t field, value v, dynamic_builder& row) const;

  schema_ptr schema_;
  std::unique_ptr<record_parser> json_;
  std::vector<std::optional<std::uint32_t>> others_;
  std::uint32_t text_ = 0;
  std::string scratch_;
};

}  // namespace millrace
