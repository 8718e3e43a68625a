#include "millrace/plugin.hpp"
#include "millrace/registry.hpp"
#include "sink.hpp"
#include "source.hpp"

namespace millrace::mqtt {

MILLRACE_ACTOR(source, {.id = "mqtt.source",
                        .title = "MQTT topics",
                        .category = "Sources",
                        .help = "Reads messages of an MQTT server; logged, then acknowledged."});
MILLRACE_ACTOR(sink, {.id = "mqtt.sink",
                      .title = "MQTT sink",
                      .category = "Sinks",
                      .help = "Publishes each event as a message, at least once."});

}  // namespace millrace::mqtt

MILLRACE_PLUGIN("mqtt", "0.1.0")
