#include "millrace/engine/producer_log.hpp"

#include <algorithm>

#include "millrace/engine/snapshot_meta.hpp"
#include "millrace/msgpack.hpp"

namespace millrace::engine {

namespace {

// 2: how many dead letters were taken back.
constexpr std::uint64_t entry_format = 2;
constexpr std::uint64_t entry_format_oldest = 1;
constexpr std::uint32_t head_fields = 9;
// What a replay holds in memory beside one entry.
constexpr std::size_t read_ahead_bytes = std::size_t{1} << 20;

byte_buffer copy_of(bytes_view bytes) {
  byte_buffer out;
  out.append(bytes);
  return out;
}

/// Reads an entry up to its batches.
bool decode_head(msgpack::reader& in, logged_state& out) {
  std::uint32_t n = 0;
  std::uint64_t format = 0;
  bytes_view actor;
  bytes_view position;
  if (!in.array(n) || !in.integer(format) || format < entry_format_oldest || format > entry_format ||
      n != (format == 1 ? head_fields - 1 : head_fields) || !in.boolean(out.is_final) || !in.integer(out.before.ns)) {
    return false;
  }
  if (!in.take_nil() && !in.integer(out.told.emplace().ns)) return false;
  if (!in.integer(out.random) || (format >= 2 && !in.integer(out.replays)) || !in.binary(actor) || !in.binary(position))
    return false;
  out.actor = copy_of(actor);
  out.position = copy_of(position);
  return true;
}

}  // namespace

producer_log::producer_log(event_log& log, std::string actor, std::uint32_t partition,
                           const std::vector<output_base*>& outputs)
    : log_{&log}, topic_{log_topic(actor)}, partition_{partition} {
  for (const auto* out : outputs) {
    ports_.push_back({out->name(), out->type(), out->type() ? to_text(out->type()->schema()) : std::string{}});
  }
}

result<std::optional<logged_state>> producer_log::restore(std::optional<log_offset> from, bool covered) {
  const auto there = log_->extent(topic_, partition_);
  if (!there) return there.error();
  tail_ = there->tail;
  if (!from && covered) {
    next_ = tail_;
    return std::optional<logged_state>{};
  }
  if (auto ok = check_extent(*there, from); !ok) return ok.error();
  next_ = from.value_or(log_offset{});
  if (!is_replaying()) return std::optional<logged_state>{};
  auto last = last_state();
  if (!last) return std::move(last).error();
  return std::optional<logged_state>{std::move(last).value()};
}

result<void> producer_log::check_extent(const log_extent& there, std::optional<log_offset> from) const {
  const auto wanted = from.value_or(log_offset{});
  if (there.head <= wanted && wanted <= there.tail) return {};
  const auto what = "the event log of " + topic_ + "/" + std::to_string(partition_) + " holds events " +
                    std::to_string(there.head.value) + " to " + std::to_string(there.tail.value) + ", but ";
  const std::string remedy = "; restore the data directory from a backup as a whole, or start over with a new one";
  if (!from) {
    return user_error(errc::truncated, what + "no snapshot covers those before" + remedy +
                                           " (or, for an actor that is new, give it another name)");
  }
  return fatal_error(errc::corrupt, what + "the snapshot goes on at " + std::to_string(wanted.value) + remedy);
}

result<logged_state> producer_log::last_state() {
  const log_offset last{tail_.value - 1};
  auto entries = log_->read(topic_, partition_, last, 1);
  if (!entries) return std::move(entries).error();
  logged_state out;
  msgpack::reader in{entries->back().bytes};
  if (!decode_head(in, out)) return unreadable(last, "its head");
  return out;
}

result<producer_log::replayed> producer_log::replay() {
  if (ahead_.empty()) {
    if (auto ok = read_ahead(); !ok) return ok.error();
  }
  const auto entry = std::move(ahead_.back());
  ahead_.pop_back();
  auto out = decode(entry);
  if (out) next_ = {entry.first.value + entry.count};
  return out;
}

result<void> producer_log::read_ahead() {
  auto entries = log_->read(topic_, partition_, next_, read_ahead_bytes);
  if (!entries) return std::move(entries).error();
  // A snapshot's offset is always where an entry begins.
  if (entries->empty() || entries->front().first != next_) return unreadable(next_, "the start of its entry");
  ahead_ = std::move(entries).value();
  std::ranges::reverse(ahead_);
  return {};
}

result<producer_log::replayed> producer_log::decode(const log_entry& from) const {
  msgpack::reader in{from.bytes};
  replayed out;
  std::uint32_t batches = 0;
  if (!decode_head(in, out.behind) || !in.array(batches)) return unreadable(from.first, "its head");
  for (std::uint32_t i = 0; i < batches; ++i) {
    auto one = decode_batch(in, from.first);
    if (!one) return std::move(one).error();
    if (one->has_value()) out.batches.push_back(std::move(**one));
  }
  if (!in.at_end()) return unreadable(from.first, "its end");
  return out;
}

result<std::optional<emitted_batch>> producer_log::decode_batch(msgpack::reader& in, log_offset at) const {
  std::uint32_t n = 0;
  std::uint32_t count = 0;
  std::string_view name;
  std::string_view fields;
  bytes_view records;
  if (!in.array(n) || n != 4 || !in.string(name) || !in.string(fields) || !in.integer(count) || !in.binary(records)) {
    return unreadable(at, "a batch");
  }
  const auto to = std::ranges::find(ports_, name, &port::name);
  if (to == ports_.end()) return unreadable(at, "its output '" + std::string{name} + "', which the actor has no more");
  if (!to->type) return std::optional<emitted_batch>{};  // nobody listens any more
  std::optional<schema> written;
  if (fields != to->fields) {
    auto parsed = parse_schema(to->type->schema().name, fields);
    if (!parsed) return unreadable(at, "the fields of a batch");
    const auto problems = compatible(*parsed, to->type->schema());
    if (!problems.empty()) return unreadable(at, "records of an earlier version (" + problems.front() + ")");
    written = std::move(parsed).value();
  }
  auto batch = to->type->decode(records, count, written ? &*written : nullptr);
  if (!batch) return unreadable(at, "a batch (" + batch.error().message + ")");
  return std::optional<emitted_batch>{
      emitted_batch{static_cast<std::size_t>(to - ports_.begin()), std::move(batch).value()}};
}

void producer_log::stage(const std::vector<emitted_batch>& batches, const logged_state& behind) {
  staged_.clear();
  staged_events_ = 0;
  msgpack::writer out{staged_};
  out.array(head_fields);
  out.integer(entry_format);
  out.boolean(behind.is_final);
  out.integer(behind.before.ns);
  behind.told ? out.integer(behind.told->ns) : out.nil();
  out.integer(behind.random);
  out.integer(behind.replays);
  out.binary(behind.actor.view());
  out.binary(behind.position.view());
  out.array(static_cast<std::uint32_t>(batches.size()));
  byte_buffer records;
  for (const auto& b : batches) {
    const auto& to = ports_[b.port];
    records.clear();
    to.type->encode(*b.records, records);
    out.array(4);
    out.string(to.name);
    out.string(to.fields);
    out.integer(b.records->size());
    out.binary(records.view());
    staged_events_ += b.records->size();
  }
}

result<void> producer_log::write() {
  const auto first = log_->append(topic_, partition_, staged_.view(), staged_events_);
  if (!first) return first.error();
  if (*first != next_) {
    return fatal_error(errc::corrupt, "the event log of " + topic_ + "/" + std::to_string(partition_) + " goes on at " +
                                          std::to_string(first->value) + " instead of " + std::to_string(next_.value) +
                                          ": something else writes to it");
  }
  next_.value += staged_events_;
  tail_ = next_;
  staged_.clear();
  return {};
}

result<void> producer_log::trim(epoch_id oldest_retained) {
  const auto at = offsets_.find(oldest_retained);
  if (at == offsets_.end()) return {};
  const auto head = log_->trim(topic_, partition_, at->second);
  if (!head) return head.error();
  offsets_.erase(offsets_.begin(), at);
  return {};
}

error producer_log::unreadable(log_offset at, const std::string& what) const {
  return fatal_error(errc::corrupt, "the event log of " + topic_ + "/" + std::to_string(partition_) + ", offset " +
                                        std::to_string(at.value) + ": " + what +
                                        " cannot be read; run the version that wrote it, or restore the data "
                                        "directory from a backup");
}

}  // namespace millrace::engine
