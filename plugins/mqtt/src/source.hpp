#pragma once

#include <optional>
#include <string>
#include <vector>

#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/source_params.hpp"
#include "millrace/text/payload_reader.hpp"
#include "recent_messages.hpp"
#include "server.hpp"
#include "session.hpp"

namespace millrace::mqtt {

/// Brings messages of an MQTT server into a topology: logged first, then acknowledged. Filter i belongs to partition
/// i mod parallelism, which has a session of its own. What the server sends again, because the acknowledgement was
/// lost, the position tells apart as long as the session lives. Thread: the owning task's.
class source final : public producer {
public:
  replay replays() const noexcept override { return replay::logged; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void close(context&) override;
  poll_result poll(context& c, std::size_t max) override;
  void on_logged(context&) override { session_->acknowledge(); }
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override { return std::to_string(taken_) + " messages"; }
  std::chrono::nanoseconds disorder() const override { return disorder_.allowed(); }

private:
  [[nodiscard]] result<std::size_t> take(context& c, std::size_t max);
  void take_one(context& c, const message& m);
  poll_result wait_for_server(context& c, const error& why);

  server_params server_{this};
  param<std::string> client_id_{
      this,
      "client_id",
      "",
      {.required = true, .help = "Names the sessions, <client_id>-<partition>; nobody else may use it."}};
  param<std::string> topics_{
      this,
      "topics",
      "",
      {.required = true, .help = "Topic filters, with commas between: plant/+/temperature,alarms/#."}};
  param<int> qos_{
      this,
      "qos",
      1,
      {.min = 0, .max = 1, .help = "1: the server keeps messages that were published so until they are logged here."}};
  param<std::string> fields_{
      this, "fields", "", {.required = true, .help = "Names and types, e.g. line:string,celsius:float64."}};
  param<std::string> payload_{
      this,
      "payload",
      "json",
      {.choices = {"json", "text"}, .help = "A JSON object with the fields, or the text of a single field."}};
  param<std::string> topic_field_{this, "topic_field", "", {.help = "The field that gets the topic; empty: none."}};
  param<std::string> arrival_field_{
      this, "arrival_field", "", {.help = "The field that gets the time a message came; empty: none."}};
  quiet_watch quiet_{this, "a message"};
  disorder_param disorder_{this};
  out<record_view> out_{this, "out"};

  address at_;
  std::vector<std::string> all_filters_;
  std::vector<std::string> filters_;  ///< of this partition
  std::optional<payload_reader> reader_;
  std::optional<session> session_;
  std::vector<std::string> subscribed_;  ///< what the session at the server had when the position was saved
  recent_messages recent_;
  std::uint64_t taken_ = 0;  ///< emitted or set aside
  backoff backoff_;
};

}  // namespace millrace::mqtt
