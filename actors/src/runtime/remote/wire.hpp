#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/codec.hpp"
#include "millrace/context.hpp"
#include "millrace/engine/dead_letter_store.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/engine/task_snapshot.hpp"
#include "millrace/error.hpp"
#include "millrace/failure_policy.hpp"
#include "millrace/ids.hpp"
#include "millrace/record.hpp"
#include "millrace/transport/frame_codec.hpp"

// What the node that leads a topology and its guests, the nodes that host some of its tasks, say to each other. The
// links between nodes carry it, reliably and in order while both processes live. A message is a header and one of the
// records below. Both sides work from the same plan, so tasks go by their number.
namespace millrace::runtime::remote {

using transport::topology_instance;

inline constexpr std::uint32_t wire_version = 1;
/// No message is much longer: what is larger goes in pieces.
inline constexpr std::size_t piece_bytes = std::size_t{256} << 10;

enum class kind : std::uint8_t {
  host = 1,  ///< lead to guest, up to `release`
  restore_pages,
  restore,
  open_epoch,
  barrier,
  epoch_over,
  replays,
  close,
  release,
  question,
  fault,
  steer,
  look,
  hosted = 64,  ///< guest to lead
  opened,
  part_pages,
  part,
  refused,
  wants_snapshot,
  ended,
  failed,
  gone,
  log,
  status,
  lost,
  answer,
  fault_hits,
  spans,
  looked,
};

struct header {
  std::uint32_t version = wire_version;
  topology_instance instance{};  ///< of the lead's run
  generation incarnation{};      ///< of the tasks the message is about; what is about older ones is passed over
  kind what{};
};
MILLRACE_RECORD(header, 1, version, instance, incarnation, what)

/// "Host these tasks": they are made, with their channels, but not begun. What the guest hosts of an older incarnation
/// ends first. Answered by `hosted_answer`.
struct host_request {
  static constexpr auto what = kind::host;
  std::string topology;
  std::string text;
  std::string base_folder;
  std::uint64_t fingerprint = 0;       ///< of the plan, see `fingerprint_of`
  std::vector<std::string> nodes;      ///< those that take part; the lead is the first
  std::vector<std::uint32_t> node_of;  ///< per task of the plan: index into `nodes`
  std::uint32_t region = 0;
  std::uint32_t batch_events = 0;
  std::uint64_t trace_one_in = 0;  ///< see engine::trace_rule
  std::uint64_t trace_seed = 0;
  std::uint32_t trace_per_second_max = 0;
};
MILLRACE_RECORD(host_request, 2, topology, text, base_folder, fingerprint, nodes, node_of, region, batch_events,
                since(2, trace_one_in), since(2, trace_seed), since(2, trace_per_second_max))

struct hosted_answer {
  static constexpr auto what = kind::hosted;
  std::uint32_t region = 0;
  std::string error;      ///< empty: they are there
  bool is_final = false;  ///< a person has to look: it will not work the next time either
};
MILLRACE_RECORD(hosted_answer, 1, region, error, is_final)

struct page {
  std::uint32_t number = 0;
  std::vector<std::byte> content;
};
MILLRACE_RECORD(page, 1, number, content)

/// Some pages of the snapshot a task starts from; `restore_request` follows the last ones.
struct restore_pages {
  static constexpr auto what = kind::restore_pages;
  task_id task{};
  std::vector<page> pages;
};
MILLRACE_RECORD(restore_pages, 1, task, pages)

struct replay {
  std::uint64_t sequence = 0;
  std::string task;
  std::uint64_t number = 0;
  dead_letter letter;
};
MILLRACE_RECORD(replay, 1, sequence, task, number, letter)

/// "Begin", with the task's part of the snapshot.
struct restore_request {
  static constexpr auto what = kind::restore;
  task_id task{};
  epoch_id epoch{};
  std::uint32_t environment = 0;
  bool is_known = false;  ///< the snapshot has a part of this task
  std::vector<std::byte> meta;
  std::vector<replay> items;
  bool reopens = false;
};
MILLRACE_RECORD(restore_request, 1, task, epoch, environment, is_known, meta, items, reopens)

struct target {
  epoch_id epoch{};
  std::uint32_t environment = 0;
  bool full = true;
  bool last = false;
};
MILLRACE_RECORD(target, 1, epoch, environment, full, last)

/// Where the snapshot of an epoch goes: known everywhere before its first barrier is sent. Answered by `opened_answer`.
struct open_epoch {
  static constexpr auto what = kind::open_epoch;
  target to;
};
MILLRACE_RECORD(open_epoch, 1, to)

struct opened_answer {
  static constexpr auto what = kind::opened;
  epoch_id epoch{};
};
MILLRACE_RECORD(opened_answer, 1, epoch)

/// A barrier for a producer.
struct barrier_request {
  static constexpr auto what = kind::barrier;
  task_id task{};
  target to;
};
MILLRACE_RECORD(barrier_request, 1, task, to)

struct epoch_over {
  static constexpr auto what = kind::epoch_over;
  task_id task{};
  epoch_id epoch{};
  bool complete = false;
  epoch_id oldest_retained{};
};
MILLRACE_RECORD(epoch_over, 1, task, epoch, complete, oldest_retained)

struct replays_offer {
  static constexpr auto what = kind::replays;
  task_id task{};
  std::vector<replay> items;
  bool more = false;
};
MILLRACE_RECORD(replays_offer, 1, task, items, more)

/// Orderly end of a task; answered by `gone_report`.
struct close_request {
  static constexpr auto what = kind::close;
  task_id task{};
};
MILLRACE_RECORD(close_request, 1, task)

/// The guest's tasks of the header's incarnation and older ones end at once.
struct release_request {
  static constexpr auto what = kind::release;
  bool is_run_over = false;  ///< and the guest is not needed any more
};
MILLRACE_RECORD(release_request, 1, is_run_over)

/// A parameter that was changed while the topology runs: one of the values counts, by `type`.
struct setting {
  std::string actor;
  std::string param;
  epoch_id from{};
  std::uint32_t type = 0;  ///< 0: yes or no, 1: integer, 2: number, 3: text
  std::int64_t integer = 0;
  double number = 0;
  std::string text;
};
MILLRACE_RECORD(setting, 1, actor, param, from, type, integer, number, text)

/// All that is wanted of the run while it runs.
struct steer_request {
  static constexpr auto what = kind::steer;
  bool is_paused = false;
  std::vector<std::string> muted;
  std::vector<setting> settings;
};
MILLRACE_RECORD(steer_request, 1, is_paused, muted, settings)

/// Somebody looks into channels to tasks of the guest: what the layer above makes of it. Answered by `look_answer`.
struct look_request {
  static constexpr auto what = kind::look;
  std::uint64_t number = 0;
  std::string question;
};
MILLRACE_RECORD(look_request, 1, number, question)

struct look_answer {
  static constexpr auto what = kind::looked;
  std::uint64_t number = 0;
  std::string answer;
};
MILLRACE_RECORD(look_answer, 1, number, answer)

/// Some pages of a task's part of a snapshot; `part_report` follows the last ones.
struct part_pages {
  static constexpr auto what = kind::part_pages;
  task_id task{};
  epoch_id epoch{};
  std::vector<page> pages;
};
MILLRACE_RECORD(part_pages, 1, task, epoch, pages)

struct letters {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::vector<std::byte> block;
};
MILLRACE_RECORD(letters, 1, first, count, block)

struct part_report {
  static constexpr auto what = kind::part;
  task_id task{};
  target to;
  std::uint32_t page_count = 0;
  std::vector<std::byte> meta;
  std::string prepared;
  std::string position;
  std::uint64_t letter_count = 0;
  std::uint64_t replay_count = 0;
  std::vector<letters> dead;
};
MILLRACE_RECORD(part_report, 1, task, to, page_count, meta, prepared, position, letter_count, replay_count, dead)

struct refusal_report {
  static constexpr auto what = kind::refused;
  epoch_id epoch{};
  std::string why;
};
MILLRACE_RECORD(refusal_report, 1, epoch, why)

struct snapshot_wish {
  static constexpr auto what = kind::wants_snapshot;
  bool is_last = false;
};
MILLRACE_RECORD(snapshot_wish, 1, is_last)

struct ended_report {
  static constexpr auto what = kind::ended;
  task_id task{};
};
MILLRACE_RECORD(ended_report, 1, task)

/// A task is over; what its policy says about it is the lead's to do.
struct failure_report {
  static constexpr auto what = kind::failed;
  task_id task{};
  std::uint8_t code = 0;  ///< errc
  std::uint8_t who = 0;   ///< error_class
  std::string message;
  failure_action action = failure_action::restart;
};
MILLRACE_RECORD(failure_report, 1, task, code, who, message, action)

/// A task's actor has ended, for whatever reason.
struct gone_report {
  static constexpr auto what = kind::gone;
  task_id task{};
  std::string failure;  ///< of a last commit
};
MILLRACE_RECORD(gone_report, 1, task, failure)

/// A node that takes part in the run is gone for this one.
struct loss_report {
  static constexpr auto what = kind::lost;
  std::string node;
  std::string why;
};
MILLRACE_RECORD(loss_report, 1, node, why)

struct log_line {
  static constexpr auto what = kind::log;
  log_level level = log_level::info;
  std::string text;
};
MILLRACE_RECORD(log_line, 1, level, text)

/// A message as it travels. Thread: any.
template <record Message>
[[nodiscard]] byte_buffer to_bytes(topology_instance instance, generation incarnation, const Message& m) {
  byte_buffer out;
  msgpack::writer w{out};
  encode(w, header{wire_version, instance, incarnation, Message::what});
  encode(w, m);
  return out;
}

/// A header, and the bytes of what follows it.
struct envelope {
  header head;
  bytes_view body;
};
/// errc::parse_error: no message, or one of another version. Thread: any.
[[nodiscard]] result<envelope> open_envelope(bytes_view message);

/// The message of an envelope. errc::parse_error: it is none of that kind.
template <record Message>
[[nodiscard]] result<Message> read_as(const envelope& e) {
  Message out;
  msgpack::reader r{e.body};
  if (e.head.what == Message::what && decode(r, out) && r.at_end()) return out;
  return fatal_error(errc::parse_error, "a message from another node cannot be read");
}

[[nodiscard]] target to_wire(const engine::epoch_target& t);
[[nodiscard]] engine::epoch_target from_wire(const target& t);
[[nodiscard]] std::vector<replay> to_wire(const std::vector<engine::replay_item>& items);
[[nodiscard]] std::vector<engine::replay_item> from_wire(std::vector<replay>&& items);

/// Everything of a task's part but its pages.
[[nodiscard]] part_report to_wire(const engine::task_snapshot& part);
/// A part without pages, of a report: `rows.page_count` is set.
[[nodiscard]] engine::task_snapshot from_wire(part_report&& report);

/// Equal only when two processes make the same of a topology: tasks, channels, and the fields of what travels. A node
/// whose actors are of another version must not take part.
[[nodiscard]] std::uint64_t fingerprint_of(const engine::plan& p);

}  // namespace millrace::runtime::remote
