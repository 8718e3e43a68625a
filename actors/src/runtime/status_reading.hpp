#pragma once

#include <cstdint>

#include "millrace/engine/channel_stats.hpp"
#include "millrace/runtime/run_status.hpp"

namespace millrace::runtime {

/// What a task tells, with what goes on at `now` (steady clock, ns) brought up to that moment. Thread: any.
void read_into(task_status& out, const engine::task_stats& stats, std::int64_t now);
/// The same of a channel.
void read_into(channel_status& out, const engine::channel_stats& stats, std::int64_t now);

}  // namespace millrace::runtime
