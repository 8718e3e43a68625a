#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"
#include "millrace/text/record_writer.hpp"

namespace millrace::kafka {

/// Sends each event to a topic, at least once: the cluster has acknowledged all of an epoch before its snapshot is
/// complete. Within a life of the task the library's idempotent producer keeps order and sends nothing twice.
///
/// A message that could not be delivered ends the task: nothing behind it becomes part of a snapshot, so what it was is
/// sent again after the restart. Thread: one of its own, because it waits for the cluster.
class sink final : public millrace::sink {
public:
  delivery delivers() const noexcept override { return delivery::at_least_once; }
  bool is_blocking() const noexcept override { return true; }

  result<void> configure(wiring& w) override;
  result<std::string> prepare(context& c, epoch_id epoch) override;
  void close(context&) override { client_.reset(); }

private:
  struct body {
    std::string value;
    std::optional<std::string> key;
    std::int64_t timestamp_ms = 0;  ///< 0: now
  };
  void on_record(context& c, const record_view& record);
  [[nodiscard]] body body_of(const record_view& record);
  [[nodiscard]] result<void> send(const body& b);
  [[nodiscard]] result<void> connect();
  [[nodiscard]] result<void> check() const;
  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* m, void* self);

  in<record_view> in_{this, "in", &sink::on_record};
  cluster_params cluster_{this};
  param<std::string> value_{
      this, "value", "json", {.choices = {"json", "text"}, .help = "The record as JSON, or a single field's text."}};
  param<std::string> value_field_{this, "value_field", "", {.help = "With 'value' text: which field."}};
  param<std::string> key_field_{
      this,
      "key_field",
      "",
      {.help = "The field whose text is the key, which decides the topic's partition; empty: any partition."}};
  param<std::string> timestamp_field_{
      this,
      "timestamp_field",
      "",
      {.help = "The event time that becomes the message's timestamp; empty: when it is sent."}};
  param<int> in_flight_{this,
                        "in_flight",
                        10'000,
                        {.unit = "messages",
                         .min = 1,
                         .max = 1'000'000,
                         .help = "How many may wait or be on their way unacknowledged, of at most 32 MiB."}};
  param<std::string> time_format_{
      this,
      "time_format",
      "iso",
      {.choices = {"iso", "ns"}, .help = "How event times are written: ISO 8601, or nanoseconds since 1970."}};

  std::vector<setting> settings_;
  time_format times_ = time_format::iso;
  std::optional<record_writer> json_;
  std::uint32_t text_ = 0;
  std::optional<std::uint32_t> key_;
  std::optional<std::uint32_t> timestamp_;
  std::unique_ptr<client> client_;
  std::optional<std::string> undelivered_;  ///< why the first message that was not delivered was not
};

}  // namespace millrace::kafka
