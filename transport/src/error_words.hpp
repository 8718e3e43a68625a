#pragma once

#include <nlohmann/json.hpp>

#include "millrace/error.hpp"

namespace millrace::transport {

/// An error as it travels: {code, class, message}, the first two as stable words.
[[nodiscard]] nlohmann::json error_to_json(const error& e);

/// The reverse. Words this program does not know (a newer server's) become `failed` and `fatal`; the message stays.
[[nodiscard]] error error_from_json(const nlohmann::json& document);

}  // namespace millrace::transport
