#pragma once

#include <string>

namespace millrace::node {

/// Whether values of this parameter must not be shown: it is declared a secret (`param_options::is_secret`), or its
/// actor's type is not known here, so that nobody can say. Thread: any.
[[nodiscard]] bool is_secret(const std::string& actor_type, const std::string& param);

/// The same for who knows the parameter's name only: a secret of any type of actor, or a name that sounds like one
/// (secrets are named in a topology, `env:NAME`, not written into it; somebody will). Thread: any.
[[nodiscard]] bool may_be_secret(const std::string& param);

}  // namespace millrace::node
