#pragma once

#include <string>

#include "millrace/port.hpp"
#include "millrace/sink.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

/// Prints events to standard output, one line each: `actor field=value field="text"`. For looking, not for keeping: a
/// recovery prints events again.
class console_sink final : public sink {
public:
  result<void> configure(wiring& w) override;
  void on_end_of_input(context& c) override;
  void close(context& c) override;

private:
  void on_record(context& c, const record_view& record);
  [[nodiscard]] bool may_print(context& c);
  void say_suppressed(context& c);

  in<record_view> in_{this, "in", &console_sink::on_record};
  param<std::int64_t> limit_{this,
                             "limit",
                             100,
                             {.unit = "lines/s",
                              .min = 0,
                              .max = 1'000'000,
                              .help = "Most lines a second of each partition, so that a fast stream does not drown the "
                                      "terminal; the rest is counted. "
                                      "0: all."}};
  param<std::string> time_format_{
      this,
      "time_format",
      "iso",
      {.choices = {"iso", "ns"}, .help = "How event times are written: ISO 8601, or nanoseconds since 1970."}};

  time_format times_ = time_format::iso;
  std::string line_;
  std::int64_t second_ = 0;
  std::int64_t printed_ = 0;
  std::uint64_t suppressed_ = 0;
};

}  // namespace millrace::library
