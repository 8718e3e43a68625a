#include "millrace/plugin.hpp"
#include "millrace/registry.hpp"
#include "stream_sink.hpp"
#include "stream_source.hpp"

namespace millrace::redis {

MILLRACE_ACTOR(stream_source, {.id = "redis.source",
                               .title = "Redis stream",
                               .category = "Sources",
                               .help = "Reads a stream as a consumer group; logged, then acknowledged."});
MILLRACE_ACTOR(stream_sink, {.id = "redis.sink",
                             .title = "Redis stream sink",
                             .category = "Sinks",
                             .help = "Adds events to a stream, each exactly once."});

}  // namespace millrace::redis

MILLRACE_PLUGIN("redis", "0.1.0")
