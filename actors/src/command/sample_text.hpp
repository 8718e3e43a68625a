#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace millrace::command {

/// A record of a channel in one line: when, where, its key and fields. `fields`: in which order; the others follow.
[[nodiscard]] std::string sample_text(const nlohmann::json& sample, const std::vector<std::string>& fields = {});

}  // namespace millrace::command
