#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/engine/dead_letter_store.hpp"

namespace millrace::letters {

/// Longer contents are cut on their way to somebody who looks: a page of letters is one message.
inline constexpr std::size_t content_bytes_max = std::size_t{64} << 10;

/// A letter for another process, its record as text. Fields: docs/dead-letters.md.
[[nodiscard]] nlohmann::json to_wire(const engine::kept_letter& l);
/// What `to_wire` made; its content is text and no record any more. Errors: it is no letter.
struct received_letter {
  engine::kept_letter what;
  bool is_cut = false;  ///< the content is longer
};
[[nodiscard]] result<received_letter> from_wire(const nlohmann::json& wire);

/// Bytes as a member of a JSON object: text under `name`, what is no UTF-8 as hexadecimal digits under `name`_hex.
void put_bytes(nlohmann::json& to, const std::string& name, const std::string& bytes);
/// What `put_bytes` put there. Errors: neither is there, or it is none.
[[nodiscard]] result<std::string> take_bytes(const nlohmann::json& from, const std::string& name);

}  // namespace millrace::letters
