#include "stream_sink.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "millrace/engine/fault_point.hpp"
#include "millrace/msgpack.hpp"
#include "millrace/wiring.hpp"

namespace millrace::redis {

namespace {

// One call each: a script takes some thousands of arguments, and its text should stay far below the server's limits.
constexpr std::size_t staged_events_max = 500;
constexpr std::size_t staged_bytes_max = std::size_t{1} << 20;
// Lua unpacks so many words onto its stack.
constexpr std::size_t fields_max = 2000;

}  // namespace

result<void> stream_sink::configure(wiring& w) {
  const auto at = parse_address(*server_at_, "server");
  if (!at) return at.error();
  if (stream_->empty()) return user_error(errc::invalid_argument, "parameter 'stream' is empty: name a key");
  server_ = connection{*at, *password_file_};
  times_ = *time_format_ == "iso" ? time_format::iso : time_format::ns;
  const auto type = w.input_type("in");
  if (type == nullptr || type->schema().fields.size() <= fields_max) return {};
  return user_error(errc::schema_mismatch, "an entry may have " + std::to_string(fields_max) + " fields");
}

result<void> stream_sink::recover(context& c, epoch_id restored, const std::vector<prepared>& handles) {
  staging_ = staging{*stream_, c.actor_name(), c.partition(), *max_length_};
  calls_.emplace(outside_calls::of_server(std::chrono::seconds{*retry_s_}));
  if (auto ok = calls_->make(c, [&] { return staging_.open(server_, restored == epoch_id{}); }); !ok) return ok;
  warn_of_loss(c);
  for (const auto& p : handles) {
    if (auto ok = commit(c, p.epoch, p.handle); !ok) return ok;
  }
  (void)engine::fault_point("sink.rolled_forward");
  if (auto ok = calls_->make(c, [&] { return staging_.discard(server_); }); !ok) return ok;
  buffered_.clear();
  buffered_bytes_ = 0;
  prepared_ = staging_.moved();
  next_ = prepared_ + 1;
  if (staging_.newest() > restored) {
    c.log(log_level::warning, "went back to snapshot " + std::to_string(restored.value) + ", but the stream '" +
                                  *stream_ + "' holds the output up to " + std::to_string(staging_.newest().value) +
                                  ": what comes in between is written again");
  }
  return {};
}

/// Exactly-once is the server's promise as well as ours.
void stream_sink::warn_of_loss(context& c) {
  for (const auto& [name, wanted] : {std::pair{"appendonly", "yes"}, std::pair{"appendfsync", "always"}}) {
    const auto set = server_.run({"CONFIG", "GET", name});
    if (!set || (*set)->type != REDIS_REPLY_ARRAY || (*set)->elements != 2) continue;  // not everybody may ask
    const std::string value{(*set)->element[1]->str, (*set)->element[1]->len};
    if (value == wanted) continue;
    c.log(log_level::warning, "the Redis server " + server_.name() + " has " + name + " " + value +
                                  ": when it dies it may lose what it acknowledged; with " + name + " " + wanted +
                                  " it does not");
  }
}

std::string stream_sink::entry_of(const record_view& record) const {
  const auto& fields = record.schema().fields;
  const auto is_there = [&](std::uint32_t i) { return !record.field(i).is_null(); };
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < fields.size(); ++i) count += is_there(i) ? 1 : 0;
  // An entry has one field at least.
  if (count == 0)
    throw std::runtime_error("the event has no field that is not null, and a stream takes no empty entry");
  byte_buffer bytes;
  msgpack::writer out{bytes};
  out.array(2 * count);
  std::string text;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    if (!is_there(i)) continue;
    text.clear();
    append_text(text, fields[i].type, record.field(i), times_);
    out.string(fields[i].name);
    out.string(text);
  }
  return std::string{as_text(bytes.view())};
}

void stream_sink::on_record(context& c, const record_view& record) {
  // Before the event is taken: when this fails the event is still the caller's.
  if (buffered_.size() >= staged_events_max || buffered_bytes_ >= staged_bytes_max) {
    const auto ok = calls_->make(c, [&] { return stage_buffered(); });
    if (!ok) throw std::runtime_error(ok.error().message);
  }
  buffered_.push_back(entry_of(record));
  buffered_bytes_ += buffered_.back().size();
}

result<void> stream_sink::stage_buffered() {
  if (buffered_.empty()) return {};
  if (auto ok = staging_.add(server_, next_, buffered_); !ok) return ok;
  (void)engine::fault_point("sink.staging");
  next_ += buffered_.size();
  buffered_.clear();
  buffered_bytes_ = 0;
  return {};
}

/// With patience: what fails here is a snapshot, and a server takes some seconds to start.
result<std::string> stream_sink::prepare(context& c, epoch_id) {
  const auto ok = calls_->make(c, [&] { return stage_buffered(); });
  if (!ok) return ok.error();
  if (prepared_ == next_ - 1) return std::string{};
  prepared_ = next_ - 1;
  return std::to_string(prepared_);
}

result<void> stream_sink::commit(context& c, epoch_id epoch, const std::string& handle) {
  std::uint64_t last = 0;
  const auto* const end = handle.data() + handle.size();
  const auto read = std::from_chars(handle.data(), end, last);
  if (read.ec != std::errc{} || read.ptr != end)
    return fatal_error(errc::corrupt, "the snapshot's handle '" + handle + "' is none of a Redis sink");
  auto ok = calls_->make(c, [&] { return staging_.move(server_, last, epoch); });
  if (ok) (void)engine::fault_point("sink.moved");
  return ok;
}

}  // namespace millrace::redis
