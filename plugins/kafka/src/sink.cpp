#include "sink.hpp"

#include <array>
#include <stdexcept>

#include "millrace/engine/fault_point.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/wiring.hpp"

namespace millrace::kafka {

namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 50ms;
constexpr std::int64_t ns_per_ms = 1'000'000;

rd_kafka_vu_t bytes_of(rd_kafka_vtype_t type, const std::string& text) {
  rd_kafka_vu_t v{};
  v.vtype = type;
  // The library copies it.
  v.u.mem.ptr = const_cast<char*>(text.data());
  v.u.mem.size = text.size();
  return v;
}

}  // namespace

result<void> sink::configure(wiring& w) {
  // As long as others wait for a cluster; then the message fails, and with it the task.
  const auto patience = std::to_string(std::chrono::milliseconds{cluster_.outage.limit()}.count());
  auto settings = settings_of(cluster_, {{"enable.idempotence", "true"},
                                         {"message.timeout.ms", patience},
                                         // As Kafka's own clients choose a key's partition.
                                         {"partitioner", "murmur2_random"},
                                         {"queue.buffering.max.messages", std::to_string(*in_flight_)},
                                         {"queue.buffering.max.kbytes", "32768"}});
  if (!settings) return std::move(settings).error();
  settings_ = std::move(settings).value();
  times_ = *time_format_ == "iso" ? time_format::iso : time_format::ns;
  const bool is_text = *value_ == "text";
  if (is_text == value_field_->empty()) {
    return user_error(errc::invalid_argument,
                      "parameter 'value_field' names the field whose text is sent with 'value' text, and is empty with "
                      "json");
  }
  if (!is_text) json_.emplace(record_writer::format::jsonl, times_);
  const auto type = w.input_type("in");
  if (type == nullptr) return {};
  const auto& fields = type->schema();
  if (is_text) {
    const auto at = find_field(fields, *value_field_, "value_field");
    if (!at) return at.error();
    text_ = *at;
  }
  if (!key_field_->empty()) {
    const auto at = find_field(fields, *key_field_, "key_field");
    if (!at) return at.error();
    key_ = *at;
  }
  if (timestamp_field_->empty()) return {};
  const auto at = find_field(fields, *timestamp_field_, "timestamp_field");
  if (!at) return at.error();
  timestamp_ = *at;
  if (fields.fields[*at].type.kind == field_kind::event_time) return {};
  return user_error(errc::invalid_argument,
                    "parameter 'timestamp_field': '" + *timestamp_field_ + "' is no event_time");
}

result<void> sink::connect() {
  if (client_) return {};
  auto made = client::make(RD_KAFKA_PRODUCER, settings_, *cluster_.topic, this, on_delivery);
  if (!made) return std::move(made).error();
  client_ = std::move(made).value();
  return {};
}

void sink::on_delivery(rd_kafka_t*, const rd_kafka_message_t* m, void* self) {
  auto& s = *static_cast<sink*>(self);
  if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && !s.undelivered_) s.undelivered_ = rd_kafka_err2str(m->err);
}

/// For good: what was not delivered is before every snapshot to come.
result<void> sink::check() const {
  const auto why = undelivered_ ? undelivered_ : client_->fatal();
  if (!why) return {};
  return fatal_error(errc::failed, "Kafka at " + *cluster_.brokers + ", topic '" + *cluster_.topic +
                                       "': a message was not delivered: " + *why);
}

sink::body sink::body_of(const record_view& record) {
  const auto text_of = [&](std::uint32_t field) {
    const auto& v = record.field(field);
    if (v.kind() == value_kind::bytes) return std::string{as_text(v.as_bytes())};
    std::string out;
    append_text(out, record.schema().fields[field].type, v, times_);
    return out;
  };
  body b;
  if (json_) {
    json_->append(b.value, record);
    b.value.pop_back();  // the line's end
  } else {
    b.value = text_of(text_);
  }
  if (key_ && !record.field(*key_).is_null()) b.key = text_of(*key_);
  if (timestamp_ && !record.field(*timestamp_).is_null()) {
    b.timestamp_ms = record.field(*timestamp_).as_time().ns / ns_per_ms;
    if (b.timestamp_ms <= 0) throw std::runtime_error("the event time is not behind 1970, which no timestamp can say");
  }
  return b;
}

result<void> sink::send(const body& b) {
  std::array<rd_kafka_vu_t, 5> words{};
  std::size_t n = 0;
  words[n].vtype = RD_KAFKA_VTYPE_RKT;
  words[n++].u.rkt = client_->topic();
  words[n].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  words[n++].u.i = RD_KAFKA_MSG_F_COPY;
  words[n++] = bytes_of(RD_KAFKA_VTYPE_VALUE, b.value);
  words[n].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  words[n++].u.i64 = b.timestamp_ms;
  if (b.key) words[n++] = bytes_of(RD_KAFKA_VTYPE_KEY, *b.key);
  const std::unique_ptr<rd_kafka_error_t, deleter<rd_kafka_error_t, rd_kafka_error_destroy>> failed{
      rd_kafka_produceva(client_->handle(), words.data(), n)};
  if (!failed) return {};
  const std::string said = rd_kafka_error_string(failed.get());
  if (rd_kafka_error_code(failed.get()) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
    return retryable_error(errc::limit_exceeded, said);
  return fatal_error(errc::failed, "topic '" + *cluster_.topic + "': " + said);
}

void sink::on_record(context&, const record_view& record) {
  const auto b = body_of(record);
  auto ok = connect();
  // The queue gets room when the cluster answers, or a message in it is given up.
  while (ok) {
    client_->serve(0ms);
    ok = check();
    if (!ok) break;
    ok = send(b);
    if (ok || ok.error().kind != error_class::retryable) break;
    client_->serve(look_every);
    ok = {};
  }
  if (!ok) throw std::runtime_error(ok.error().message);
  (void)engine::fault_point("sink.published");
}

/// Ends at the latest when the messages' time is up.
result<std::string> sink::prepare(context& c, epoch_id) {
  if (!client_) return std::string{};
  bool is_said = false;
  while (rd_kafka_outq_len(client_->handle()) != 0) {
    (void)rd_kafka_flush(client_->handle(), static_cast<int>(look_every.count()));
    if (auto ok = check(); !ok) return ok.error();
    const auto trouble = client_->take_trouble();
    if (trouble && !std::exchange(is_said, true))
      c.log(log_level::warning, "Kafka at " + *cluster_.brokers + ": " + *trouble + "; trying again");
  }
  if (auto ok = check(); !ok) return ok.error();
  return std::string{};
}

}  // namespace millrace::kafka
