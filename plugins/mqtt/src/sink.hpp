#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"
#include "millrace/text/record_writer.hpp"
#include "publisher.hpp"
#include "server.hpp"
#include "topic_template.hpp"

namespace millrace::mqtt {

/// Publishes each event as a message, at least once: acknowledged by the server before the snapshot that covers it.
/// Thread: one of its own, because it waits for the server.
class sink final : public millrace::sink {
public:
  delivery delivers() const noexcept override { return delivery::at_least_once; }
  bool is_blocking() const noexcept override { return true; }

  result<void> configure(wiring& w) override;
  void open(context& c) override;
  result<std::string> prepare(context& c, epoch_id epoch) override;
  void close(context&) override;

private:
  void on_record(context& c, const record_view& record);
  [[nodiscard]] std::string payload_of(const record_view& record);

  in<record_view> in_{this, "in", &sink::on_record};
  server_params server_{this};
  param<std::string> client_id_{
      this,
      "client_id",
      "",
      {.help = "What this calls itself, <client_id>-<partition>; empty: a name that is made up."}};
  param<std::string> topic_{
      this,
      "topic",
      "",
      {.required = true, .help = "Where to; what a field holds stands in braces: plant/{line}/temperature."}};
  param<std::string> payload_{
      this, "payload", "json", {.choices = {"json", "text"}, .help = "The record as JSON, or a single field's text."}};
  param<std::string> payload_field_{this, "payload_field", "", {.help = "With 'payload' text: which field."}};
  param<bool> retain_{
      this, "retain", false, {.help = "The server keeps the last message of each topic for those who come later."}};
  param<int> in_flight_{
      this,
      "in_flight",
      100,
      {.unit = "messages", .min = 1, .max = 10'000, .help = "How many may be on their way unacknowledged."}};
  param<std::string> time_format_{
      this,
      "time_format",
      "iso",
      {.choices = {"iso", "ns"}, .help = "How event times are written: ISO 8601, or nanoseconds since 1970."}};

  address at_;
  time_format times_ = time_format::iso;
  topic_template topics_;
  std::uint32_t text_ = 0;
  std::optional<record_writer> json_;
  std::optional<publisher> publisher_;
};

}  // namespace millrace::mqtt
