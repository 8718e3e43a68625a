#pragma once

#include "runtime/ordered_actor.hpp"
#include "runtime/run_shared.hpp"

namespace millrace::runtime {

/// The one owner of the snapshot store: hands out numbers, writes snapshots, reads them back. Detached, because it
/// waits for the disk. One request at a time, in order, so a recovery sees what was being written before it.
caf::behavior writer_actor(ordered_actor* self, run_shared* shared);

}  // namespace millrace::runtime
