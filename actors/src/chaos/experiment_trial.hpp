#pragma once

#include <string>

#include "chaos/experiment.hpp"
#include "chaos/json_place.hpp"

namespace millrace::chaos {

/// Reads what `extensions` say under `millrace` into `out`, whose other parts have been read: the trial, and its
/// controls. Throws `mistake`.
void read_extensions(const place& at, const std::string& folder, experiment& out);

}  // namespace millrace::chaos
