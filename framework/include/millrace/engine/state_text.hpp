#pragma once

#include <string>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"
#include "millrace/key_bytes.hpp"

namespace millrace::engine {

/// Content of a state as JSON, with the names of its fields. `type`: its text in snapshots; content of a type that is
/// no text of a record field shows as it lies there.
[[nodiscard]] std::string state_json(const std::string& type, bytes_view content);
/// A key as JSON: one value bare, several as a list. Works without knowing its type.
[[nodiscard]] std::string key_json(bytes_view canonical);

/// The canonical key a text stands for, `type` as `key_extractor::key_type()` gives it: text bare (`acc-1`), numbers,
/// `true`; keys of several values as a JSON list (`["acc-1",7]`). errc::invalid_argument says what was expected.
[[nodiscard]] result<key_bytes> parse_key(const std::string& type, const std::string& text);

/// Orders two keys of one scalar (or two lists) of the same type: numbers by size, texts by bytes.
[[nodiscard]] bool is_key_before(bytes_view a, bytes_view b);
/// The key is a text, or a list whose first value is one, that starts with `prefix`.
[[nodiscard]] bool key_starts_with(bytes_view key, const std::string& prefix);

}  // namespace millrace::engine
