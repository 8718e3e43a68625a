#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace millrace::node {

/// What the audit log says of a request beside its verb and topology, made of its arguments: which parameter was set to
/// what, which actor was muted, which savepoint was deleted, which channel was looked into. At most 256 bytes; values
/// of parameters that sound like a secret are not shown. Empty: nothing. Pure.
[[nodiscard]] std::string audit_detail(const std::string& verb, const nlohmann::json& args);

}  // namespace millrace::node
