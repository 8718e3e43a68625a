#pragma once

namespace millrace {

/// Makes sure that the ready-made actors (`millrace.file_source`, `millrace.by_key`, …; see docs/actors.md) are in the
/// program and in the actor registry: a linker leaves out parts of a static library that nothing refers to. Call it
/// from `main` of a program that runs topologies from text. Does nothing else. Thread: any.
void link_library();

}  // namespace millrace
