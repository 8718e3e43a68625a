#include "millrace/plugin.hpp"
#include "millrace/registry.hpp"
#include "query.hpp"
#include "sink.hpp"

namespace millrace::postgresql {

MILLRACE_ACTOR(table_sink, {.id = "postgresql.sink",
                            .title = "PostgreSQL sink",
                            .category = "Sinks",
                            .help = "Writes events to a table of PostgreSQL, each exactly once."});
MILLRACE_ACTOR(query_source, {.id = "postgresql.query",
                              .title = "PostgreSQL query",
                              .category = "Sources",
                              .help = "Reads the rows of a query by a column that grows, and rows that are added."});

}  // namespace millrace::postgresql

MILLRACE_PLUGIN("postgresql", "0.1.0")
