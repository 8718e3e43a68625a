#pragma once

#include <memory>
#include <string>
#include <vector>

#include "library/net/http_server.hpp"
#include "library/sinks/gauge_table.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"

namespace millrace::library {

/// Shows the newest number of each combination of labels to Prometheus.
///
/// Writing the same again changes nothing, and after a recovery numbers come back as events do: what is shown is in no
/// snapshot. Each partition has a server of its own, on the port asked for and the ones after it, and shows its own
/// keys.
class prometheus_sink final : public sink {
public:
  ~prometheus_sink() override;
  delivery delivers() const noexcept override { return delivery::idempotent; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void close(context& c) override;
  /// Where it listens; empty until it does.
  [[nodiscard]] std::string address() const { return is_open_ ? server_.address().text() : std::string{}; }

private:
  /// Answers GET /metrics.
  class page final : public http_service {
  public:
    explicit page(const gauge_table& table) : table_{&table} {}
    std::optional<http_answer> on_head(const http_head& head) override;
    std::optional<http_answer> on_request(const http_head& head, std::string body, const http_reply& later) override;

  private:
    const gauge_table* table_;
  };

  void on_record(context& c, const record_view& record);

  in<record_view> in_{this, "in", &prometheus_sink::on_record};
  param<std::string> listen_{
      this,
      "listen",
      "127.0.0.1:9464",
      {.help =
           "Address and port of the page /metrics, as 127.0.0.1:9464 or *:9464; partition i listens i ports further; "
           "port 0: any that is free."}};
  param<std::string> metric_{
      this, "metric", "", {.required = true, .help = "The metric's name: letters, digits, '_' and ':'."}};
  param<std::string> value_{this, "value", "", {.required = true, .help = "The numeric field that is shown."}};
  param<std::string> labels_{
      this, "labels", "", {.help = "Fields, separated by commas, whose values tell series apart; empty: one series."}};
  param<std::string> text_{this, "text", "", {.help = "What the metric means, for people."}};
  param<std::int64_t> series_max_{
      this,
      "series",
      10'000,
      {.min = 1, .max = 1'000'000, .help = "Series shown, at most; what is beyond them is counted and left out."}};

  listen_address at_;
  std::uint32_t value_index_ = 0;
  std::vector<std::uint32_t> label_indexes_;
  std::unique_ptr<gauge_table> table_;
  std::unique_ptr<page> page_;
  http_server server_;
  bool is_open_ = false;
};

}  // namespace millrace::library
