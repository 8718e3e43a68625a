#include "library/library_parts.hpp"
#include "library/sinks/alert_sink.hpp"
#include "library/sinks/console_sink.hpp"
#include "library/sinks/console_table.hpp"
#include "library/sinks/file_sink.hpp"
#include "library/sinks/http_sink.hpp"
#include "library/sinks/null_sink.hpp"
#include "library/sinks/prometheus_sink.hpp"
#include "library/sinks/sqlite_sink.hpp"
#include "library/sinks/table_sink.hpp"
#include "library/sinks/zmq_sink.hpp"
#include "millrace/registry.hpp"

namespace millrace::library {

MILLRACE_ACTOR(file_sink, {.id = "millrace.file_sink",
                           .title = "File sink",
                           .category = "Sinks",
                           .help = "Writes CSV or JSON-lines files that show each event exactly once."});
MILLRACE_ACTOR(console_sink, {.id = "millrace.console_sink",
                              .title = "Console",
                              .category = "Sinks",
                              .help = "Prints events to standard output; at least once."});
MILLRACE_ACTOR(console_table, {.id = "millrace.console_table",
                               .title = "Console table",
                               .category = "Sinks",
                               .help = "Shows the newest event of each key as a table that stays in place."});
MILLRACE_ACTOR(null_sink, {.id = "millrace.null_sink",
                           .title = "Null sink",
                           .category = "Sinks",
                           .help = "Counts events and forgets them."});
MILLRACE_ACTOR(sqlite_sink, {.id = "millrace.sqlite_sink",
                             .title = "SQLite sink",
                             .category = "Sinks",
                             .help = "Writes events to a table of a SQLite file, each exactly once."});
MILLRACE_ACTOR(table_sink, {.id = "millrace.table_sink",
                            .title = "Table sink",
                            .category = "Sinks",
                            .help = "Keeps the newest event of each key in a table on disk that others can read."});

MILLRACE_ACTOR(http_sink,
               {.id = "millrace.http_sink",
                .title = "HTTP sink",
                .category = "Sinks",
                .help = "Sends events as JSON to a web address, with retries and a circuit breaker; at least once."});

MILLRACE_ACTOR(alert_sink,
               {.id = "millrace.alert_sink",
                .title = "Alerts",
                .category = "Sinks",
                .help = "Tells people: in the log, to a web address or by mail; storms in a few messages."});

MILLRACE_ACTOR(prometheus_sink, {.id = "millrace.prometheus_sink",
                                 .title = "Prometheus",
                                 .category = "Sinks",
                                 .help = "Shows the newest number of each combination of labels on a page /metrics."});

MILLRACE_ACTOR(zmq_sink, {.id = "millrace.zmq_sink",
                          .title = "ZeroMQ sink",
                          .category = "Sinks",
                          .help = "Sends events as JSON or MessagePack messages to PULL or SUB sockets."});

void link_sinks() {}

}  // namespace millrace::library
