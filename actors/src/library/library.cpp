#include "millrace/library.hpp"

#include "library/aggregate.hpp"
#include "library/calendar_window.hpp"
#include "library/console_sink.hpp"
#include "library/count_window.hpp"
#include "library/file_sink.hpp"
#include "library/file_source.hpp"
#include "library/filter.hpp"
#include "library/generator.hpp"
#include "library/host_telemetry.hpp"
#include "library/lua/filter_by.hpp"
#include "library/lua/map_by.hpp"
#include "library/lua/route_by.hpp"
#include "library/lua/script.hpp"
#include "library/null_sink.hpp"
#include "library/patterns/pattern_actor.hpp"
#include "library/threshold.hpp"
#include "library/windowed.hpp"
#include "millrace/registry.hpp"
#include "millrace/routers.hpp"

namespace millrace::library {

MILLRACE_ACTOR(file_source, {.id = "millrace.file_source",
                             .title = "File source",
                             .category = "Sources",
                             .help = "Reads CSV, JSON-lines or web server log files, replayable by byte offset."});
MILLRACE_ACTOR(generator, {.id = "millrace.generator",
                           .title = "Generator",
                           .category = "Sources",
                           .help = "Makes events for trials and load tests, the same for the same seed."});
MILLRACE_ACTOR(host_telemetry, {.id = "millrace.host_telemetry",
                                .title = "Host telemetry",
                                .category = "Sources",
                                .help = "Reads this machine's processor, memory, disk and network counters; live."});

MILLRACE_ACTOR(routers::by_key, {.id = "millrace.by_key",
                                 .title = "By key",
                                 .category = "Routing",
                                 .help = "Sends all events of a key to the partition that owns the key."});
MILLRACE_ACTOR(routers::round_robin, {.id = "millrace.round_robin",
                                      .title = "Round robin",
                                      .category = "Routing",
                                      .help = "Deals events out to the partitions in turn."});
MILLRACE_ACTOR(route_by, {.id = "millrace.route_by",
                          .title = "Route by expression",
                          .category = "Routing",
                          .help = "Sends each event to the partition that an expression says."});
MILLRACE_ACTOR(routers::broadcast, {.id = "millrace.broadcast",
                                    .title = "Broadcast",
                                    .category = "Routing",
                                    .help = "Sends every event to every partition."});

MILLRACE_ACTOR(filter, {.id = "millrace.filter",
                        .title = "Filter",
                        .category = "Processing",
                        .help = "Parts a stream by comparing a field with a value."});
MILLRACE_ACTOR(filter_by, {.id = "millrace.filter_by",
                           .title = "Filter by expression",
                           .category = "Processing",
                           .help = "Parts a stream by an expression over its fields."});
MILLRACE_ACTOR(map_by, {.id = "millrace.map",
                        .title = "Map",
                        .category = "Processing",
                        .help = "Computes fields by expressions over the fields that are there."});
MILLRACE_ACTOR(flat_map, {.id = "millrace.flat_map",
                          .title = "Flat map",
                          .category = "Processing",
                          .help = "Makes any number of events of each event, by a few lines of Lua."});
MILLRACE_ACTOR(script_actor, {.id = "millrace.script",
                              .title = "Script",
                              .category = "Processing",
                              .help = "A processor written in Lua, with state and timers by key."});
MILLRACE_ACTOR(aggregate, {.id = "millrace.aggregate",
                           .title = "Aggregate",
                           .category = "Processing",
                           .help = "Counts, sums up, and takes minimum, maximum and mean by key."});
MILLRACE_ACTOR(fixed_pattern,
               {.id = "millrace.pattern",
                .title = "Pattern",
                .category = "Processing",
                .help = "Finds a pattern of events, given as text, in each key's events by event time."});
MILLRACE_ACTOR(live_patterns, {.id = "millrace.live_patterns",
                               .title = "Live patterns",
                               .category = "Processing",
                               .help = "Finds patterns whose rules come and go on an input while it runs."});
MILLRACE_ACTOR(threshold, {.id = "millrace.threshold",
                           .title = "Threshold",
                           .category = "Processing",
                           .help = "Raises an alert when a key's value crosses a limit."});

MILLRACE_ACTOR(window,
               {.id = "millrace.window",
                .title = "Window",
                .category = "Processing",
                .help = "Counts, sums up, and takes minimum, maximum and mean by key in windows of event time."});
MILLRACE_ACTOR(count_window, {.id = "millrace.count_window",
                              .title = "Count window",
                              .category = "Processing",
                              .help = "Counts and sums up every so many events of a key, in the order they come."});
MILLRACE_ACTOR(calendar_window,
               {.id = "millrace.calendar_window",
                .title = "Calendar window",
                .category = "Processing",
                .help = "Counts and sums up by key for days, weeks, months, quarters or years of event time."});
MILLRACE_ACTOR(session, {.id = "millrace.session",
                         .title = "Session",
                         .category = "Processing",
                         .help = "As the window, over a key's events that follow each other without a pause."});

MILLRACE_ACTOR(file_sink, {.id = "millrace.file_sink",
                           .title = "File sink",
                           .category = "Sinks",
                           .help = "Writes CSV or JSON-lines files that show each event exactly once."});
MILLRACE_ACTOR(console_sink, {.id = "millrace.console_sink",
                              .title = "Console",
                              .category = "Sinks",
                              .help = "Prints events to standard output; at least once."});
MILLRACE_ACTOR(null_sink, {.id = "millrace.null_sink",
                           .title = "Null sink",
                           .category = "Sinks",
                           .help = "Counts events and forgets them."});

}  // namespace millrace::library

namespace millrace {

void link_library() {}

}  // namespace millrace
