#include "millrace/plugin.hpp"
#include "millrace/registry.hpp"
#include "sink.hpp"
#include "source.hpp"

namespace millrace::kafka {

MILLRACE_ACTOR(source, {.id = "kafka.source",
                        .title = "Kafka topic",
                        .category = "Sources",
                        .help = "Reads a topic from offsets that are in the snapshot."});
MILLRACE_ACTOR(sink, {.id = "kafka.sink",
                      .title = "Kafka sink",
                      .category = "Sinks",
                      .help = "Sends each event to a topic, at least once."});

}  // namespace millrace::kafka

MILLRACE_PLUGIN("kafka", "0.1.0")
