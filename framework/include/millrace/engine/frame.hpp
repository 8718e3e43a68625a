#pragma once

#include <cstddef>
#include <cstdint>

#include "millrace/batch.hpp"
#include "millrace/engine/trace.hpp"
#include "millrace/ids.hpp"
#include "millrace/time.hpp"

namespace millrace::engine {

enum class frame_kind : std::uint8_t {
  data,       ///< `count` records, then `watermark` holds
  watermark,  ///< no records: only `watermark` moves
  barrier,    ///< everything before belongs to snapshot `epoch`
  end,        ///< the sender has no more records; barriers still follow
  idle,       ///< no record is expected for a while: the receiver's watermark need not wait for this channel
};

/// What travels down a channel: header and, for data, an immutable batch.
///
/// `first` is the channel's event count before this frame, so the records are first, first+1, … first+count−1.
/// `ingest_ns` is the steady-clock time at which the oldest record entered the topology (0: unknown).
struct frame {
  frame_kind kind = frame_kind::data;
  channel_id channel{};
  task_id source{};
  task_id target{};
  generation incarnation{};
  epoch_id epoch{};
  sequence first{};
  std::uint32_t count = 0;
  event_time watermark = event_time::min();
  std::int64_t ingest_ns = 0;
  batch_ptr body{};
  std::uint64_t bytes = 0;      ///< set by the receiving end: what `channel_sender::send` returned for this frame
  frame_traces_ptr traces{};    ///< none, as a rule
  std::int64_t arrived_ns = 0;  ///< set by the receiving end of a link: steady clock, when it came; 0: no link
};

/// Permission to send, handed back by a receiver for what it has consumed.
struct credit {
  std::uint32_t batches = 0;
  std::uint64_t bytes = 0;
};

}  // namespace millrace::engine
