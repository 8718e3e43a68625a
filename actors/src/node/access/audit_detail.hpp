#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace millrace::node {

/// What the audit log says of a request beside its verb and topology, made of its arguments and, where it was done, of
/// its answer: which parameter was set to what, which actor was muted, what a key is for, which dead letters were
/// mended, which fault has which number. At most 256 bytes. Values of parameters that sound like a secret, contents of
/// dead letters and conditions of breakpoints are not shown. Empty: nothing. Pure.
[[nodiscard]] std::string audit_detail(const std::string& verb, const nlohmann::json& args,
                                       const nlohmann::json& answer = nullptr);

}  // namespace millrace::node
