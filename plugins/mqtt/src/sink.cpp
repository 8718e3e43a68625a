#include "sink.hpp"

#include <stdexcept>

#include "millrace/engine/fault_point.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/wiring.hpp"

namespace millrace::mqtt {

result<void> sink::configure(wiring& w) {
  auto at = address_of(server_);
  if (!at) return std::move(at).error();
  at_ = std::move(at).value();
  times_ = *time_format_ == "iso" ? time_format::iso : time_format::ns;
  const bool is_text = *payload_ == "text";
  if (is_text == payload_field_->empty()) {
    return user_error(errc::invalid_argument,
                      "parameter 'payload_field' names the field whose text is sent with "
                      "'payload' text, and is empty with json");
  }
  if (!is_text) json_.emplace(record_writer::format::jsonl, times_);
  const auto type = w.input_type("in");
  if (type == nullptr) return {};
  auto topics = topic_template::parse(*topic_, type->schema());
  if (!topics) return std::move(topics).error();
  topics_ = std::move(topics).value();
  if (!is_text) return {};
  const auto field = find_field(type->schema(), *payload_field_, "payload_field");
  if (!field) return field.error();
  text_ = *field;
  return {};
}

void sink::open(context& c) {
  const auto id = client_id_->empty() ? std::string{} : *client_id_ + "-" + std::to_string(c.partition());
  publisher_.emplace(at_, id, static_cast<std::size_t>(*in_flight_), server_.outage.limit());
}

void sink::close(context&) {
  if (publisher_) publisher_->close();
}

std::string sink::payload_of(const record_view& record) {
  std::string out;
  if (json_) {
    json_->append(out, record);
    out.pop_back();  // the line's end
    return out;
  }
  const auto& v = record.field(text_);
  if (v.kind() == value_kind::bytes) return std::string{as_text(v.as_bytes())};
  append_text(out, record.schema().fields[text_].type, v, times_);
  return out;
}

void sink::on_record(context& c, const record_view& record) {
  auto topic = topics_.of(record);
  const auto ok = publisher_->publish(c, std::move(topic), payload_of(record), *retain_);
  if (!ok) throw std::runtime_error(ok.error().message);
  (void)engine::fault_point("sink.published");
}

result<std::string> sink::prepare(context& c, epoch_id) {
  if (auto ok = publisher_->finish(c); !ok) return ok.error();
  return std::string{};
}

}  // namespace millrace::mqtt
