#include "millrace/routers.hpp"
#include "library/library_parts.hpp"
#include "library/routers/least_loaded.hpp"
#include "library/routers/priority.hpp"
#include "library/routers/range_router.hpp"
#include "library/routers/route_by.hpp"
#include "library/routers/sticky.hpp"
#include "library/routers/weighted.hpp"
#include "millrace/registry.hpp"

namespace millrace::library {

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
MILLRACE_ACTOR(weighted, {.id = "millrace.weighted",
                          .title = "Weighted",
                          .category = "Routing",
                          .help = "Deals events out to the partitions in proportion to weights."});
MILLRACE_ACTOR(range_router, {.id = "millrace.range",
                              .title = "Range",
                              .category = "Routing",
                              .help = "Sends each event to the partition whose range a field falls into."});
MILLRACE_ACTOR(sticky,
               {.id = "millrace.sticky",
                .title = "Sticky",
                .category = "Routing",
                .help = "Sends all events of a value to the partition that had the least when it was first seen."});
MILLRACE_ACTOR(priority, {.id = "millrace.priority",
                          .title = "Priority",
                          .category = "Routing",
                          .help = "Keeps some partitions free for events with certain values."});
MILLRACE_ACTOR(least_loaded, {.id = "millrace.least_loaded",
                              .title = "Least loaded",
                              .category = "Routing",
                              .help = "Sends each event to the partition that has the fewest events on their way."});

void link_routers() {}

}  // namespace millrace::library
