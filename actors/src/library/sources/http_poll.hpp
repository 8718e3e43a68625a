#pragma once

#include <memory>
#include <string>

#include "library/net/web_target.hpp"
#include "library/sources/ingest_body.hpp"
#include "millrace/calls/retry_schedule.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/source_params.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Asks a web address at an interval, and emits what it answers.
///
/// With `ETag` or `Last-Modified` the address is asked for news only. What fails is logged and asked again, later each
/// time. Live, unless it is told to log: then the answer, and what is needed to ask for news, are durable together.
/// Partition 0 asks, the others have nothing to do. Thread: one of its own, because it waits for the answer.
class http_poll final : public producer {
public:
  replay replays() const noexcept override { return *logged_ ? replay::logged : replay::live; }
  bool is_blocking() const noexcept override { return true; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  bool take_back(context& c, const dead_letter& letter) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override { return "answer " + std::to_string(answers_); }
  std::chrono::nanoseconds disorder() const override { return disorder_.allowed(); }

private:
  void ask(context& c);
  void on_answer(context& c, http_answer a);
  void emit(context& c, const parsed_body& body);
  void on_failure(context& c, const result<http_answer>& r);
  [[nodiscard]] bool is_csv(const http_answer& a) const;

  web_target target_{this, {.url_help = "The http or https address that is asked with GET."}};
  param<std::int64_t> interval_{
      this, "interval", 60'000, {.unit = "ms", .min = 10, .max = 86'400'000, .help = "Time between two requests."}};
  param<std::string> fields_{
      this,
      "fields",
      "",
      {.required = true, .help = "Names and types of the fields, e.g. account:string,amount:float64,at:event_time."}};
  param<std::string> format_{this,
                             "format",
                             "auto",
                             {.choices = {"auto", "json", "json_lines", "csv"},
                              .help = "json: an object, an array of them, or one after the other; json_lines: one a "
                                      "line, so that a broken one costs no other; auto: csv or json by the answer's "
                                      "Content-Type."}};
  param<bool> header_{
      this,
      "header",
      true,
      {.shown_when = param_condition{"format", {"auto", "csv"}}, .help = "The first line of CSV names the columns."}};
  param<bool> logged_{this, "logged", false, {.help = "Answers are written to the event log before they are sent on."}};
  param<std::int64_t> count_{
      this, "count", 0, {.unit = "answers", .min = 0, .help = "The input ends after so many answers; 0: never."}};
  param<std::int64_t> answer_bytes_{
      this,
      "answer_bytes",
      1 << 20,
      {.unit = "bytes", .min = 1, .max = 2 << 20, .help = "A longer answer is a failure."}};
  param<std::int64_t> redirects_{
      this,
      "redirects",
      0,
      {.min = 0, .max = 10, .help = "Redirects that are followed, never from https to http or to another protocol."}};
  param<std::int64_t> failures_{
      this, "failures", 0, {.min = 0, .help = "So many failures in a row fail the actor; 0: it asks again for ever."}};
  disorder_param disorder_{this};
  out<record_view> out_{this, "out"};

  std::unique_ptr<ingest_body> json_;
  std::unique_ptr<record_parser> taken_back_parser_;
  std::chrono::nanoseconds next_{};  ///< by `pace_time`
  std::int64_t failed_ = 0;          ///< in a row
  std::uint64_t answers_ = 0;
  std::string etag_;           ///< of the last answer
  std::string last_modified_;  ///< of the last answer
};

}  // namespace millrace::library
