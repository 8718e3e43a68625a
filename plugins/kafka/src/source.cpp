#include "source.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "millrace/dead_letter.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/wiring.hpp"

namespace millrace::kafka {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds look_every = 10ms;
constexpr std::chrono::nanoseconds retry_every = 200ms;
constexpr int answer_ms_max = 2000;
constexpr std::size_t messages_at_once = 256;
constexpr std::size_t value_bytes_max = std::size_t{4} << 20;
constexpr std::size_t shown_bytes_max = 1000;
constexpr std::uint32_t partitions_max = 100'000;
constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t ms_max = 9'000'000'000'000;  // the year 2255

std::string_view text_of(const void* data, std::size_t bytes) {
  return bytes == 0 ? std::string_view{} : std::string_view{static_cast<const char*>(data), bytes};
}

std::string place_of(const rd_kafka_message_t& m) {
  return std::string{rd_kafka_topic_name(m.rkt)} + "/" + std::to_string(m.partition);
}

value time_of(const rd_kafka_message_t& m) {
  rd_kafka_timestamp_type_t kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const auto ms = rd_kafka_message_timestamp(&m, &kind);
  if (kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || ms < 0 || ms > ms_max) return {};
  return value::of(event_time{ms * ns_per_ms});
}

value header_of(const rd_kafka_message_t& m, const std::string& name) {
  rd_kafka_headers_t* headers = nullptr;
  const void* data = nullptr;
  std::size_t bytes = 0;
  if (rd_kafka_message_headers(&m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, name.c_str(), &data, &bytes) != RD_KAFKA_RESP_ERR_NO_ERROR || data == nullptr)
    return {};
  return value::of(text_of(data, bytes));
}

}  // namespace

result<void> source::configure(wiring&) {
  auto settings = settings_of(cluster_, {{"auto.offset.reset", "error"},
                                         {"enable.auto.commit", "false"},
                                         {"enable.auto.offset.store", "false"},
                                         // What is fetched ahead of the topology, for each of the topic's partitions.
                                         {"queued.max.messages.kbytes", "8192"}});
  if (!settings) return std::move(settings).error();
  settings_ = std::move(settings).value();
  headers_ = split_list(*header_fields_, ',');
  std::vector<payload_reader::beside> others{{"key_field", *key_field_}, {"timestamp_field", *timestamp_field_, true}};
  for (const auto& h : headers_) others.push_back({"header_fields", h});
  auto reader = payload_reader::make(
      *fields_, *value_ == "text" ? payload_reader::format::text : payload_reader::format::json, others);
  if (!reader) return std::move(reader).error();
  reader_ = std::move(reader).value();
  out_.set_type(dynamic_record_type(reader_->fields()));
  return {};
}

void source::open(context& c) {
  partition_ = c.partition();
  parallelism_ = c.parallelism();
  quiet_.heard(c.now());
}

void source::close(context&) {
  failed_.reset();
  for (const auto p : started_) (void)rd_kafka_consume_stop(client_->topic(), p);
  started_.clear();
  is_started_ = false;
  queue_.reset();
  client_.reset();
}

poll_result source::poll(context& c, std::size_t max) {
  if (failed_) return wait_for_cluster(c, *failed_);
  if (!is_started_) {
    if (auto ok = start(c); !ok) return wait_for_cluster(c, ok.error());
  }
  const auto taken = take(c, std::clamp<std::size_t>(max, 1, messages_at_once));
  if (!taken) return wait_for_cluster(c, taken.error());
  const auto now = c.now();
  if (*taken != 0) {
    cluster_.outage.back();
    quiet_.heard(now);
    return poll_result::more();
  }
  // Nothing has come since something went wrong: is the cluster there?
  if (cluster_.outage.is_away()) {
    if (const auto there = client_->partitions(); !there) return wait_for_cluster(c, there.error());
    cluster_.outage.back();
  }
  return quiet_.rest(now, look_every);
}

poll_result source::wait_for_cluster(context& c, const error& why) {
  auto named = why;
  named.message = "Kafka at " + *cluster_.brokers + ": " + why.message;
  cluster_.outage.away(c, named);
  return poll_result::wait(retry_every);
}

result<void> source::connect() {
  if (client_) return {};
  auto made = client::make(RD_KAFKA_CONSUMER, settings_, *cluster_.topic, nullptr, nullptr);
  if (!made) return std::move(made).error();
  client_ = std::move(made).value();
  queue_.reset(rd_kafka_queue_new(client_->handle()));
  return {};
}

result<void> source::start(context& c) {
  if (auto ok = connect(); !ok) return ok;
  client_->serve(0ms);
  const auto count = client_->partitions();
  if (!count) return count.error();
  if (!next_.empty() && next_.rbegin()->first >= *count) {
    return fatal_error(errc::truncated, "the topic '" + *cluster_.topic + "' has " + std::to_string(*count) +
                                            " partitions, and the snapshot one with number " +
                                            std::to_string(next_.rbegin()->first) +
                                            ": it was made anew; start over with a new data directory");
  }
  for (auto p = static_cast<std::int32_t>(partition_); p < *count; p += static_cast<std::int32_t>(parallelism_)) {
    if (std::ranges::find(started_, p) != started_.end()) continue;
    if (!next_.contains(p)) {
      const auto first = first_offset(p);
      if (!first) return first.error();
      next_[p] = *first;
    }
    if (rd_kafka_consume_start_queue(client_->topic(), p, next_[p], queue_.get()) != 0)
      return fatal_error(errc::failed, rd_kafka_err2str(rd_kafka_last_error()));
    started_.push_back(p);
  }
  if (started_.empty()) {
    c.log(log_level::warning, "the topic '" + *cluster_.topic + "' has " + std::to_string(*count) +
                                  " partitions, so there is none for this one");
  }
  is_started_ = true;
  quiet_.heard(c.now());
  return {};
}

/// As an offset, so that the first snapshot has one even when nothing came until then. What was added to a topic after
/// a snapshot is read whole.
result<std::int64_t> source::first_offset(std::int32_t partition) const {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto code = rd_kafka_query_watermark_offsets(client_->handle(), cluster_.topic->c_str(), partition, &low, &high,
                                                     answer_ms_max);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return retryable_error(errc::unavailable,
                           std::string{"where the topic begins and ends: "} + rd_kafka_err2str(code));
  return has_position_ || *from_ == "start" ? low : high;
}

result<std::size_t> source::take(context& c, std::size_t max) {
  client_->serve(0ms);
  if (client_->fatal()) return fatal_error(errc::failed, *client_->fatal());
  const auto trouble = client_->take_trouble();
  std::array<rd_kafka_message_t*, messages_at_once> found{};
  const auto n = rd_kafka_consume_batch_queue(queue_.get(), 0, found.data(), max);
  std::vector<message_ptr> messages;
  for (std::ptrdiff_t i = 0; i < n; ++i) messages.emplace_back(found[static_cast<std::size_t>(i)]);
  std::size_t taken = 0;
  std::optional<error> failed;
  // All of them: the client goes on behind the last one.
  for (const auto& m : messages) {
    const auto ok = take_one(c, *m);
    taken += ok ? 1 : 0;
    if (!ok && (!failed || ok.error().kind != error_class::retryable)) failed = ok.error();
  }
  if (failed && failed->kind != error_class::retryable) failed_ = failed;
  if (failed && (taken == 0 || failed_)) return *failed;
  if (taken == 0 && trouble && !cluster_.outage.is_away()) return retryable_error(errc::unavailable, *trouble);
  return taken;
}

result<void> source::take_one(context& c, const rd_kafka_message_t& m) {
  if (m.err != RD_KAFKA_RESP_ERR_NO_ERROR) return explain(m);
  auto& next = next_[m.partition];
  next = m.offset + 1;
  if (out_.is_connected()) read(c, m);
  return {};
}

result<void> source::explain(const rd_kafka_message_t& m) const {
  const std::string said = rd_kafka_message_errstr(&m);
  switch (m.err) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return fatal_error(errc::truncated,
                         place_of(m) + ": the offset " + std::to_string(next_.at(m.partition)) +
                             " where reading goes on is not there: the topic's retention dropped it, or the topic was "
                             "made anew (" +
                             said + "); start over with a new data directory to read what is left");
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return fatal_error(errc::failed, place_of(m) + ": " + said);
    default:
      return retryable_error(errc::unavailable, said);
  }
}

void source::read(context& c, const rd_kafka_message_t& m) {
  const auto payload = text_of(m.payload, m.len);
  std::string problem;
  if (m.payload == nullptr) {
    problem = "the message has no value (a tombstone)";
  } else if (m.len > value_bytes_max) {
    problem = "the value has " + std::to_string(m.len) + " bytes, more than " + std::to_string(value_bytes_max);
  } else {
    std::vector<value> others{m.key == nullptr ? value{} : value::of(text_of(m.key, m.key_len)), time_of(m)};
    for (const auto& h : headers_) others.push_back(header_of(m, h));
    problem = reader_->read(payload, others, out_.row());
  }
  if (problem.empty()) return out_.emit();
  const auto origin = place_of(m);
  c.set_aside({.origin = origin,
               .place = static_cast<std::uint64_t>(m.offset),
               .value = problem,
               .content = m.len > value_bytes_max ? payload.substr(0, shown_bytes_max) : payload});
}

std::uint64_t source::backlog() const {
  std::int64_t left = 0;
  for (const auto p : started_) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto code = rd_kafka_get_watermark_offsets(client_->handle(), cluster_.topic->c_str(), p, &low, &high);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && high > next_.at(p)) left += high - next_.at(p);
  }
  return static_cast<std::uint64_t>(left);
}

void source::save_position(msgpack::writer& out) const {
  out.array(static_cast<std::uint32_t>(2 * next_.size()));
  for (const auto& [p, offset] : next_) {
    out.integer(p);
    out.integer(offset);
  }
}

bool source::load_position(msgpack::reader& in) {
  next_.clear();
  std::uint32_t n = 0;
  if (!in.array(n) || n % 2 != 0 || n > 2 * partitions_max) return false;
  for (std::uint32_t i = 0; i < n; i += 2) {
    std::int32_t p = 0;
    std::int64_t offset = 0;
    if (!in.integer(p) || !in.integer(offset) || p < 0 || offset < 0) return false;
    next_[p] = offset;
  }
  has_position_ = !next_.empty();
  return true;
}

std::string source::describe_position() const {
  std::string out = *cluster_.topic;
  for (const auto& [p, offset] : next_) out += " " + std::to_string(p) + ":" + std::to_string(offset);
  return out;
}

}  // namespace millrace::kafka
