#pragma once

#include <memory>
#include <optional>
#include <string>

#include "library/net/patient_caller.hpp"
#include "library/net/timed_cache.hpp"
#include "library/net/url_template.hpp"
#include "library/net/web_target.hpp"
#include "millrace/port.hpp"
#include "millrace/text/record_parser.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Asks a web address about each event and adds fields of the answer.
///
/// The problem: what is asked may be slow or gone, and the events go on. So each event has a deadline, answers are kept
/// for a while, and after failures in a row nobody is asked any more for a time (circuit breaker): such events leave on
/// `fallback` at once, with the reason. Order is kept. Answers are in no snapshot: after a recovery the same event may
/// be answered otherwise. Thread: one of its own, because it waits for the answer.
class circuit_call final : public processor {
public:
  bool is_blocking() const noexcept override { return true; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;

private:
  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> set_types(const schema& arriving, const schema& answer);
  /// The fields of the answer; nothing: `why` says what was wrong.
  [[nodiscard]] batch_ptr answer_for(context& c, const std::string& url, std::string& why);
  [[nodiscard]] std::optional<result<http_answer>> ask(context& c, const std::string& url);
  [[nodiscard]] batch_ptr read(std::string body, std::string& why);
  void enrich(const record_view& record, const batch& answer);
  void fall_back(const record_view& record, std::string_view why);

  in<record_view> in_{this, "in", &circuit_call::on_record};
  web_target target_{this,
                     {.url_help = "The http or https address that is asked with GET; fields stand in braces, as "
                                  "https://host/users/{account}.",
                      .timeout_ms = 1'000}};
  param<std::string> fields_{
      this,
      "fields",
      "",
      {.required = true,
       .help = "Names and types of what is taken from the answer, a JSON object: name:string?,score:float64?."}};
  param<std::int64_t> give_up_after_{this,
                                     "give_up_after",
                                     2'000,
                                     {.unit = "ms",
                                      .min = 0,
                                      .max = 600'000,
                                      .help = "An event is asked about again until so long after the first time."}};
  param<std::int64_t> failures_{
      this,
      "failures",
      5,
      {.min = 0, .max = 1000, .help = "Failures in a row that open the circuit; 0: it stays closed."}};
  param<std::int64_t> open_time_{
      this,
      "open_time",
      5'000,
      {.unit = "ms", .min = 10, .max = 600'000, .help = "No call while the circuit is open; doubles up to a minute."}};
  param<std::int64_t> cache_entries_{
      this, "cache_entries", 10'000, {.min = 0, .max = 10'000'000, .help = "Answers kept, by address; 0: none."}};
  param<std::int64_t> cache_time_{
      this, "cache_time", 60'000, {.unit = "ms", .min = 0, .max = 86'400'000, .help = "How long an answer is kept."}};
  param<std::int64_t> answer_bytes_{
      this, "answer_bytes", 64 * 1024, {.unit = "bytes", .min = 1, .max = 8 << 20, .help = "A longer answer is none."}};
  out<record_view> out_{this, "out"};
  out<record_view> fallback_{this, "fallback"};

  url_template address_;
  record_type_ptr answer_type_;
  std::unique_ptr<record_parser> parser_;
  std::optional<outside_calls> calls_;
  std::optional<timed_cache<batch_ptr>> cache_;
};

}  // namespace millrace::library
