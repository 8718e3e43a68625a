#pragma once

#include <filesystem>

#include "millrace/error.hpp"

namespace millrace::persistence::lmdb {

/// Looks whether LMDB can open `folder` without harm: LMDB trusts page numbers and offsets it finds, so a truncated
/// file is SIGBUS, a flipped bit a wild pointer, and a damaged list of free pages overwrites live ones.
///
/// Reads the file with pread, never through a map: the newest meta page, every branch and leaf page reachable from it,
/// the heads of overflow pages and the free list; each page must be referenced once and lie within the file. Values are
/// not read (they carry checksums of their own). A file that is missing is fine. errc::corrupt says what is wrong.
/// Beside a running writer it looks again when the writer committed meanwhile. Format: LMDB 0.9 (data version 1).
result<void> check_file(const std::filesystem::path& folder);

}  // namespace millrace::persistence::lmdb
