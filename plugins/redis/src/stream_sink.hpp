#pragma once

#include <optional>
#include <string>
#include <vector>

#include "millrace/calls/outside_calls.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"
#include "millrace/text/value_text.hpp"
#include "staging.hpp"

namespace millrace::redis {

/// Adds events to a stream of Redis, each exactly once, as far as the server keeps what it acknowledged.
///
/// What comes between two snapshots goes to a list beside the stream; the completion of the snapshot moves it. Thread:
/// one of its own, because it waits for the server.
class stream_sink final : public sink {
public:
  delivery delivers() const noexcept override { return delivery::transactional; }
  bool is_blocking() const noexcept override { return true; }

  result<void> configure(wiring& w) override;
  result<std::string> prepare(context& c, epoch_id epoch) override;
  result<void> commit(context& c, epoch_id epoch, const std::string& handle) override;
  result<void> recover(context& c, epoch_id restored, const std::vector<prepared>& handles) override;
  void close(context&) override { server_.close(); }

private:
  void on_record(context& c, const record_view& record);
  [[nodiscard]] std::string entry_of(const record_view& record) const;
  [[nodiscard]] result<void> stage_buffered();
  void warn_of_loss(context& c);

  in<record_view> in_{this, "in", &stream_sink::on_record};
  param<std::string> server_at_{this, "server", "127.0.0.1:6379", {.help = "host:port, or the path of a unix socket."}};
  param<std::string> password_file_{
      this,
      "password_file",
      "",
      {.is_path = true, .help = "A file whose first line is the password; empty: none is needed."}};
  param<std::string> stream_{
      this, "stream", "", {.required = true, .help = "The key of the stream; made when it is not there."}};
  param<std::int64_t> max_length_{
      this,
      "max_length",
      0,
      {.unit = "entries", .min = 0, .help = "About how many entries the stream keeps, the newest; 0: all."}};
  param<std::string> time_format_{
      this,
      "time_format",
      "iso",
      {.choices = {"iso", "ns"}, .help = "How event times are written: ISO 8601, or nanoseconds since 1970."}};
  param<std::int64_t> retry_s_{this,
                               "retry",
                               60,
                               {.unit = "s",
                                .min = 1,
                                .max = 86'400,
                                .help = "How long a server that is away is waited for before the actor fails."}};

  time_format times_ = time_format::iso;
  connection server_;
  std::optional<outside_calls> calls_;  ///< from `recover` on
  staging staging_;
  std::vector<std::string> buffered_;  ///< entries not staged yet
  std::size_t buffered_bytes_ = 0;
  std::uint64_t prepared_ = 0;  ///< number of the last event of a prepared epoch
  std::uint64_t next_ = 1;      ///< of the first one buffered
};

}  // namespace millrace::redis
