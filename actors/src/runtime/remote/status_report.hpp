#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/record.hpp"
#include "millrace/runtime/run_status.hpp"
#include "runtime/remote/wire.hpp"

namespace millrace::runtime::remote {

struct hot_key_row {
  std::string key;
  double share = 0;
  double error = 0;
};
MILLRACE_RECORD(hot_key_row, 1, key, share, error)

/// What a task tells, its numbers in the order of `each_number`, its histograms as pairs of bucket and count.
struct task_row {
  task_id task{};
  std::uint8_t phase = 0;
  std::vector<std::int64_t> numbers;
  std::vector<hot_key_row> hot_keys;
  std::vector<std::uint64_t> latency, queue, disorder;
};
MILLRACE_RECORD(task_row, 1, task, phase, numbers, hot_keys, latency, queue, disorder)

/// One node's share in what is known of a channel: what it has no end of is 0.
struct channel_row {
  channel_id channel{};
  std::vector<std::int64_t> numbers;
};
MILLRACE_RECORD(channel_row, 1, channel, numbers)

/// What a guest tells of the tasks it hosts, twice a second.
struct status_report {
  static constexpr auto what = kind::status;
  std::vector<task_row> tasks;
  std::vector<channel_row> channels;
};
MILLRACE_RECORD(status_report, 1, tasks, channels)

[[nodiscard]] task_row to_wire(task_id id, const task_status& t);
[[nodiscard]] channel_row to_wire(channel_id id, const channel_status& c);
/// Only what travels is set. Rows that are not of this version change nothing.
void read_into(task_status& out, const task_row& row);
/// Takes over what this end does not know itself: the larger of two numbers, which only grow or are of one side.
void read_into(channel_status& out, const channel_row& row);

}  // namespace millrace::runtime::remote
