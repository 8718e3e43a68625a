#pragma once

#include <memory>
#include <string>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/error.hpp"
#include "millrace/record_type.hpp"
#include "millrace/topology.hpp"

namespace millrace::detail {

// What validation does to its probe and the plan to every instance: one code, so that what was checked is what runs.

/// The value an actor gets for a parameter: relative paths start from the topology's folder.
[[nodiscard]] param_value resolved(const param_base& p, const param_value& v, const std::string& base_folder);

/// Runs `configure`, then types a router's output. `inputs`: for each input port what its handler sees, nullptr where
/// that is not known. What `configure` throws comes back as an error.
[[nodiscard]] result<void> configure(actor& a, const std::vector<record_type_ptr>& inputs,
                                     const std::string& base_folder);

}  // namespace millrace::detail
