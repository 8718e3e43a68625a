#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/source_params.hpp"
#include "millrace/text/payload_reader.hpp"

namespace millrace::kafka {

/// Brings the messages of a topic into a topology. The topic's partition i belongs to partition i mod parallelism; the
/// offsets are the position, and no group of consumers has a say. Thread: one of its own, because it waits for the
/// cluster at its start.
class source final : public producer {
public:
  replay replays() const noexcept override { return replay::replayable; }
  bool is_blocking() const noexcept override { return true; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void close(context&) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override;
  std::chrono::nanoseconds disorder() const override { return disorder_.allowed(); }
  std::uint64_t backlog() const override;

private:
  [[nodiscard]] result<void> connect();
  [[nodiscard]] result<void> start(context& c);
  [[nodiscard]] result<std::int64_t> first_offset(std::int32_t partition) const;
  [[nodiscard]] result<std::size_t> take(context& c, std::size_t max);
  [[nodiscard]] result<void> take_one(context& c, const rd_kafka_message_t& m);
  [[nodiscard]] result<void> explain(const rd_kafka_message_t& m) const;
  void read(context& c, const rd_kafka_message_t& m);
  poll_result wait_for_cluster(context& c, const error& why);

  cluster_params cluster_{this};
  param<std::string> fields_{
      this, "fields", "", {.required = true, .help = "Names and types, e.g. account:string,amount:float64."}};
  param<std::string> value_{
      this,
      "value",
      "json",
      {.choices = {"json", "text"}, .help = "A JSON object with the fields, or the text of a single field."}};
  param<std::string> key_field_{this, "key_field", "", {.help = "The field that gets the key; empty: none."}};
  param<std::string> timestamp_field_{
      this, "timestamp_field", "", {.help = "The field that gets the message's timestamp; empty: none."}};
  param<std::string> header_fields_{
      this, "header_fields", "", {.help = "Fields that get the header of their name, with commas between."}};
  param<std::string> from_{
      this,
      "from",
      "start",
      {.choices = {"start", "now"}, .help = "Where a run without a snapshot begins: oldest, or what comes."}};
  quiet_watch quiet_{this, "a message"};
  disorder_param disorder_{this};
  out<record_view> out_{this, "out"};

  std::vector<setting> settings_;
  std::vector<std::string> headers_;
  std::optional<payload_reader> reader_;
  std::unique_ptr<client> client_;
  queue_ptr queue_;
  std::uint32_t partition_ = 0;
  std::uint32_t parallelism_ = 1;
  std::map<std::int32_t, std::int64_t> next_;  ///< offset, by the topic's partition
  bool has_position_ = false;                  ///< `next_` is of a snapshot
  std::vector<std::int32_t> started_;
  bool is_started_ = false;
  std::optional<error> failed_;  ///< for good: the library says it once
};

}  // namespace millrace::kafka
