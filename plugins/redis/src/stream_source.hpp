#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connection.hpp"
#include "entry_reader.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/source_params.hpp"

namespace millrace::redis {

/// Brings the entries of a Redis stream into a topology, as a consumer group: each entry goes to one partition, is
/// logged and then acknowledged. What the server offers again, because the acknowledgement was lost, the position tells
/// apart: a consumer gets entries in the order of their ids. Thread: the owning task's.
class stream_source final : public producer {
public:
  replay replays() const noexcept override { return replay::logged; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void close(context&) override { server_.close(); }
  poll_result poll(context& c, std::size_t max) override;
  void on_logged(context& c) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override { return to_text(last_); }
  std::chrono::nanoseconds disorder() const override { return disorder_.allowed(); }

private:
  [[nodiscard]] result<void> join_group(context& c);
  [[nodiscard]] result<std::size_t> read(context& c, std::size_t max);
  [[nodiscard]] result<std::size_t> take(context& c, const redisReply& entries);
  [[nodiscard]] result<void> acknowledge(const std::vector<std::string>& ids);
  void take_one(context& c, const entry_id& id, const redisReply& entry);
  poll_result wait_for_server(context& c, const error& why);

  param<std::string> server_at_{this, "server", "127.0.0.1:6379", {.help = "host:port, or the path of a unix socket."}};
  param<std::string> password_file_{
      this,
      "password_file",
      "",
      {.is_path = true, .help = "A file whose first line is the password; empty: none is needed."}};
  param<std::string> stream_{
      this, "stream", "", {.required = true, .help = "The key of the stream; need not be there yet."}};
  param<std::string> group_{
      this,
      "group",
      "",
      {.required = true, .help = "The consumer group; made when it is not there. One topology's own."}};
  param<std::string> fields_{
      this,
      "fields",
      "",
      {.required = true,
       .help =
           "Names and types, e.g. account:string,amount:float64,at:event_time; an event time 'at' that an entry lacks "
           "is the one of its id."}};
  param<std::string> from_{
      this,
      "from",
      "start",
      {.choices = {"start", "now"},
       .help = "Where a group that is made begins: with the oldest entry, or with those that come."}};
  quiet_watch quiet_{this, "an entry"};
  outage_watch outage_{this};
  disorder_param disorder_{this};
  out<record_view> out_{this, "out"};

  std::optional<entry_reader> reader_;
  connection server_;
  std::string consumer_;
  bool is_member_ = false;
  bool has_caught_up_ = false;  ///< what was offered to this consumer before is through
  std::string offered_;         ///< the last id of that
  entry_id last_;               ///< emitted or set aside
  std::vector<std::string> unacknowledged_;
};

}  // namespace millrace::redis
