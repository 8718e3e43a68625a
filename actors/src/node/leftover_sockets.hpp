#pragma once

#include <filesystem>

namespace millrace::node {

/// Removes control sockets in `folder` whose processes are gone: those that were killed leave them, and nobody else
/// would ever remove them.
void remove_leftover_sockets(const std::filesystem::path& folder);

}  // namespace millrace::node
