#include "library/library_parts.hpp"
#include "library/sources/file_source.hpp"
#include "library/sources/follow.hpp"
#include "library/sources/generator.hpp"
#include "library/sources/host_telemetry.hpp"
#include "library/sources/http_ingest.hpp"
#include "library/sources/http_poll.hpp"
#include "library/sources/journal.hpp"
#include "library/sources/sqlite_query.hpp"
#include "library/sources/stdin_source.hpp"
#include "library/sources/ticker.hpp"
#include "library/sources/zmq_ingest.hpp"
#include "millrace/registry.hpp"

namespace millrace::library {

MILLRACE_ACTOR(file_source,
               {.id = "millrace.file_source",
                .title = "File source",
                .category = "Sources",
                .help = "Reads files of lines: CSV, JSON, logs and whatever a regular expression fits; replayable."});
MILLRACE_ACTOR(follow,
               {.id = "millrace.follow",
                .title = "Follow",
                .category = "Sources",
                .help = "Reads lines as they are added to files, through rotation; replayable while they are there."});
MILLRACE_ACTOR(generator, {.id = "millrace.generator",
                           .title = "Generator",
                           .category = "Sources",
                           .help = "Makes events for trials and load tests, the same for the same seed."});
MILLRACE_ACTOR(host_telemetry, {.id = "millrace.host_telemetry",
                                .title = "Host telemetry",
                                .category = "Sources",
                                .help = "Reads this machine's processor, memory, disk and network counters; live."});

MILLRACE_ACTOR(http_ingest,
               {.id = "millrace.http_ingest",
                .title = "HTTP ingest",
                .category = "Sources",
                .help = "Takes events that clients POST as JSON, and answers when they are durable; logged."});

MILLRACE_ACTOR(journal, {.id = "millrace.journal",
                         .title = "System journal",
                         .category = "Sources",
                         .help = "Reads entries of systemd's journal, of this machine or in a folder; replayable."});
MILLRACE_ACTOR(stdin_source, {.id = "millrace.stdin",
                              .title = "Standard input",
                              .category = "Sources",
                              .help = "Reads lines that are piped into the program; live, or logged."});
MILLRACE_ACTOR(ticker, {.id = "millrace.timer",
                        .title = "Timer",
                        .category = "Sources",
                        .help = "Ticks by the clock, at a distance or at given times; replayable."});

MILLRACE_ACTOR(http_poll, {.id = "millrace.http_poll",
                           .title = "HTTP poll",
                           .category = "Sources",
                           .help = "Asks a web address for JSON or CSV at an interval; live, or logged."});

MILLRACE_ACTOR(sqlite_query, {.id = "millrace.sqlite_query",
                              .title = "SQLite query",
                              .category = "Sources",
                              .help = "Reads the rows of a query by a column that grows, and rows that are added."});

MILLRACE_ACTOR(zmq_ingest, {.id = "millrace.zmq_ingest",
                            .title = "ZeroMQ ingest",
                            .category = "Sources",
                            .help = "Takes JSON or MessagePack messages from PUSH or PUB sockets; live, or logged."});

void link_sources() {}

}  // namespace millrace::library
