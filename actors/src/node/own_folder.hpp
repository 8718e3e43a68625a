#pragma once

#include <filesystem>

#include "millrace/error.hpp"
#include "millrace/topology.hpp"

namespace millrace::node {

/// What a node keeps for itself, its secret key first of all, is no actor's input or output: errc::denied names the
/// parameter that is a path in the folder `own`. A guard against mistakes, and no wall.
[[nodiscard]] result<void> stay_outside(const topology& t, const std::filesystem::path& own);

}  // namespace millrace::node
