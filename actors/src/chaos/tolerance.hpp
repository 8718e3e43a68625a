#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::chaos {

/// The values a JSONPath leads to: `$`, `.name`, `['name']`, `[n]`, `[*]`, `.*` (RFC 9535, without filters, slices and
/// descendants). Errors: what is not understood, and where.
[[nodiscard]] result<std::vector<nlohmann::json>> values_at(const std::string& path, const nlohmann::json& in);

/// What is wrong with a tolerance; empty: nothing.
[[nodiscard]] std::string problem_of_tolerance(const nlohmann::json& tolerance);

/// Whether what a probe brought is as it should be. A scalar is compared, with the exit code where a process was
/// called; a pair is the least and the most; an object is `range`, `regex` or `jsonpath`, of the whole or of its
/// `target`. Of a process the value is `{"status", "stdout", "stderr"}`; standard output that is JSON is looked into.
[[nodiscard]] bool is_met(const nlohmann::json& tolerance, const nlohmann::json& value);

}  // namespace millrace::chaos
