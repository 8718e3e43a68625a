#include "millrace/plugin.hpp"
#include "millrace/registry.hpp"
#include "sink.hpp"

namespace millrace::postgresql {

MILLRACE_ACTOR(table_sink, {.id = "postgresql.sink",
                            .title = "PostgreSQL sink",
                            .category = "Sinks",
                            .help = "Writes events to a table of PostgreSQL, each exactly once."});

}  // namespace millrace::postgresql

MILLRACE_PLUGIN("postgresql", "0.1.0")
