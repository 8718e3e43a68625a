#include "library/library_parts.hpp"
#include "library/processors/aggregate.hpp"
#include "library/processors/calendar_window.hpp"
#include "library/processors/change.hpp"
#include "library/processors/circuit_call.hpp"
#include "library/processors/count_window.hpp"
#include "library/processors/deduplicate.hpp"
#include "library/processors/distinct.hpp"
#include "library/processors/enrich.hpp"
#include "library/processors/fill_gaps.hpp"
#include "library/processors/filter.hpp"
#include "library/processors/filter_by.hpp"
#include "library/processors/map_by.hpp"
#include "library/processors/mask.hpp"
#include "library/processors/moving_statistics.hpp"
#include "library/processors/pattern_actor.hpp"
#include "library/processors/quantiles.hpp"
#include "library/processors/rate.hpp"
#include "library/processors/running_top_k.hpp"
#include "library/processors/sample.hpp"
#include "library/processors/schema_check.hpp"
#include "library/processors/script.hpp"
#include "library/processors/select.hpp"
#include "library/processors/split.hpp"
#include "library/processors/threshold.hpp"
#include "library/processors/throttle.hpp"
#include "library/processors/top_k.hpp"
#include "library/processors/union_of.hpp"
#include "library/processors/windowed.hpp"
#include "millrace/registry.hpp"

namespace millrace::library {

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

MILLRACE_ACTOR(select, {.id = "millrace.select",
                        .title = "Select",
                        .category = "Processing",
                        .help = "Keeps, orders, renames and casts fields."});
MILLRACE_ACTOR(deduplicate, {.id = "millrace.deduplicate",
                             .title = "Deduplicate",
                             .category = "Processing",
                             .help = "Lets the first event of a key pass and holds back those that follow."});
MILLRACE_ACTOR(sample, {.id = "millrace.sample",
                        .title = "Sample",
                        .category = "Processing",
                        .help = "Lets a share of a stream pass: of its keys, each nth event, or by chance."});
MILLRACE_ACTOR(throttle, {.id = "millrace.throttle",
                          .title = "Throttle",
                          .category = "Processing",
                          .help = "Lets so many events of a key pass in each interval of event time."});
MILLRACE_ACTOR(mask,
               {.id = "millrace.mask",
                .title = "Mask",
                .category = "Processing",
                .help = "Makes fields unreadable: a fixed text, their last characters, a keyed hash, or nothing."});
MILLRACE_ACTOR(top_k, {.id = "millrace.top_k",
                       .title = "Top k",
                       .category = "Processing",
                       .help = "Ranks the items of a group by count or sum in windows of event time."});
MILLRACE_ACTOR(running_top_k,
               {.id = "millrace.running_top_k",
                .title = "Running top k",
                .category = "Processing",
                .help = "Ranks the items of a group by count or sum, and tells each change of the ranking."});
MILLRACE_ACTOR(distinct, {.id = "millrace.distinct",
                          .title = "Distinct",
                          .category = "Processing",
                          .help = "Estimates how many different values a field has by key in windows of event time."});
MILLRACE_ACTOR(quantiles, {.id = "millrace.quantiles",
                           .title = "Quantiles",
                           .category = "Processing",
                           .help = "Estimates the median and other quantiles by key in windows of event time."});
MILLRACE_ACTOR(moving_statistics,
               {.id = "millrace.moving_statistics",
                .title = "Moving statistics",
                .category = "Processing",
                .help = "Adds mean, deviation, minimum and maximum of a key's last numbers to each event."});
MILLRACE_ACTOR(rate, {.id = "millrace.rate",
                      .title = "Rate",
                      .category = "Processing",
                      .help = "Adds how fast a counter or gauge of a key changes."});
MILLRACE_ACTOR(change,
               {.id = "millrace.change",
                .title = "Change",
                .category = "Processing",
                .help = "Tells when a field of a key changes, moves far enough, or stays the same for a while."});
MILLRACE_ACTOR(fill_gaps, {.id = "millrace.fill_gaps",
                           .title = "Fill gaps",
                           .category = "Processing",
                           .help = "Makes a series with a value at every step of event time."});
MILLRACE_ACTOR(split, {.id = "millrace.split",
                       .title = "Split",
                       .category = "Processing",
                       .help = "Parts a stream over several outputs by conditions or by the values of a field."});
MILLRACE_ACTOR(union_of, {.id = "millrace.union",
                          .title = "Union",
                          .category = "Processing",
                          .help = "Makes two streams one, field by field of the same name."});
MILLRACE_ACTOR(schema_check, {.id = "millrace.schema_check",
                              .title = "Schema check",
                              .category = "Processing",
                              .help = "Holds events to rules of their fields and sends the others elsewhere."});
MILLRACE_ACTOR(enrich, {.id = "millrace.enrich",
                        .title = "Enrich",
                        .category = "Processing",
                        .help = "Adds the fields that a file has for the key of each event."});

MILLRACE_ACTOR(circuit_call,
               {.id = "millrace.circuit_call",
                .title = "Circuit call",
                .category = "Processing",
                .help = "Asks a web address about each event and adds what it answers, with a circuit breaker."});

void link_processors() {}

}  // namespace millrace::library
